"""Runs the web server and the worker as two child processes, and starts one again when it dies by itself."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from django.conf import settings

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 15
LONGEST_PAUSE = 30.0


@dataclass
class Child:
    """One supervised process. `stop_signal` asks it to leave; `log` is the file that it writes to."""

    name: str
    command: list[str]
    stop_signal: signal.Signals
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.5
    start_again_at: float | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        out: IO[bytes]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                # Ctrl-C goes to a terminal's whole group: the children are stopped by the supervisor alone.
                start_new_session=True,
                preexec_fn=_leave_with_parent(self.stop_signal) if sys.platform == "linux" else None,
            )
        self.started_at = time.monotonic()

    def keep_alive(self) -> None:
        """Start the process again if it has died, after a pause that doubles while it keeps dying early."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if self.start_again_at is None:
            # What it had started must not go on without it, nor hold its port.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.pause = 1.0 if now - self.started_at > 60 else min(2 * self.pause, LONGEST_PAUSE)
            self.start_again_at = now + self.pause
            code = self.process.returncode
            print(
                f"The {self.name} ended with {code}; it starts again in {self.pause:g} s (log: {self.log})", flush=True
            )
        elif now >= self.start_again_at:
            self.start_again_at = None
            self.start()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _leave_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """If the supervisor is killed the children must not stay and hold the port."""
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, stop_signal)


def children(host: str, port: int) -> list[Child]:
    """The web server and the worker of the embedded installation."""
    logs = settings.DATA_DIR / "log"
    binaries = Path(sys.executable).parent
    web = [
        *(str(binaries / "granian"), "--interface", "asgi", "--host", host, "--port", str(port)),
        *("--static-path-route", "/static", "--static-path-mount", str(settings.STATIC_ROOT)),
        *("--static-path-expires", "0", "--no-ws", "config.asgi:application"),
    ]
    worker = [
        *(str(binaries / "celery"), "-A", "config", "worker", "--queues", "cpu,gpu", "--concurrency", "2"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
    ]
    environment = {"PYTHONPATH": f"{settings.BASE_DIR}:{settings.BASE_DIR / 'platform'}"}
    return [
        Child("web server", web, signal.SIGTERM, logs / "web.log", environment),
        # Celery waits for its tasks on SIGTERM, for hours if they train; SIGQUIT gives them a few seconds.
        Child("worker", worker, signal.SIGQUIT, logs / "worker.log", environment),
    ]


def is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether the web server does. It is asked by a name that ALLOWED_HOSTS has."""
    name = settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def serve(host: str, port: int, when_ready: Callable[[], None]) -> None:
    """Start both, call `when_ready` once the web server answers, and supervise until a signal asks to stop."""
    family = children(host, port)
    stopping = False

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    ready = False
    try:
        for child in family:
            child.start()
        while not stopping:
            if not ready and answers(host, port):
                ready = True
                when_ready()
            for child in family:
                child.keep_alive()
            time.sleep(0.2)
    finally:
        print("Stopping.", flush=True)
        for child in reversed(family):
            child.stop()
