"""The errors of reading and describing data."""

from __future__ import annotations

from anomaly_detection.shared.errors import InvalidInput


class UnreadableData(InvalidInput):
    """A file cannot be read as a table."""


class UnknownColumn(InvalidInput):
    """A column was named that the data do not have, or that cannot play the part it was given."""
