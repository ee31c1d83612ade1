#!/usr/bin/env bash
# What the tests need from the system: a PostgreSQL server (they start their own cluster), Chromium and a font.
# As root on Debian or Ubuntu the missing ones are installed; elsewhere the message says what to install.
set -euo pipefail

has_postgresql() {
    command -v pg_ctl >/dev/null 2>&1 || compgen -G '/usr/lib/postgresql/*/bin/pg_ctl' >/dev/null
}

has_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -x "${ANOMALY_DETECTION_TEST_CHROMIUM:-/nonexistent}" ] || [ -d "/Applications/Google Chrome.app" ]
}

has_font() {
    [ "$(uname)" = Darwin ] || compgen -G '/usr/share/fonts/truetype/*/*.ttf' >/dev/null || compgen -G '/usr/share/fonts/*/*.ttf' >/dev/null
}

missing=()
has_postgresql || missing+=(postgresql)
has_chromium || missing+=(chromium)
has_font || missing+=(fonts-dejavu-core fonts-liberation)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    cat >&2 <<EOF
The tests need software that is not here: ${missing[*]}.
  Debian, Ubuntu:  sudo apt-get install --no-install-recommends ${missing[*]}
  Fedora:          sudo dnf install postgresql-server chromium dejavu-sans-fonts
  macOS:           brew install postgresql@16 && brew install --cask google-chrome
EOF
    exit 1
fi

echo "Installing what the tests need: ${missing[*]}"
# Debian starts a daemon when it is installed; the tests start their own, so nothing may start here.
policy=/usr/sbin/policy-rc.d
saved=
if [ -e "$policy" ]; then
    saved=$(mktemp)
    cp -p "$policy" "$saved"
fi
restore() {
    rm -f "$policy"
    if [ -n "$saved" ]; then
        mv "$saved" "$policy"
    fi
}
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "apt-get could not install ${missing[*]} (output above)." >&2
    exit 1
fi
rm -f "$log"
