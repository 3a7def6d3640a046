"""Work in this process or in several that are started fresh ("spawn") with one thread each.

A worker ends when its parent does, killed or not, and never waits on a lock that a parent held at a fork.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.synchronize import Event
from typing import TypeVar

from modelzoo.errors import ModelzooError

Task = TypeVar("Task")
Result = TypeVar("Result")
# OMP_NUM_THREADS alone is not enough: OpenBLAS and MKL have variables of their own.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
POLL_SECONDS = 0.2

_stop: Event | None = None


class Cancelled(Exception):
    """The work was called off; what is done is done."""


def run(
    tasks: Sequence[Task],
    work: Callable[[Task], Iterator[Result]],
    workers: int,
    cancelled: Callable[[], bool] = lambda: False,
) -> Generator[Result, None, None]:
    """The results of all tasks, in any order. Close it (`contextlib.closing`) if you may leave before the end.

    Parameters
    ----------
    tasks : sequence
        With workers, these, the results and `work` must be such as can be pickled.
    work : callable
        Gives a task's results one by one; between them the work can be called off.
    workers : int
        Processes; 0 works in this one.
    cancelled : callable
        Asked often.

    Raises
    ------
    Cancelled
    ModelzooError
        A worker was killed.
    """
    if workers == 0:
        yield from _run_here(tasks, work, cancelled)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with _environment(ONE_THREAD):
        executor = ProcessPoolExecutor(workers, context, initializer=_start, initargs=(stop,))
        try:
            pending: set[Future[list[Result]]] = {executor.submit(_drain, work, task) for task in tasks}
            while pending:
                if cancelled():
                    raise Cancelled
                done, pending = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        except BrokenProcessPool as error:
            raise ModelzooError(
                "A worker process was killed, perhaps for lack of memory: start again with fewer workers. "
                "What is done is kept."
            ) from error
        finally:
            stop.set()
            executor.shutdown(wait=True, cancel_futures=True)


def _run_here(
    tasks: Sequence[Task], work: Callable[[Task], Iterator[Result]], cancelled: Callable[[], bool]
) -> Iterator[Result]:
    if cancelled():
        raise Cancelled
    for task in tasks:
        for result in work(task):
            yield result
            if cancelled():
                raise Cancelled


def _drain(work: Callable[[Task], Iterator[Result]], task: Task) -> list[Result]:
    results = []
    for result in work(task):
        results.append(result)
        if _stop is not None and _stop.is_set():
            break
    return results


def _start(stop: Event) -> None:
    """In a fresh worker: Ctrl-C is the parent's affair, and the parent's end is the worker's."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
