"""Why a row was flagged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature adds to an anomaly's score, and the value that would have been normal."""

    feature: str
    value: Any
    contribution: float
    typical: Any

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "feature": self.feature,
            "value": self.value,
            "contribution": self.contribution,
            "typical": self.typical,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """The features behind a score, largest first, and the same in one sentence.

    ``contributions`` are in units of the score. Whether they add up to the score depends on ``method``; its name is the
    algorithm's own attribution or ``occlusion`` (the score lost when the feature takes its typical value).
    """

    method: str
    contributions: tuple[Contribution, ...]
    sentence: str
    counterfactual: dict[str, Any] | None = None
    neighbours: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values in the published format."""
        return {
            "method": self.method,
            "contributions": [item.to_dict() for item in self.contributions],
            "sentence": self.sentence,
            "counterfactual": self.counterfactual,
            "neighbours": None if self.neighbours is None else list(self.neighbours),
        }
