"""Requests beyond the limit wait, and all are answered."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.http import HttpRequest, HttpResponse

from config.middleware import AT_ONCE, in_turn


def test_no_more_than_the_limit_run_at_once_and_none_is_refused():
    running, most = 0, 0
    lock, enough = threading.Lock(), threading.Event()

    def view(request: HttpRequest) -> HttpResponse:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == AT_ONCE:
                enough.set()
        enough.wait(20)
        with lock:
            running -= 1
        return HttpResponse("done")

    answer = in_turn(view)
    with ThreadPoolExecutor(4 * AT_ONCE) as pool:
        answers = list(pool.map(lambda _: answer(HttpRequest()), range(5 * AT_ONCE)))
    assert most == AT_ONCE
    assert [one.content for one in answers] == [b"done"] * 5 * AT_ONCE


def test_a_place_is_given_back_when_a_view_fails():
    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError

    answer = in_turn(view)
    for _ in range(2 * AT_ONCE):
        try:
            answer(HttpRequest())
        except ValueError:
            continue
        raise AssertionError("the view's error was swallowed")
