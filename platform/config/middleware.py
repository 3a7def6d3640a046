"""How many requests are worked on at once."""

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

# As many as the database's pool has connections. SQLite has one writer: of dozens that wait for it at once, each
# looking again and again, some wait longer than its timeout, and their listeners would get an error.
AT_ONCE = 8

View = Callable[[HttpRequest], HttpResponseBase]


def in_turn(get_response: View) -> View:
    """The others wait in the order in which they came; their bodies are read already, so a slow line holds no place."""
    places = threading.Semaphore(AT_ONCE)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with places:
            return get_response(request)

    return middleware
