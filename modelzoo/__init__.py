"""Models that predict how music sounds after lossy compression, and the data that they learn from."""

__version__ = "0.1.0"
