"""Shared by all tests: an installation of the platform's own, as processes that can be killed for real."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
# Redis has 16 databases; each of two processes that run tests has seven of its own.
FIRST = 8 if os.environ.get("PYTEST_XDIST_WORKER") == "gw1" else 1
BROKERS = set(range(FIRST, FIRST + 7))


def wait_for(what: str, ready: Callable[[], Any], seconds: float = 60) -> Any:
    """What `ready` returns once it is true. The limit only ends a test that would hang."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = ready()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """Web server and worker on a database, a broker and a folder that nothing else uses."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run a management command; its output, or a failed test with what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def ask(self, code: str) -> Any:
        """Run Python inside the platform; `code` leaves its JSON-able answer in `answer`."""
        script = f"{code}\nimport json\nprint('ANSWER' + json.dumps(answer, default=str))"
        said = self.manage("shell", "--no-imports", "-c", script)
        return json.loads(next(line for line in said.splitlines() if line.startswith("ANSWER"))[6:])

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.processes[name] = process
        return process

    def start_web(self) -> None:
        static = ["--static-path-route", "/static", "--static-path-mount", str(self.folder / "static")]
        asgi = ["--interface", "asgi", "--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        self.start("web", [str(BIN / "granian"), *asgi, *static, "config.asgi:application"])
        wait_for("the web server", self.answers)

    def start_worker(self, name: str = "worker") -> None:
        queues = ["--queues", "cpu,gpu", "--concurrency", "1", "--loglevel", "INFO"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.start(name, [str(BIN / "celery"), "-A", "config", "worker", "--hostname", name, *queues, *quiet])

    def answers(self) -> bool:
        try:
            return bool(urlopen(f"{self.url}/healthz", timeout=2).status == 200)
        except (URLError, OSError):
            return False

    def kill(self, name: str) -> None:
        """SIGKILL the process and all its children, as a power cut would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def wipe_broker(self) -> None:
        """Throw away every message, as a broker without a disk does when it dies."""
        shutil.rmtree(self.folder / "broker", ignore_errors=True)
        broker = self.environment.get("BROKER_URL", "")
        if broker.startswith("redis"):
            import redis

            parts = urlsplit(broker)
            number = int(parts.query.partition("=")[2] or 0)
            redis.Redis(unix_socket_path=parts.path, db=number).flushdb()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")


def own_database(folder: Path, name: str) -> tuple[dict[str, str], Callable[[], None]]:
    """A fresh database and broker beside those that the suite was given, and how to remove them."""
    given = os.environ.get("DATABASE_URL")
    if given is None:
        return {}, lambda: None
    import psycopg

    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    number = 0

    def remove() -> None:
        with psycopg.connect(given, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        BROKERS.add(number)

    own = urlunsplit(urlsplit(given)._replace(path=f"/{name}"))
    broker = os.environ.get("BROKER_URL", "")
    if broker.startswith("redis+socket"):
        number = min(BROKERS)
        BROKERS.remove(number)
        broker += f"?virtual_host={number}"
    return {"DATABASE_URL": own, "BROKER_URL": broker}, remove


def _make_installation(folder: Path) -> Iterator[Installation]:
    settings, remove = own_database(folder, f"earwitness_{uuid.uuid4().hex[:12]}")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "MEDIA_ROOT")},
        **settings,
        "DATA_DIR": str(folder),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}",
        "JOB_LEASE_SECONDS": "4",
        "RECONCILE_SECONDS": "1",
    }
    installation = Installation(folder, environment)
    installation.manage("migrate", "--verbosity", "0")
    installation.manage("collectstatic", "--noinput", "--verbosity", "0")
    try:
        yield installation
    finally:
        installation.stop()
        remove()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An empty installation for one test: nothing runs yet."""
    folder = tmp_path / "installation"
    folder.mkdir()
    yield from _make_installation(folder)


@pytest.fixture(name="wait_for", scope="session")
def wait_for_fixture() -> Callable[..., Any]:
    return wait_for


@pytest.fixture(scope="session")
def make_installation() -> Callable[[Path], Iterator[Installation]]:
    """For fixtures that share one installation between tests."""
    return _make_installation
