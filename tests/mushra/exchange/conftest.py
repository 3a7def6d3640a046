"""The real export and a small table, for the tests of exchange and of the command line."""

from pathlib import Path

import pytest

EXPORT = Path(__file__).resolve().parents[4] / "shared/data/webmushra-export"


@pytest.fixture
def export() -> Path:
    """A real webMUSHRA config and results of 22 listeners."""
    if not EXPORT.is_dir():
        pytest.skip(f"needs the real webMUSHRA export in {EXPORT}")
    return EXPORT
