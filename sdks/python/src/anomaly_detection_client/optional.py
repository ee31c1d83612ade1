"""What makes some calls possible, and is not needed by the others."""

from __future__ import annotations

import importlib
from typing import Any

from anomaly_detection_client.errors import MissingExtra


def pyarrow(purpose: str) -> Any:
    """Return pyarrow.

    Raises
    ------
    MissingExtra
        ``client.missing_extra``: it is not installed.
    """
    try:
        importlib.import_module("pyarrow.ipc")
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingExtra(
            f"pyarrow is needed {purpose}.", code="client.missing_extra", hint="Install it with: pip install pyarrow"
        ) from error
