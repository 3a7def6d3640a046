#!/usr/bin/env bash
# Makes .venv with everything pinned. Needs Python 3.11 to 3.13 and no root. First argument: base or dev.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
what=$1

fail() { printf 'earwitness: %s\n' "$1" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no $python here; install Python 3.11 to 3.13, or name one: make install PYTHON=/usr/bin/python3.11"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
  fail "$("$python" --version) is not Python 3.11 to 3.13; name another: make install PYTHON=/usr/bin/python3.11"

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  rm -rf .venv
  if ! "$python" -m venv .venv 2>/dev/null; then
    # Debian keeps ensurepip in python3-venv. With pip on the system, it can put itself into the environment.
    rm -rf .venv
    "$python" -m venv --without-pip .venv || fail "$python can't make a virtual environment; on Debian: apt install python3-venv"
    "$python" -m pip --python .venv/bin/python install --quiet pip ||
      fail "no pip for the virtual environment; on Debian: apt install python3-venv"
  fi
fi

echo "Installing the pinned packages into .venv (about 2 GB the first time)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "requirements/$what.txt"
if [ "$what" = base ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
  .venv/bin/python scripts/compile_messages.py
  touch .venv/installed
else
  touch .venv/installed-dev
fi
