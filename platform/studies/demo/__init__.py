"""The demo study: its music, and the simulated listeners who took it."""
