"""Small files: replaced whole, and told apart by their hash."""

import hashlib
from pathlib import Path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def replace_text(path: Path, text: str) -> None:
    """Write under another name, then rename: a reader sees the old file or the new one, never half of one."""
    partial = path.with_name(f".{path.name}.part")
    partial.write_text(text)
    partial.replace(path)
