"""Many listeners at once over HTTP, with the server killed on the way: what was acknowledged, what is stored.

Starts the demo study in a folder of its own, sends simulated listeners at random times who load pages and sounds at the
speed of their line, think, rate, send some messages twice and retry what fails, and kills the web server with SIGKILL.
Then compares every acknowledged revision with the database.

    .venv/bin/python benchmarks/listeners.py --listeners 200 --kills 2
"""

import argparse
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 64 * 1024
PATIENCE_SECONDS = 120
STORED = """
import json
from studies.models import Rating, RatingRevision
rows = RatingRevision.objects.values_list("key", "slot__token", "score", "revision")
newest = dict(Rating.objects.values_list("slot__token", "score"))
print("STORED" + json.dumps([[[str(key), token, score, revision] for key, token, score, revision in rows], newest]))
"""


@dataclass
class Tally:
    """What all listeners together saw."""

    acknowledged: dict[str, tuple[str, float, int]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    finished: int = 0
    down: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: str, seconds: float, was_down: bool) -> None:
        with self.lock:
            self.statuses[status] += 1
            if status.startswith("2") or status.startswith("3"):
                self.seconds.setdefault(kind, []).append(seconds)
            elif not was_down:
                self.unexpected.append(f"{kind}: {status}")


class SimulatedListener(threading.Thread):
    """One browser's worth of requests; every request is repeated until the server has answered it."""

    def __init__(self, number: int, link: str, arguments: argparse.Namespace, tally: Tally) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(f"{arguments.seed}-{number}")
        self.link, self.tally, self.pages = link, tally, arguments.pages
        self.base = link.split("/t/")[0]
        self.http = requests.Session()
        self.bytes_per_second = self.random.uniform(4, 40) * 1e6 / 8
        self.starts_after = self.random.uniform(0, arguments.arrivals)
        self.think = arguments.think

    def run(self) -> None:
        time.sleep(self.starts_after)
        page = self.ask("start", "GET", self.link).text
        page = self.post("start", self.link, page).text
        session = re.search(r"/t/s/[^/]+/", page)[0]  # type: ignore[index]
        for step, data in (("consent", {"agree": "yes"}), ("instructions", {}), ("volume", {"volume": "0.5"})):
            page = self.post(step, f"{self.base}{session}{step}", page, **data).text
        for _ in range(self.pages):
            found = re.search(r'id="page-data"[^>]*>(.*?)</script>', page, re.DOTALL)
            if not found:
                break
            page = self.rate_page(session, page, json.loads(found[1]))
        with self.tally.lock:
            self.tally.finished += 1

    def rate_page(self, session: str, page: str, data: dict) -> str:
        for url in [data["reference"], *(card["url"] for card in data["cards"])]:
            self.download(url)
        for index, card in enumerate(data["cards"]):
            time.sleep(self.random.expovariate(1 / self.think))
            moves = [self.random.randint(0, 99) for _ in range(3)]
            score = 100 if index == 0 else self.random.randint(0, 99)
            self.save(session, data, page, card, [*moves, score])
        return self.post("finish", f"{self.base}{session}pages/{data['page']}/finish", page).text

    def save(self, session: str, data: dict, page: str, card: dict, scores: list[int]) -> None:
        ratings = [
            {
                **{"key": str(uuid.uuid4()), "token": card["token"], "score": score, "revision": revision},
                **{"plays": 1, "seconds": 3.0},
            }
            for revision, score in enumerate(scores, start=1)
        ]
        body = {"ratings": ratings, "events": []}
        headers = {"X-CSRFToken": self.token(page), "Content-Type": "application/json"}
        twice = self.random.random() < 0.1
        for _ in range(2 if twice else 1):
            answer = self.ask("save", "POST", f"{self.base}{data['save']}", data=json.dumps(body), headers=headers)
            saved = set(answer.json()["saved"])
            with self.tally.lock:
                for one in ratings:
                    if one["key"] in saved:
                        self.tally.acknowledged[one["key"]] = (one["token"], one["score"], one["revision"])

    def download(self, url: str) -> None:
        begun = time.monotonic()
        content = self.ask("sound", "GET", f"{self.base}{url}").content
        time.sleep(max(0.0, len(content) / self.bytes_per_second - (time.monotonic() - begun)))

    def post(self, kind: str, url: str, page: str, **data: str) -> requests.Response:
        return self.ask(kind, "POST", url, data={"csrfmiddlewaretoken": self.token(page), **data})

    @staticmethod
    def token(page: str) -> str:
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]

    def ask(self, kind: str, method: str, url: str, **options: object) -> requests.Response:
        pause, end = 0.25, time.monotonic() + PATIENCE_SECONDS
        while True:
            was_down, begun = self.tally.down.is_set(), time.monotonic()
            try:
                answer = self.http.request(method, url, timeout=30, **options)  # type: ignore[arg-type]
                status = str(answer.status_code)
            except requests.RequestException as error:
                answer, status = None, type(error).__name__
            self.tally.note(kind, status, time.monotonic() - begun, was_down or self.tally.down.is_set())
            if answer is not None and answer.status_code < 500:
                if answer.status_code >= 400:
                    raise RuntimeError(f"{kind}: {status} {answer.text[:200]}")
                return answer
            if time.monotonic() > end:
                raise RuntimeError(f"{kind}: no answer for {PATIENCE_SECONDS} s")
            time.sleep(pause * self.random.uniform(0.5, 1.5))
            pause = min(2 * pause, 5.0)


