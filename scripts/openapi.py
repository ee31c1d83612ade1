"""Write the API's description to sdks/openapi.json; with --check only tell whether it is current."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from anomaly_detection.presentation.api.app import describe_app

SNAPSHOT = Path(__file__).resolve().parents[1] / "sdks" / "openapi.json"


def document() -> str:
    """Return the document as it is committed."""
    return json.dumps(describe_app().openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    """Write or check; return the exit code."""
    if "--check" in sys.argv[1:]:
        current = SNAPSHOT.is_file() and SNAPSHOT.read_text("utf-8") == document()
        print("current" if current else "sdks/openapi.json is out of date: run scripts/openapi.py")
        return 0 if current else 1
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(document(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
