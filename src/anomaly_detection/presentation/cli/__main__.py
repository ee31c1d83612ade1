"""``python -m anomaly_detection.presentation.cli``: the command line where its script is not on the path."""

from __future__ import annotations

from anomaly_detection.presentation.cli import main

if __name__ == "__main__":
    main()
