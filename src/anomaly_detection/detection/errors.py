"""The errors of the anomaly domain that are raised in several places."""

from __future__ import annotations

from anomaly_detection.shared.errors import InvalidInput


class InvalidData(InvalidInput):
    """The rows given cannot be judged."""


class InvalidParameter(InvalidInput):
    """A parameter is unknown or out of its range."""


class InvalidModelFile(InvalidInput):
    """A model file is damaged, was changed, or comes from a later version."""


class NotFitted(InvalidInput):
    """The detector has learnt nothing yet."""
