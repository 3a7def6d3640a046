"""Speed and memory of screening: paper-test-2, bs1534-3 and mean opinion scores, over simulated panels.

Each size runs in a process of its own, because peak memory is a process's; the panel is made before the clock starts,
but its memory counts. What is loaded at first use is loaded by a small panel before. Beside the time by the clock
stands the processor's, which other work on the machine hardly changes.

Usage: `python benchmarks/screening.py [--sizes 100 1000 10000] [--seed 1]`.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

POLICY_NAMES = ("paper-test-2", "bs1534-3")
PAGES, STIMULI, REPEATS = 12, 8, 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print("RESULT" + json.dumps(measure(given.one, given.seed)))
        return
    print(f"simulated panels, {PAGES} pages of {STIMULI} stimuli, seed {given.seed}; this machine, one run of each")
    for size in given.sizes:
        command = [sys.executable, __file__, "--one", str(size), "--seed", str(given.seed)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{size} listeners failed:\n{done.stderr}")
        line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
        print(f"{size:7,} listeners:", ", ".join(f"{name} {value}" for name, value in json.loads(line[6:]).items()))


def measure(size: int, seed: int) -> dict[str, str]:
    from mushra.screening import POLICIES, screen
    from mushra.screening.simulate import simulate_panel
    from mushra.stats import mos

    first = simulate_panel(20, pages=PAGES, stimuli=STIMULI, repeats=REPEATS, seed=seed)
    screen(first.table, POLICIES[POLICY_NAMES[0]])
    mos(first.table)
    panel = simulate_panel(size, pages=PAGES, stimuli=STIMULI, repeats=REPEATS, seed=seed)
    taken: dict[str, float] = {}
    before = time.process_time()
    for name in POLICY_NAMES:
        start = time.perf_counter()
        screening = screen(panel.table, POLICIES[name], panel.headphones)
        taken[name] = time.perf_counter() - start
    start = time.perf_counter()
    mos(panel.table)
    taken["mos"] = time.perf_counter() - start
    total, processor = sum(taken.values()), time.process_time() - before
    start = time.perf_counter()
    _ = screening.agreement
    taken["agreement figures"] = time.perf_counter() - start
    found = {name: f"{seconds:.2f} s" for name, seconds in taken.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "ratings": f"{len(panel.table):,}",
        "screening and mos": f"{total:.2f} s",
        "processor": f"{processor:.2f} s",
        **found,
    } | {"peak memory": f"{peak / 2**20:.0f} MiB"}


if __name__ == "__main__":
    main()
