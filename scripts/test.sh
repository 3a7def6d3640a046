#!/usr/bin/env bash
# Installs and starts all that the tests need (PostgreSQL, Redis, Chromium and some tools), then runs the suite:
# everything on SQLite and the folder broker, then the platform again on PostgreSQL and Redis.
# Arguments, if any, go to both runs of pytest in place of the folders.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'earwitness: %s\n' "$1" >&2; exit 1; }

# --- Debian's packages -------------------------------------------------------------------------------------------
# A C++ compiler and Python's headers build libsvm, which only the independent ViSQOL of the tests needs.
packages=(postgresql redis-server nginx-light chromium ffmpeg fluidsynth fluid-soundfont-gm gettext g++ python3-dev python3-venv procps)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing ${missing[*]}"
  root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "as root, install: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  log=$(mktemp)
  { "${root[@]}" apt-get update -q && DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}"; }
fi

make --no-print-directory .venv/installed-dev

# --- Services of this run's own, in a folder of its own ----------------------------------------------------------
work=$(mktemp -d /tmp/earwitness-tests.XXXXXX)
chmod 755 "$work"
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
as_postgres=()
[ "$(id -u)" -ne 0 ] || as_postgres=(runuser -u postgres --)

stop() {
  "${as_postgres[@]}" "$postgres_bin/pg_ctl" -D "$work/postgres/data" -m immediate stop >/dev/null 2>&1 || true
  redis-cli -s "$work/redis.sock" shutdown nosave >/dev/null 2>&1 || true
  # A failed clean-up must not turn a passed suite into a failed one.
  rm -rf "$work" || true
}
trap stop EXIT

mkdir "$work/postgres"
[ "$(id -u)" -ne 0 ] || chown postgres "$work/postgres"
"${as_postgres[@]}" "$postgres_bin/initdb" -D "$work/postgres/data" -U earwitness --auth=trust >/dev/null
"${as_postgres[@]}" "$postgres_bin/pg_ctl" -w -D "$work/postgres/data" -l "$work/postgres/log" \
  -o "-c listen_addresses='' -c unix_socket_directories='$work/postgres'" start >/dev/null ||
  { cat "$work/postgres/log" >&2; fail "PostgreSQL did not start"; }
redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work" --appendonly yes --daemonize yes >/dev/null
for _ in $(seq 50); do [ -S "$work/redis.sock" ] && break; sleep 0.1; done
[ -S "$work/redis.sock" ] || fail "Redis did not start"

# --- The suite ---------------------------------------------------------------------------------------------------
export OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=2
# Two processes; the tests of a file stay together, as they share what they set up.
parallel=(--numprocesses 2 --dist loadfile)
all=(tests)
# The audio engine's tests know no database; how pages look and sound is the same on any.
platform=(tests/web tests/e2e tests/workers --ignore-glob="tests/e2e/test_engine*.py")
platform+=(--ignore=tests/e2e/test_accessibility.py --ignore=tests/e2e/test_headphone_check.py)
[ $# -eq 0 ] || { all=("$@"); platform=("$@"); }

echo "== SQLite and the folder broker =="
DATA_DIR="$work/embedded" .venv/bin/python -m pytest -q "${parallel[@]}" "${all[@]}"
echo "== PostgreSQL and Redis =="
DATA_DIR="$work/services" \
  DATABASE_URL="postgresql://earwitness@/postgres?host=$work/postgres" \
  BROKER_URL="redis+socket://$work/redis.sock" \
  .venv/bin/python -m pytest -q "${parallel[@]}" "${platform[@]}"
