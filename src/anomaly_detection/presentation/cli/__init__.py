"""The command line: it reads what was typed, calls one workflow, and shows the answer."""

from __future__ import annotations

import sys

from anomaly_detection.presentation.cli.interruption import Interrupted, listen


def main() -> None:
    """Run ``anomaly-detection`` with the arguments of this process, and end it with an exit code."""
    listen()
    try:
        from anomaly_detection.presentation.cli.application import run

        code = run(sys.argv[1:])
    except Interrupted as interruption:
        code = 128 + interruption.number
    sys.exit(code)
