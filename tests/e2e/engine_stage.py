"""What the tests of the audio engine stand on: a server for its files, and its documented rules written a second time.

The model is NumPy by whole segments between events, where the processor goes sample by sample.
"""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

Message = dict[str, Any]
Plan = list[tuple[int, list[Message]]]
HARNESS = Path(__file__).with_name("engine.html")
BY_PLAN = Path(__file__).with_name("by-plan.js")
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
STATIC = Path(__file__).resolve().parents[2] / "platform/studies/static/studies"
QUANTUM = 128
RATE = 48000
TOLERANCE = 1e-6  # -120 dBFS; the product promises -80 dBFS


class Site:
    """The engine's files, sounds and a place for what was rendered, served from this machine."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {
            **{path: ("text/html", HARNESS.read_bytes()) for path in ("/", "/?ask")},
            "/by-plan.js": ("text/javascript", BY_PLAN.read_bytes()),
        }
        self.tasks: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.results: dict[str, bytes] = {}
        self.failures: dict[str, list[int]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments: object) -> None:
                pass

            def reply(self, status: int, kind: str = "text/plain", body: bytes = b"") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "private, no-store")
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                site.asked.append(self.path)
                if site.failures.get(self.path):
                    return self.reply(site.failures[self.path].pop(0))
                if self.path == "/next":
                    return self.reply(200, "application/json", site.tasks.get())
                if self.path.startswith("/static/"):
                    return self.reply(200, "text/javascript", (STATIC / Path(self.path).name).read_bytes())
                if self.path in site.files:
                    return self.reply(200, *site.files[self.path])
                return self.reply(404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/answer":
                    site.answers.put(json.loads(body))
                site.results[self.path] = body
                self.reply(204)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add_sound(self, name: str, samples: NDArray[Any]) -> None:
        """Raw samples, (channels, n), int16 or float32, for the processor itself."""
        content = {"kind": str(samples.dtype), "channels": samples.tolist()}
        self.files[f"/sounds/{name}.json"] = ("application/json", json.dumps(content).encode())


class Asking:
    """A page without a driver: it asks the site what to do. Stands where a `Page` does, for functions."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def goto(self, url: str) -> None:
        """It is there already."""

    def wait_for_function(self, expression: str) -> None:
        """It asks once it is ready."""

    def evaluate(self, name: str, argument: Any) -> Any:
        self.site.tasks.put(json.dumps({"name": name, "argument": argument}).encode())
        answer = self.site.answers.get(timeout=120)
        assert "error" not in answer, answer["error"]
        return answer["value"]


@contextmanager
def firefox(site: Site, folder: Path) -> Iterator[Asking]:
    """The distribution's own Firefox, which Playwright can't drive."""
    command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(folder), f"{site.url}/?ask"]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield Asking(site)
    finally:
        process.terminate()
        process.wait(20)


