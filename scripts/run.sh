#!/usr/bin/env bash
# What `make run` does once everything is installed: finds the anomalies of the bundled taxi series, prints them, and
# starts the platform with that result in it. Ctrl-C ends it.
set -uo pipefail
cd "$(dirname "$0")/.."
export ANOMALY_DETECTION_DATA_DIR=${ANOMALY_DETECTION_DATA_DIR:-$PWD/data}
# Every request in the log would bury the address and how to sign in.
export ANOMALY_DETECTION_LOG_LEVEL=${ANOMALY_DETECTION_LOG_LEVEL:-warning}
unset PYTHONDONTWRITEBYTECODE

status=0
echo
.venv/bin/anomaly-detection detect nyc_taxi || status=$?
if [ "$status" = 0 ]; then
    echo
    # The server gets Ctrl-C itself and ends in good order; this shell only waits for it.
    trap '' INT
    (trap - INT; exec .venv/bin/anomaly-detection serve --demo "$@") || status=$?
fi
case $status in
    130 | 143) exit 0 ;;
esac
exit "$status"
