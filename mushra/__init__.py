"""The MUSHRA method as a plain library: design, anchors, screening, statistics, exchange."""

__version__ = "0.1.0"
