"""Tables in and out: webMUSHRA, pymushra, BeaqleJS, GoListen, plain tables, study packages."""

from mushra.exchange.imported import ExchangeError, Imported, Names
from mushra.exchange.package import Package, pack, unpack
from mushra.exchange.recognise import read, read_all
from mushra.exchange.text import neutralise, restore
from mushra.exchange.tidy import tidy
from mushra.exchange.webmushra_config import Config, Page, read_config
from mushra.exchange.write import FORMATS, write

__all__ = [
    "FORMATS",
    "Config",
    "ExchangeError",
    "Imported",
    "Names",
    "Package",
    "Page",
    "neutralise",
    "pack",
    "read",
    "read_all",
    "read_config",
    "restore",
    "tidy",
    "unpack",
    "write",
]
