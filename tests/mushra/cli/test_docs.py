"""docs/library/mushra.md: every command and every piece of Python in it runs, and prints what the page says."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/library/mushra.md"
EXPORT = ROOT.parent / "shared/data/webmushra-export"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.docs


@dataclass
class Block:
    """Code of the page, and what the page says that it prints; None where it says nothing."""

    language: str
    code: str
    prints: str | None


def blocks(page):
    """Blocks of bash and Python; a block of text right after one is what it prints."""
    found = []
    end = -1
    for match in FENCE.finditer(page):
        language, body = match.groups()
        if language in ("bash", "python"):
            found.append(Block(language, body, None))
            end = match.end()
        elif language == "text" and end >= 0 and page[end : match.start()].strip() == "":
            found[-1].prints = body
    return found


def run(block, folder):
    """Run a block in a folder: what it prints on stdout and stderr, without blanks at the ends of lines."""
    command = ["bash", "-eu"] if block.language == "bash" else [sys.executable, "-"]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"},
    }
    done = subprocess.run(
        command,
        input=block.code,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def test_the_page_has_what_it_is_to_have():
    found = blocks(PAGE.read_text())
    commands = {name for block in found for name in re.findall(r"python -m mushra (\w+)", block.code)}
    assert commands == {"screen", "mos", "compare", "convert", "anchors", "check", "power"}
    assert sum(block.language == "python" for block in found) >= 2


@pytest.mark.parametrize("real", [False, True], ids=["own examples", "real export"])
def test_every_block_prints_what_the_page_says(tmp_path, real):
    if real:
        if not EXPORT.is_dir():
            pytest.skip(f"needs the real webMUSHRA export in {EXPORT}")
        shutil.copytree(EXPORT, tmp_path / "export", copy_function=shutil.copyfile)
    chosen = [block for block in blocks(PAGE.read_text()) if ("export" in block.code) == real]
    assert chosen
    for block in chosen:
        code, printed = run(block, tmp_path)
        assert code == 0, f"{block.code}\n{printed}"
        if block.prints is not None:
            assert printed == block.prints, block.code


def test_the_page_of_the_rules_shows_what_its_command_prints(tmp_path):
    (block,) = blocks((PAGE.parent / "screening.md").read_text())
    assert run(block, tmp_path) == (0, block.prints)
