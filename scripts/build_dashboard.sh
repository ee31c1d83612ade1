#!/usr/bin/env bash
# Builds the dashboard from web/ into the package, unless what is there is newer than its sources.
# Without Node.js 20 or newer it says so and succeeds: everything but the dashboard works. With --required it fails then.
set -euo pipefail
cd "$(dirname "$0")/.."
built=src/anomaly_detection/presentation/web/static/index.html

[ -f web/package.json ] || { echo "web/ is missing: no dashboard."; exit 0; }

changed() {
    find web -path web/node_modules -prune -o -type f -newer "$1" -print -quit
}

if [ -f "$built" ] && [ -z "$(changed "$built")" ]; then
    echo "Dashboard: up to date."
    exit 0
fi

node_version=$(node --version 2>/dev/null | tr -d v || true)
if [ "${node_version%%.*}" -ge 20 ] 2>/dev/null && command -v npm >/dev/null 2>&1; then
    :
elif [ -f "$built" ] && [ "${1:-}" != --required ]; then
    echo "Dashboard: its sources changed, but Node.js 20 or newer is not here to build it; the one built before is used."
    exit 0
else
    cat >&2 <<EOF
Dashboard: not built. It needs Node.js 20 or newer with npm (found: ${node_version:-none}).
  Everything else works: the command line, the API and its pages under /api/docs.
  Install Node.js from your system's packages or from nodejs.org, then run this again.
EOF
    [ "${1:-}" = --required ] && exit 1
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

run() {
    if ! (cd web && "$@") > "$log" 2>&1; then
        cat "$log" >&2
        echo "Dashboard: '$*' failed in web/ (output above)." >&2
        exit 1
    fi
}

stamp=web/node_modules/.package-lock.json
if [ ! -f "$stamp" ] || [ web/package-lock.json -nt "$stamp" ]; then
    echo "Dashboard: installing its packages (npm ci) ..."
    run npm ci --no-audit --no-fund
    touch "$stamp"
fi
echo "Dashboard: building (npm run build) ..."
run npm run build
[ -f "$built" ] || { echo "Dashboard: the build wrote no $built." >&2; exit 1; }
touch "$built"
