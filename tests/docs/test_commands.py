"""Every command of the guides is run, in a folder that looks like the repository, with data of its own."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.docs

ROOT = Path(__file__).resolve().parents[2]
NOT_RUN = re.compile(r"<!-- not run: (\S.*) -->")
RUNS_ON = "<!-- test: runs until it is stopped -->"
LANGUAGES = {"sh", "python"}
GIVEN = ("DATABASE_URL", "BROKER_URL", "MEDIA_ROOT", "SECRET_KEY", "DATA_DIR", "DJANGO_SETTINGS_MODULE")
PHRASE = "a long enough phrase"
LIMIT = 120


class Shell:
    """Runs blocks in a copy of the repository made of links: what they write beside its files stays in the copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "earwitness"
        self.folder.mkdir()
        for entry in ROOT.iterdir():
            if entry.name not in ("var", ".git"):
                (self.folder / entry.name).symlink_to(entry)
        home = folder / "home"
        home.mkdir()
        kept = {k: v for k, v in os.environ.items() if k not in GIVEN and not k.startswith("PYTEST")}
        self.environment = {**kept, "HOME": str(home), "DATA_DIR": str(folder / "data"), "OMP_NUM_THREADS": "1"}
        self.environment |= {"BACKUP": str(folder / "backup"), "RESTORED": str(folder / "restored")}

    def run(self, text: str, **environment: str) -> str:
        """The block's output; it fails the test at its first command that fails. Questions get a password."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env={**self.environment, **environment},
            input=f"{PHRASE}\n" * 2,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            start_new_session=True,
        )
        assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def run_until_it_serves(self, text: str) -> None:
        """Start the block's server on a free port, ask it for its health and its sign-in page, and stop it."""
        port = free_port()
        assert "8000" in text
        log = self.folder / f"serve-{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", text.replace("8000", str(port))],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            wait_for(log, f"Earwitness: http://127.0.0.1:{port}/", process)
            host = "lab.example" if "lab.example" in text else "127.0.0.1"
            assert ask(port, "/healthz", host) == "ok\n"
            assert "Sign in" in ask(port, "/account/sign-in/", host)
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(LIMIT) == 0, log.read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(log: Path, line: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + LIMIT
    while line not in log.read_text():
        assert process.poll() is None and time.monotonic() < end, f"no {line!r} in:\n{log.read_text()}"
        time.sleep(0.1)


def ask(port: int, path: str, host: str) -> str:
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=30) as answer:
        return str(answer.read().decode())


def run_page(shell: Shell, page: Any) -> int:
    """Run a page's blocks in their order; how many were run."""
    blocks = [block for block in page.blocks if block.language == "sh" and not NOT_RUN.fullmatch(block.comment)]
    for block in blocks:
        if block.comment == RUNS_ON:
            shell.run_until_it_serves(block.text)
        else:
            assert not block.comment, f"{page.name}:{block.line}: what does {block.comment} mean?"
            shell.run(block.text)
    return len(blocks)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_commands_of_installing_make_an_account_and_a_backup_that_holds_it(
    shell: Shell, document: Callable[[str], Any]
) -> None:
    assert run_page(shell, document("docs/admin/installation.md")) >= 6
    restored = {"DATA_DIR": shell.environment["RESTORED"]}
    question = (
        "from accounts.models import User; lena = User.objects.get(username='lena'); "
        f"print(lena.check_password('{PHRASE}'), lena.role, lena.is_active)"
    )
    answer = shell.run(f'.venv/bin/python manage.py shell --no-imports -c "{question}"', **restored)
    assert answer.split() == ["True", "researcher", "False"]
    private = [Path(shell.environment[name]) for name in ("DATA_DIR", "BACKUP", "RESTORED")]
    assert [oct(folder.stat().st_mode & 0o077) for folder in private] == ["0o0"] * 3


def test_the_commands_for_developers_run(shell: Shell, document: Callable[[str], Any]) -> None:
    assert run_page(shell, document("docs/developer/index.md")) >= 3


def test_no_other_guide_has_commands_to_run(document: Callable[[str], Any], guide: Any) -> None:
    """Whoever adds a command to a page adds the page above."""
    tested = ("docs/admin/installation.md", "docs/developer/index.md")
    runnable = [block for block in guide.blocks if block.language == "sh" and not NOT_RUN.fullmatch(block.comment)]
    assert guide.name in tested or not runnable


def test_blocks_name_their_language(guide: Any) -> None:
    """So that no command hides from these tests in a block without one."""
    assert [block.line for block in guide.blocks if block.language not in LANGUAGES] == []


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile(document: Callable[[str], Any]) -> None:
    commands = [block.text.split() for block in document("README.md").blocks if block.text.startswith("make")]
    assert commands == [["make", "demo"], ["make", "test"]]
    for command in commands:
        dry = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
        assert dry.returncode == 0, dry.stderr
