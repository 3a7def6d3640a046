#!/usr/bin/env bash
# Makes the data and the model that come with the package, in the folder that is named: some two hours on two cores.
# Needs FluidSynth and the FluidR3 soundfont: apt-get install fluidsynth fluid-soundfont-gm
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: scripts/train_ours.sh FOLDER" >&2; exit 2; }
python="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/python"
mkdir -p "$1"
cd "$1"
modelzoo() { "$python" -m modelzoo "$@"; }

# 200 recordings of 50 pieces, and 200 of 50 others through other processes; then cascades of any two of the 45.
cat > one.toml <<'END'
references = "refs-one"
processes = [3, 10, 12, 17, 20, 22, 28, 34, 42, 44]
population = 3600
draw = 2800
keep = "all"
validation = 48
group = "piece"
seed = 7
END
cat > two.toml <<'END'
references = "refs-two"
processes = [5, 9, 11, 19, 33, 43]
population = 1800
keep = "all"
validation = 12
group = "piece"
seed = 8
END
modelzoo render-references -o refs-one --count 200 --seed 7
modelzoo render-references -o refs-two --count 200 --seed 8
modelzoo build one.toml -o one --workers 2
modelzoo build two.toml -o two --workers 2

# Left out: recordings without treble. Kept for the test: the last ten pieces of the second corpus.
"$python" - <<'END'
import csv
import soundfile
from modelzoo.features import LOWEST_TREBLE, log_mel, to_bytes, treble

dark, test = {"one": [], "two": []}, []
for store in dark:
    for row in csv.DictReader(open(f"refs-{store}/manifest.csv")):
        samples, _ = soundfile.read(f"refs-{store}/{row['file']}")
        name = f"{store}-{row['file'].removesuffix('.flac')}"
        if treble(to_bytes(log_mel(samples))) < LOWEST_TREBLE:
            dark[store].append(name)
        if store == "two" and int(row["piece"]) >= 40:
            test.append(name)
everything = [f"two-{number:04d}" for number in range(200)]
rest = [name for name in everything if name not in test]
for file, names in {
    "not-learnt.txt": dark["one"] + sorted({*dark["two"], *test}),
    "not-tested.txt": sorted({*rest, *dark["two"]}),
    "not-tested-dark-kept.txt": rest,
}.items():
    open(file, "w").write("\n".join(names) + "\n")
END
modelzoo join one two --without not-learnt.txt -o learn
modelzoo join two --without not-tested.txt -o test
modelzoo join two --without not-tested-dark-kept.txt -o test-with-dark

cat > ours.toml <<'END'
preset = "ours"
store = "learn"
epochs = 24
END
cat > conv1d.toml <<'END'
preset = "paper-conv1d"
store = "learn"
epochs = 12
END
modelzoo train ours.toml -o runs
modelzoo train conv1d.toml -o runs
modelzoo export runs/ours-1 -o ours --licence CC0-1.0 \
  --data "400 recordings composed and rendered by modelzoo (FluidSynth, FluidR3), those without treble left out"
