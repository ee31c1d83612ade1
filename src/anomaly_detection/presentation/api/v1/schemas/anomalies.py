"""Judged rows on the wire, and what people say about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from anomaly_detection.infrastructure.persistence.feedback import FeedbackRecord
from anomaly_detection.presentation.api.v1.schemas.common import Answer, Request
from anomaly_detection.presentation.api.v1.schemas.results import SeriesView

Severity = Literal["low", "medium", "high", "critical"]
Verdict = Literal["true", "false"]
VerdictFilter = Literal["none", "true", "false"]


class NewFeedback(Request):
    """What somebody says about one row. It replaces what was said before."""

    detection_id: str = Field(max_length=64)
    index: int = Field(ge=0, lt=2**63, description="Position of the row in the data.")
    verdict: Verdict | None = Field(description="true: it is an anomaly; false: a false alarm; null: a mere note.")
    note: str | None = Field(default=None, max_length=4000)


class Speaker(Answer):
    """Who said something."""

    id: str
    username: str


class Feedback(Answer):
    """What somebody said about one row."""

    id: str
    detection_id: str
    index: int
    verdict: Verdict | None = None
    note: str
    user: Speaker | None = Field(default=None, description="null once the account is gone.")
    created_at: datetime

    @classmethod
    def of(cls, record: FeedbackRecord) -> Feedback:
        """Return what was said as it is sent."""
        user = None if record.username is None else Speaker(id=record.principal_id, username=record.username)
        return cls(
            id=record.id,
            detection_id=record.detection_id,
            index=record.index,
            verdict=record.verdict,
            note=record.note,
            user=user,
            created_at=record.created_at,
        )


class FeedbackPage(Answer):
    """What holds, newest first."""

    items: list[Feedback]
    next: str | None = None


class Contribution(Answer):
    """What one feature adds to a row's score."""

    feature: str
    value: Any
    contribution: float
    typical: Any


class Explanation(Answer):
    """Why a row was judged as it was."""

    method: str = Field(
        description="`deviation`: robust standard deviations, where no explanation of the detector was kept."
    )
    contributions: list[Contribution]
    sentence: str
    counterfactual: dict[str, Any] | None = None
    neighbours: list[str] | None = None


class JudgedRow(Answer):
    """A row as it was judged; one below the threshold has no severity."""

    index: int
    row_id: str | None = None
    time: str | None = None
    entity: str | None = None
    score: float
    p_value: float | None = None
    confidence: float | None = None
    severity: Severity | None = None
    values: dict[str, Any] = Field(description="Of data with more than 200 columns, those that add most to the score.")
    explanation: Explanation | None = None


class RankedAnomaly(JudgedRow):
    """An anomaly with its rank from 1."""

    rank: int
    feedback: Feedback | None = None


class AnomalyPage(Answer):
    """Anomalies, the highest score first."""

    items: list[RankedAnomaly]
    next: str | None = None
    total: int = Field(description="All anomalies.")
    n_matching: int = Field(description="Those that pass the filters.")


class SimilarAnomaly(Answer):
    """An anomaly that was flagged for like reasons."""

    index: int
    rank: int
    score: float
    severity: Severity
    time: str | None = None
    verdict: Verdict | None = None
    distance: float = Field(description="0: the same contributions, 1: nothing in common.")


class NormalRow(Answer):
    """A normal row that lies near."""

    index: int
    values: dict[str, Any]
    score: float
    time: str | None = None


class AnomalyStory(Answer):
    """One row with all that helps to judge it."""

    anomaly: JudgedRow
    rank: int | None = None
    n_anomalies: int
    feedback: Feedback | None = None
    history: list[Feedback]
    previous: int | None = Field(default=None, description="The row before it by rank.")
    next: int | None = Field(default=None, description="The row after it by rank.")
    similar: list[SimilarAnomaly]
    neighbours: list[NormalRow]
    window: SeriesView | None = Field(default=None, description="Of a series, about 200 rows around it.")
