"""Data that were uploaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from anomaly_detection_client.decoding import Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRoles(Decoded):
    """The part that each column plays."""

    time: str | None = None
    label: str | None = None
    entity: str | None = None
    features: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Decoded):
    """What is known of one column.

    Attributes
    ----------
    type : {"number", "boolean", "category", "datetime", "text"}
    role : {"time", "label", "entity", "feature", "ignored"}
    """

    name: str
    type: str
    role: str
    n_missing: int
    n_distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    examples: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSummary(Decoded):
    """A data set as lists show it.

    Attributes
    ----------
    kind : {"series", "table"}
    """

    id: str
    name: str
    filename: str
    kind: str
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: ColumnRoles
    created_at: datetime
    n_warnings: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Decoded):
    """Data that were uploaded, with what was recognised in them.

    Attributes
    ----------
    kind : {"series", "table"}
    """

    id: str
    name: str
    filename: str
    kind: str
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: ColumnRoles
    columns: list[Column]
    warnings: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(Decoded):
    """The first rows of a data set."""

    columns: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram(Decoded):
    """How many values lie between one edge and the next."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile(Decoded):
    """The values of one column, in figures. `most_frequent` holds pairs of a value and its count."""

    name: str
    type: str
    role: str
    n_missing: int
    n_distinct: int | None = None
    more_distinct: bool = False
    minimum: Any = None
    median: Any = None
    maximum: Any = None
    mean: float | None = None
    standard_deviation: float | None = None
    most_frequent: list[list[Any]] = field(default_factory=list)
    histogram: Histogram | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Decoded):
    """Every column in figures."""

    columns: list[ColumnProfile]
    n_rows: int
