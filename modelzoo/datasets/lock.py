"""One process at a time in a folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelzoo.errors import StoreError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; a killed process's lock is gone with it.

    Raises
    ------
    StoreError
        Another process holds it.
    """
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"Another run of this command is at work in {folder}.") from error
        yield
