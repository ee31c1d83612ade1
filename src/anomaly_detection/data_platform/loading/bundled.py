"""The data sets that come with the library."""

from __future__ import annotations

from pathlib import Path

BUNDLED: dict[str, str] = {"nyc_taxi": "nyc_taxi.csv.gz"}
"""Name to file; origin and licence lie beside each file."""

_FOLDER = Path(__file__).resolve().parent.parent / "bundled"


def bundled_path(name: str) -> Path:
    """Return where a bundled data set lies."""
    return _FOLDER / BUNDLED[name]
