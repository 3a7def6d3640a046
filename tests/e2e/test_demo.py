"""`manage.py demo`, which `make demo` runs, as a person at a terminal starts and stops it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.kill,
    pytest.mark.skipif("DATABASE_URL" in os.environ, reason="the demo is the embedded installation's"),
]

ROOT = Path(__file__).resolve().parents[2]
LONG = 300
COUNTS = """
from django.contrib.auth import get_user_model
from studies.models import Listener, Rating, Study
print("COUNTS", Study.objects.count(), Listener.objects.filter(is_simulated=True).count(),
      Listener.objects.filter(is_simulated=False).count(), Rating.objects.count(), get_user_model().objects.count())
"""


class Terminal:
    """`manage.py demo` in a folder of its own; what it prints can be read while it runs."""

    def __init__(self, folder: Path, port: str) -> None:
        self.log = folder / "terminal.log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                manage("demo", "--port", port), cwd=ROOT, env=environment(folder), stdout=out, stderr=out
            )

    def said(self) -> str:
        return self.log.read_text()

    def addresses(self) -> dict[str, str]:
        return dict(re.findall(r"^(Listener|Researcher|Admin): (\S+)", self.said(), re.MULTILINE))

    def family(self) -> list[int]:
        found = subprocess.run(["pgrep", "--parent", str(self.process.pid)], capture_output=True, text=True)
        return [int(line) for line in found.stdout.split()]


def manage(*command: str) -> list[str]:
    return [sys.executable, "manage.py", *command]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder)}


def counts(folder: Path) -> list[int]:
    command = manage("shell", "--no-imports", "-c", COUNTS)
    said = subprocess.check_output(command, cwd=ROOT, env=environment(folder), text=True)
    return [int(word) for word in said.split("COUNTS")[1].split()]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def start(folder: Path):
    """Start the demo; whatever a failed test left running is ended."""
    started: list[Terminal] = []

    def begin() -> Terminal:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        started.append(Terminal(folder, port))
        return started[-1]

    yield begin
    for terminal in started:
        if terminal.process.poll() is None:
            terminal.process.terminate()
            terminal.process.wait(60)


def test_it_says_three_addresses_that_answer(start: Callable[[], Terminal], wait_for, folder: Path):
    terminal = start()
    wait_for("the demo", lambda: len(terminal.addresses()) == 3 or terminal.process.poll() is not None, LONG)
    addresses = terminal.addresses()
    assert set(addresses) == {"Listener", "Researcher", "Admin"}, terminal.said()
    assert "Demo: music codecs" in urlopen(addresses["Listener"]).read().decode()
    for role in ("Researcher", "Admin"):
        assert "Sign in" in urlopen(addresses[role]).read().decode()
    assert counts(folder)[:3] == [1, 12, 0]
    assert counts(folder)[4] == 2

    children = terminal.family()
    assert len(children) == 2
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(60) == 0
    assert terminal.said().rstrip().endswith("Stopping.")
    assert not [pid for pid in children if is_alive(pid)]


def test_the_second_start_keeps_everything(start: Callable[[], Terminal], wait_for, folder: Path):
    before = counts(folder)
    terminal = start()
    wait_for("the demo", lambda: len(terminal.addresses()) == 3 or terminal.process.poll() is not None, LONG)
    assert "Adding five recordings" not in terminal.said()
    assert counts(folder) == before

    web = next(pid for pid in terminal.family() if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(web, signal.SIGKILL)
    address = terminal.addresses()["Listener"]

    def answers() -> bool:
        try:
            return urlopen(address, timeout=2).status == 200 and web not in terminal.family()
        except OSError:
            return False

    wait_for("the web server to be started again", answers)
    assert "The web server ended with" in terminal.said()
    with pytest.raises(ProcessLookupError):
        # Nothing of what the killed one had started is left: each child leads a group of its own.
        os.killpg(web, 0)


def test_a_taken_port_is_said_and_nothing_is_touched(tmp_path: Path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        done = subprocess.run(
            manage("demo", "--port", port), cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"CommandError: Port {port} on 127.0.0.1 is taken. Stop what uses it, or take another: PORT=8080 make demo"
    ]
    assert not list(tmp_path.rglob("*.sqlite3"))


@pytest.mark.parametrize("port", ["many", "0", "70000", "80.5"])
def test_a_port_that_is_none_is_said(tmp_path: Path, port: str):
    done = subprocess.run(
        manage("demo", "--port", port), cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 1 and "write a whole number from 1 to 65535" in done.stderr
