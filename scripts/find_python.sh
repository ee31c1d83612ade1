#!/usr/bin/env bash
# Prints the Python that the virtual environment is made with: $PYTHON if set, else python3, else the newest python3.1x
# from 3.11 on. Ends with a message that says what to install where there is none, or where it cannot make environments.
set -uo pipefail

is_new_enough() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

found=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
        found=$(command -v "$candidate")
        break
    fi
done

if [ -z "$found" ]; then
    seen=$("${PYTHON:-python3}" --version 2>&1 | head -n 1 || true)
    cat >&2 <<EOF
Python 3.11 to 3.14 is needed; found: ${seen:-no ${PYTHON:-python3}}.
  Debian 12+, Ubuntu 24.04+:  sudo apt-get install python3 python3-venv
  Fedora:                     sudo dnf install python3
  macOS:                      brew install python@3.13
Another interpreter can be named: PYTHON=/path/to/python3.12 make run
EOF
    exit 1
fi

if ! "$found" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    cat >&2 <<EOF
$found cannot make virtual environments: its venv module is not installed.
  Debian, Ubuntu:  sudo apt-get install python$version-venv
EOF
    exit 1
fi
echo "$found"
