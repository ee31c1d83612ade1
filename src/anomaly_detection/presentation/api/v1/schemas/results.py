"""What a result is drawn from, on the wire."""

from __future__ import annotations

from pydantic import Field

from anomaly_detection.presentation.api.v1.schemas.common import Answer


class SeriesView(Answer):
    """A series made small enough to draw: each bucket's least and greatest value, and every anomaly."""

    time: list[str]
    value: dict[str, list[float | None]]
    expected: dict[str, list[float | None]]
    lower: dict[str, list[float | None]]
    upper: dict[str, list[float | None]]
    score: list[float | None]
    prediction: list[int]
    index: list[int | None]
    score_cutoff: float | None
    n_total: int


class Curve(Answer):
    """What each possible cutoff would mean, from the highest score down."""

    score: list[float]
    n_anomalies: list[int]
    p_value: list[float | None]
    precision: list[float] | None = Field(default=None, description="Where the data have a label column.")
    recall: list[float] | None = None


class Distribution(Answer):
    """The histogram of the scores."""

    edges: list[float]
    counts: list[int]
    score_cutoff: float | None
    curve: Curve


class ScatterAxis(Answer):
    """One column of a scatter plot."""

    name: str
    values: list[float | None]


class Scatter(Answer):
    """Two columns against each other: every flagged row, and some of the others."""

    x: ScatterAxis
    y: ScatterAxis
    score: list[float | None]
    prediction: list[int]
    index: list[int]
    n_total: int


class FeatureShare(Answer):
    """What one feature adds to the anomalies, of all that the features add."""

    feature: str
    share: float


class Importance(Answer):
    """Which features make the anomalies, the most important first; the shares add up to 1."""

    items: list[FeatureShare]
    n_anomalies: int = Field(description="How many anomalies that rests on.")
