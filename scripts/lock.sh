#!/usr/bin/env bash
# Writes the lock files from pyproject.toml: exact versions and hashes for every system and Python >= 3.11, and no
# line that names an index, a host or a path. Versions that are locked stay unless pyproject.toml forbids them;
# `scripts/lock.sh --upgrade` takes the newest of everything, `--upgrade-package NAME` of one package.
#
#   requirements.lock            what `make run` installs: the base, core, server and postgres
#   requirements-dev.lock        the same versions, and everything that tests, checks and docs need
#   requirements-bench.lock      what only the benchmarks compare with
#   requirements-bootstrap.lock  uv and hatchling, which install the others and this project
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"
}

# The widest set first; the others are held to its versions, so that the files agree.
compile pyproject.toml --extra dev --output-file requirements-dev.lock "$@"
constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
grep -oE '^[A-Za-z0-9._-]+==[^ \\]+( ;[^\\]+)?' requirements-dev.lock > "$constraints"
compile pyproject.toml --extra core --extra server --extra postgres --constraints "$constraints" --output-file requirements.lock "$@"
compile pyproject.toml --extra bench --constraints "$constraints" --output-file requirements-bench.lock "$@"
compile scripts/bootstrap.in --constraints "$constraints" --output-file requirements-bootstrap.lock "$@"

if grep -nE '://|^--(index|extra-index|find-links|trusted)' requirements*.lock; then
    echo "a lock file names a host (lines above)" >&2
    exit 1
fi
wc -l requirements*.lock
