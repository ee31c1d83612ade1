"""Data sets on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from anomaly_detection.presentation.api.v1.schemas.common import Answer


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


class DatasetPage(Answer):
    """Data sets, newest first."""

    items: list[Dataset]
    next: str | None = None


class Preview(Answer):
    """The first rows of a data set."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
