"""Memory and speed of the listener page's audio engine, in Chromium.

Memory: the renderers' anonymous resident memory (/proc, Linux only) with an open engine, while the stimuli load and
play (the highest of many looks), with all loaded, and after `close`, for three pages one after another in a document.
Speed: rendering offline with the engine playing, against the same context with nothing in it. The browser runs without
a debugger, because one keeps every response. Usage: `python benchmarks/engine.py [--stimuli 12] [--seconds 12]
[--bits 16]`.
"""

import argparse
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from modelzoo.audio import write_flac

STATIC = Path(__file__).resolve().parents[1] / "platform/studies/static/studies"
RATE, QUANTUM = 48000, 128
PAGES, RENDERED_SECONDS, RUNS = 3, 120, 5
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--autoplay-policy=no-user-gesture-required", "--js-flags=--expose-gc"]

PAGE = """<!doctype html><title>engine</title><script type="module">
import { Engine } from "./engine.js";
const WORKLET = "./engine-worklet.js";
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const tell = (mark, value = null) => fetch("/tell", { method: "POST", body: JSON.stringify([mark, value]) });
async function settled(mark) {
  for (let i = 0; i < 3; i++) {
    gc();
    await rest(500);
  }
  await tell(mark);
}
async function onePage(number) {
  const engine = await Engine.open(RATE, WORKLET);
  await settled(`${number} open`);
  const begin = performance.now();
  await Promise.all(Array.from({ length: STIMULI }, (_, i) => engine.load(i, `./${i}.flac`)));
  await tell("milliseconds", performance.now() - begin);
  await engine.play();
  for (let i = 0; i < STIMULI; i++) {
    engine.send("select", { index: i });
    await rest(50);
  }
  await tell(`${number} highest`);
  await settled(`${number} loaded`);
  await engine.close();
}
async function render(playing) {
  const context = new OfflineAudioContext(2, RENDERED * RATE, RATE);
  await context.audioWorklet.addModule(WORKLET);
  if (playing) {
    const engine = new Engine(context);
    await engine.load(0, "./0.flac");
    engine.send("play");
    await engine.sync();
  }
  const begin = performance.now();
  await context.startRendering();
  return performance.now() - begin;
}
try {
  for (let number = 1; number <= PAGES; number++) {
    await onePage(number);
    await settled(`${number} closed`);
  }
  for (let i = 0; i < RUNS; i++) {
    await tell("empty", await render(false));
    await tell("engine", await render(true));
  }
  await tell("done");
} catch (error) {
  await tell("failed", String(error));
}
</script>"""


class Renderers:
    """The anonymous resident memory of a browser's renderers, in MB of 10^6 bytes."""

    def __init__(self) -> None:
        self.profile = ""
        self.highest = 0.0

    def now(self) -> float:
        kibibytes = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                if "--type=renderer" not in command or self.profile not in command:
                    continue
                status = (folder / "status").read_text().splitlines()
            except OSError:
                continue  # a process that has just ended
            kibibytes += sum(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))
        found = kibibytes * 1024 / 1e6
        self.highest = max(self.highest, found)
        return found

    def watch(self, done: threading.Event) -> None:
        while not done.wait(0.01):
            self.now()


class Handler(SimpleHTTPRequestHandler):
    """Files from a folder, as the product serves them; and what the page tells, with the memory at that moment."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def __init__(self, *arguments: Any, renderers: Renderers, told: queue.Queue[Any], **named: Any) -> None:
        self.renderers, self.told = renderers, told
        super().__init__(*arguments, **named)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "private, no-store")
        super().end_headers()

    def do_POST(self) -> None:
        mark, value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if mark.endswith("highest"):
            value = self.renderers.highest
        elif value is None:
            value = self.renderers.now()
            self.renderers.highest = value
        self.told.put((mark, value))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path, renderers: Renderers, told: queue.Queue[Any]) -> Iterator[str]:
    handler = partial(Handler, directory=str(folder), renderers=renderers, told=told)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def browser(url: str, profile: Path) -> Iterator[None]:
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def write_page(folder: Path, stimuli: int, seconds: float, bits: int) -> None:
    """The engine's modules, a page for them, and stereo FLAC files of noise, each its own."""
    for script in STATIC.glob("*.js"):
        (folder / script.name).write_bytes(script.read_bytes())
    values = {"STIMULI": stimuli, "PAGES": PAGES, "RATE": RATE, "RENDERED": RENDERED_SECONDS, "RUNS": RUNS}
    constants = "".join(f"const {name} = {value};\n" for name, value in values.items())
    (folder / "index.html").write_text(PAGE.replace("const WORKLET", constants + "const WORKLET", 1))
    for number in range(stimuli):
        noise = np.random.default_rng(number).normal(0, 0.1, (round(seconds * RATE), 2))
        write_flac(folder / f"{number}.flac", np.clip(noise, -1, 1), RATE, bits)


def collect(told: queue.Queue[Any]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    while True:
        mark, value = told.get(timeout=120)
        if mark == "failed":
            raise SystemExit(f"The page failed: {value}")
        if mark == "done":
            return found
        found.setdefault(mark, []).append(value)


def report(found: dict[str, list[float]], stimuli: int) -> None:
    base = found["1 open"][0]
    print(f"{'engine open':28} {base:6.1f} MB: the browser's own; below, what comes to it")
    for number in range(1, PAGES + 1):
        line = [f"{name} {found[f'{number} {name}'][0] - base:+6.1f} MB" for name in ("highest", "loaded", "closed")]
        print(f"{f'page {number}':28} {', '.join(line)}")
    seconds = [value / 1000 for value in found["milliseconds"]]
    print(f"{'download, decode, hand over':28} {np.median(seconds):.2f} s for {stimuli} stimuli from this machine")
    quanta = RENDERED_SECONDS * RATE / QUANTUM
    engine, empty = (float(np.median(found[kind])) * 1000 / quanta for kind in ("engine", "empty"))
    lasts = QUANTUM / RATE * 1e6
    print(f"{'render quantum':28} {engine:.1f} us with the engine, {empty:.1f} us without, of {lasts:.0f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stimuli", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--bits", type=int, choices=(16, 24), default=16)
    given = parser.parse_args()
    version = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}; {given.stimuli} stimuli of {given.seconds:g} s, stereo, {given.bits} bit, {RATE} Hz")
    size = given.stimuli * round(given.seconds * RATE) * 2 * (2 if given.bits == 16 else 4)
    print(f"{'samples in the processor':28} {size / 1e6:6.1f} MB")
    renderers, told, done = Renderers(), queue.Queue[Any](), threading.Event()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder, profile = Path(temporary, "site"), Path(temporary, "profile")
        folder.mkdir()
        renderers.profile = os.fspath(profile)
        write_page(folder, given.stimuli, given.seconds, given.bits)
        sizes = [file.stat().st_size for file in folder.glob("*.flac")]
        print(f"{'files':28} {sum(sizes) / 1e6:6.1f} MB")
        watcher = threading.Thread(target=renderers.watch, args=[done])
        with served(folder, renderers, told) as url, browser(url, profile):
            watcher.start()
            try:
                report(collect(told), given.stimuli)
            finally:
                done.set()
                watcher.join()


if __name__ == "__main__":
    main()