def start_demo(folder: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """The demo, and the listeners' link."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    link = ""
    for line in process.stdout:
        if line.startswith("Listener: "):
            link = line.split()[1]
        if line.startswith("Ctrl-C"):
            return process, link
    sys.exit("The demo did not start.")


def kill_web(supervisor: int, tally: Tally, link: str) -> float:
    """SIGKILL the web server, and wait until its successor answers; how long that took."""
    begun = time.monotonic()
    tally.down.set()
    children = subprocess.check_output(["pgrep", "--parent", str(supervisor)], text=True).split()
    for pid in children:
        if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.killpg(int(pid), signal.SIGKILL)
    while True:
        time.sleep(0.1)
        try:
            if requests.get(link, timeout=5).ok:
                break
        except requests.RequestException:
            continue
    # Answers of requests that were under way when it died may still come in.
    time.sleep(2)
    tally.down.clear()
    return time.monotonic() - begun


def compare(folder: Path, tally: Tally) -> list[str]:
    """What is wrong with what is stored; nothing, one hopes."""
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", STORED]
    said = subprocess.check_output(command, cwd=ROOT, env={**os.environ, "DATA_DIR": str(folder)}, text=True)
    rows, newest = json.loads(said.split("STORED", 1)[1])
    stored = {key: (token, score, revision) for key, token, score, revision in rows}
    wrong = [f"lost: {key}" for key in tally.acknowledged if key not in stored]
    wrong += [f"changed: {key}" for key, value in tally.acknowledged.items() if stored.get(key, value) != value]
    if len(stored) != len(rows):
        wrong.append(f"doubled: {len(rows) - len(stored)}")
    last: dict[str, tuple[int, float]] = {}
    for token, score, revision in tally.acknowledged.values():
        last[token] = max(last.get(token, (0, 0.0)), (revision, score))
    wrong += [f"not the newest: {token}" for token, (_, score) in last.items() if newest.get(token) != score]
    return wrong


def report(tally: Tally, arguments: argparse.Namespace, outages: list[float], wrong: list[str], took: float) -> None:
    print(f"{tally.finished} of {arguments.listeners} simulated listeners went through in {took:.0f} s")
    print(f"web server killed {len(outages)} times; away for {', '.join(f'{one:.1f} s' for one in outages) or '-'}")
    print("answers:", ", ".join(f"{status} {count}" for status, count in tally.statuses.most_common()))
    for kind, seconds in sorted(tally.seconds.items()):
        cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [seconds[0]] * 99
        print(f"  {kind:13}{len(seconds):6}  median {1000 * cuts[49]:6.0f} ms  95 % {1000 * cuts[94]:6.0f} ms")
    print(f"acknowledged revisions: {len(tally.acknowledged)}; wrong in the database: {len(wrong)}")
    print(f"errors while the server was up: {len(tally.unexpected)} {Counter(tally.unexpected).most_common(3)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--pages", type=int, default=2, help="pages each listener rates")
    parser.add_argument("--arrivals", type=float, default=60, help="seconds over which they arrive")
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds before each rating")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="earwitness-listeners-") as name:
        folder = Path(name)
        demo, link = start_demo(folder, arguments.port)
        tally = Tally()
        begun = time.monotonic()
        listeners = [SimulatedListener(n, link, arguments, tally) for n in range(arguments.listeners)]
        for one in listeners:
            one.start()
        outages = []
        for _ in range(arguments.kills):
            time.sleep(arguments.arrivals / (arguments.kills + 1))
            outages.append(kill_web(demo.pid, tally, link))
        for one in listeners:
            one.join()
        took = time.monotonic() - begun
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
        wrong = compare(folder, tally)
        log = (folder / "log" / "web.log").read_text(errors="replace")
    failures = Counter(re.findall(r"^[\w.]*(?:Error|Exception)[^\n]*", log, re.MULTILINE))
    print("errors in the web server's log:", failures.most_common(5))
    report(tally, arguments, outages, wrong, took)
    for line in wrong[:20]:
        print(line)
    sys.exit(bool(wrong or tally.unexpected or tally.finished < arguments.listeners))


if __name__ == "__main__":
    main()
