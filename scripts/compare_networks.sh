#!/usr/bin/env bash
# Trains what docs/library/ours.md compares, in the folder that scripts/train_ours.sh made: repetitions of ours and
# conv1d, the halves of ours, and inception and vgg19 as far as a processor can. About four hours on one core.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: scripts/compare_networks.sh FOLDER" >&2; exit 2; }
[ -d "$1/learn" ] || { echo "$1 has no store learn: scripts/train_ours.sh $1 makes it" >&2; exit 2; }
python="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin/python"
cd "$1"
modelzoo() { "$python" -m modelzoo "$@"; }

# vgg19 needs a second a clip: it gets every ninth training recording.
"$python" - <<'END'
import pandas as pd

manifest = pd.read_parquet("learn/manifest.parquet")
names = sorted(manifest[manifest["split"] == "train"]["reference"].unique())
open("not-for-vgg19.txt", "w").write("".join(f"learn-{name}\n" for name in names if name not in names[::9]))
END
[ -d learn-vgg19 ] || modelzoo join learn --without not-for-vgg19.txt -o learn-vgg19

# Runs that are finished are kept.
run() { # name, lines of a config
  printf '%s\n' "${@:2}" > "$1.toml"
  modelzoo train "$1.toml" -o runs
}
run more-ours 'preset = "ours"' 'store = "learn"' 'epochs = 24' 'repetitions = 3'
run more-conv1d 'preset = "paper-conv1d"' 'store = "learn"' 'epochs = 12' 'repetitions = 2'
run statistics 'preset = "ours"' 'network = "ours-statistics"' 'store = "learn"' 'epochs = 24'
run convolutions 'preset = "ours"' 'network = "ours-convolutions"' 'store = "learn"' 'epochs = 24'
run inception 'preset = "paper-inception"' 'backbone = "none"' 'store = "learn"' 'epochs = 2'
run vgg19 'preset = "paper-vgg19"' 'backbone = "none"' 'store = "learn-vgg19"' 'epochs = 1'