@dataclass
class Model:
    """What the documented rules say comes out. Time runs in segments between events, not in samples."""

    sounds: dict[str, NDArray[Any]]
    rate: int = RATE
    loaded: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    index: int = 0
    wanted: int = 0
    position: int = 0
    place: int | None = None
    loop: tuple[int, int] = (0, 0)
    wanted_loop: tuple[int, int] | None = None
    playing: bool = False
    level: int = 0
    gain: tuple[float, float, int] = (1.0, 1.0, 0)  # from, to, samples left
    fixed: bool = False
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fade = int(0.005 * self.rate + 0.5)
        self.ramp = int(0.02 * self.rate + 0.5)

    @property
    def length(self) -> int:
        return min((sound.shape[1] for sound in self.loaded.values()), default=0)

    @property
    def shortest(self) -> int:
        return min(self.length, -(-self.rate // 2))

    def apply(self, message: Message) -> None:
        if not self.accepts(**message):
            self.refused.append(message["type"])
            return
        match message:
            case {"type": "load", "index": index, "sound": name}:
                self.load(index, self.sounds[name])
            case {"type": "select", "index": index}:
                self.wanted = index
            case {"type": "seek", "position": position}:
                self.place = position
            case {"type": "restart"}:
                self.place = -1
            case {"type": "play" | "pause" as kind}:
                self.playing = kind == "play"
            case {"type": "loop", "start": start, "end": end}:
                self.set_loop(start, end)
            case {"type": "gain", "value": value}:
                self.gain = (self.gains(0)[0], value, self.ramp)
                self.fixed = message.get("fixed", False)
        if self.level == 0:
            self.settle()

    def accepts(self, type: str, start: int = 0, end: int = 0, value: float = 0, index: int = -1, **_: Any) -> bool:
        if type == "loop":
            return end <= self.length and end > start and end - start >= self.shortest
        if type == "gain":
            return not self.fixed and 0 <= value <= 1
        return not (type == "load" and index in self.loaded)

    def load(self, index: int, samples: NDArray[Any]) -> None:
        first = not self.loaded
        self.loaded[index] = samples / (32768 if samples.dtype == np.int16 else 1)
        start, end = self.wanted_loop or self.loop
        if first:
            self.loop = (0, self.length)
        elif end > self.length:
            self.set_loop(max(0, min(start, self.length - self.shortest)), self.length)

    def set_loop(self, start: int, end: int) -> None:
        heard = self.position - 1
        was = min(self.level, heard - self.loop[0], self.loop[1] - heard)
        if start <= heard and self.position < end and was == min(self.level, heard - start, end - heard):
            self.loop, self.wanted_loop = (start, end), None
        else:
            self.wanted_loop = (start, end)

    def settle(self) -> None:
        self.index, self.loop = self.wanted, self.wanted_loop or self.loop
        place = self.position if self.place is None else self.place
        self.position = place if self.loop[0] <= place < self.loop[1] else self.loop[0]
        self.wanted_loop = self.place = None
        self.gain = (self.gain[1], self.gain[1], 0)

    def gains(self, count: int) -> NDArray[np.float64]:
        """The gain now and at each of the `count` samples to come."""
        begin, end, left = self.gain
        done = self.ramp - np.maximum(left - np.arange(count + 1), 0)
        return begin + (end - begin) * done / self.ramp

    def run(self, frames: int) -> NDArray[np.float64]:
        parts: list[NDArray[np.float64]] = []
        while frames > 0:
            part = self.segment(frames)
            parts.append(part)
            frames -= part.shape[1]
        return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))

    def segment(self, frames: int) -> NDArray[np.float64]:
        """Up to the next event: a fade's end or the loop's."""
        if not self.loaded or (not self.playing and self.level == 0):
            return np.zeros((2, frames))
        sound = self.loaded.get(self.index)
        waits = not self.playing or self.wanted != self.index or self.wanted_loop is not None or self.place is not None
        ahead = min(frames, self.loop[1] - self.position)
        if sound is None:
            out = np.zeros((2, ahead))
        else:
            direction = -1 if waits else int(self.level < self.fade)
            ahead = min(ahead, {-1: self.level, 0: ahead, 1: self.fade - self.level}[direction])
            level = self.level + direction * np.arange(1, ahead + 1)
            at = self.position + np.arange(ahead)
            near = np.minimum(level, np.minimum(at - self.loop[0], self.loop[1] - at))
            out = self.gains(ahead)[1:] * np.sin(np.pi * near / (2 * self.fade)) ** 2 * sound[[0, -1]][:, at]
            self.level = int(level[-1])
            self.gain = (*self.gain[:2], max(0, self.gain[2] - ahead))
        self.position += ahead
        if self.position == self.loop[1]:
            self.position = self.loop[0]
            self.level = 0 if waits else self.level
        if waits and self.level == 0:
            self.settle()
        return out

    @property
    def state(self) -> dict[str, Any]:
        loop = {"start": self.loop[0], "end": self.loop[1]}
        now = {"position": self.position, "index": self.index, "playing": self.playing, "loop": loop}
        return now | {"level": self.level / self.fade}


def expected(model: Model, plan: Plan, frames: int) -> tuple[NDArray[np.float64], list[dict[str, Any]]]:
    parts, states, now = [], [], 0
    for quantum, messages in plan:
        parts.append(model.run(quantum * QUANTUM - now))
        now = quantum * QUANTUM
        for message in messages:
            model.apply(message)
        states.append(model.state | {"frame": now})
    parts.append(model.run(frames - now))
    return np.concatenate(parts, axis=1), states


@dataclass
class Rendered:
    sound: NDArray[np.float32]
    states: list[dict[str, Any]]
    refused: list[str]


class Stage:
    """A page with the engine, and the sounds that it may play."""

    def __init__(self, page: Page | Asking, site: Site, sounds: dict[str, NDArray[Any]]) -> None:
        self.page, self.site, self.sounds = page, site, sounds
        page.goto(site.url)
        page.wait_for_function("window.ready")

    def render(self, plan: Plan, frames: int = RATE, rate: int = RATE) -> Rendered:
        said = self.page.evaluate("render", {"rate": rate, "frames": frames, "plan": plan, "result": "one"})
        sound = np.frombuffer(self.site.results["/results/one"], dtype=np.float32).reshape(2, frames)
        keys = ("position", "index", "playing", "loop", "level", "frame")
        return Rendered(sound, [{key: state[key] for key in keys} for state in said["states"]], said["refused"])

    def agrees(self, plan: Plan, frames: int = RATE, rate: int = RATE, note: str = "") -> Rendered:
        """Render, and compare every sample, state and refusal with the model's."""
        found = self.render(plan, frames, rate)
        model = Model(self.sounds, rate)
        sound, states = expected(model, plan, frames)
        for ours, theirs in zip(states, found.states, strict=True):
            assert ours == theirs, f"{note}: the rules say {ours}, the engine {theirs}; plan {plan}"
        assert found.refused == model.refused, f"{note}: refusals; plan {plan}"
        error = np.abs(sound - found.sound).max(axis=0)
        wrong = np.flatnonzero(error > TOLERANCE)
        assert not len(wrong), f"{note}: sample {wrong[0]} is off by {error[wrong[0]]:.2e}; plan {plan}"
        return found
