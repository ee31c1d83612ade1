"""Optional libraries, imported late, with one error that says what to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from anomaly_detection.shared.errors import MissingExtra


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or say which extra brings it.

    Raises
    ------
    MissingExtra
        The library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"{module.partition('.')[0]} is not installed, and this needs it.",
            code="platform.missing_extra",
            hint=f"Install it with: pip install 'anomaly-detection[{extra}]'",
            details={"module": module, "extra": extra},
        ) from error
