"""Data sets on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from anomaly_detection.infrastructure.persistence.datasets import DatasetRecord
from anomaly_detection.presentation.api.v1.schemas.common import Answer, Name, Request

FEATURES_SHOWN = 50


class Roles(Answer):
    """The part that each column plays."""

    time: str | None = None
    label: str | None = None
    entity: str | None = None
    features: list[str] = Field(default_factory=list)


class Column(Answer):
    """What is known of one column."""

    name: str
    type: Literal["number", "boolean", "category", "datetime", "text"]
    role: Literal["time", "label", "entity", "feature", "ignored"]
    n_missing: int
    n_distinct: int | None = None
    minimum: float | str | bool | None = None
    maximum: float | str | bool | None = None
    examples: list[Any] = Field(default_factory=list)


class Dataset(Answer):
    """A data set that was uploaded."""

    id: str
    name: str
    filename: str
    kind: Literal["series", "table"]
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: Roles
    columns: list[Column]
    warnings: list[str]
    created_at: datetime


class DatasetSummary(Answer):
    """A data set as lists have it: its columns and warnings come with the data set itself."""

    id: str
    name: str
    filename: str
    kind: Literal["series", "table"]
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: Roles
    n_warnings: int
    created_at: datetime

    @classmethod
    def of(cls, record: DatasetRecord) -> DatasetSummary:
        """Return a data set as lists and events send it."""
        shown = {name: getattr(record, name) for name in cls.model_fields if name not in {"roles", "n_warnings"}}
        # The features of wide data are thousands of names; they come with the data set itself.
        features = list(record.roles.get("features", ()))[:FEATURES_SHOWN]
        return cls(**shown, roles=Roles(**{**record.roles, "features": features}), n_warnings=len(record.warnings))


class DatasetPage(Answer):
    """Data sets, newest first."""

    items: list[DatasetSummary]
    next: str | None = None


class DatasetChanges(Request):
    """What is to be different about a data set."""

    name: Name


class Histogram(Answer):
    """How many values lie between two edges; the edges of times are ISO 8601."""

    edges: list[float | str]
    counts: list[int]


class ColumnProfile(Answer):
    """What one column holds."""

    name: str
    type: Literal["number", "boolean", "category", "datetime", "text"]
    role: Literal["time", "label", "entity", "feature", "ignored"]
    n_missing: int
    n_distinct: int | None = Field(default=None, description="No more than 1000 are counted.")
    more_distinct: bool
    minimum: float | str | bool | None = None
    median: float | str | bool | None = None
    maximum: float | str | bool | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    most_frequent: list[tuple[Any, int]]
    histogram: Histogram | None = None


class Profile(Answer):
    """What the columns of a data set hold: of the first 1000, with a histogram for the first 200."""

    columns: list[ColumnProfile]
    n_rows: int


class Preview(Answer):
    """The first rows of a data set."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
