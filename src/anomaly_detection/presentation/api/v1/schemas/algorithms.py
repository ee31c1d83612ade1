"""Algorithms on the wire."""

from __future__ import annotations

from typing import Any

from anomaly_detection.presentation.api.v1.schemas.common import Answer


class Algorithm(Answer):
    """What the catalogue tells of one algorithm; `parameters` is a JSON schema."""

    name: str
    family: str
    kinds: list[str]
    summary: str
    parameters: dict[str, Any]
    online: bool
    causal: bool
    independent_rows: bool
    min_rows: int
    extra: str | None = None
    installed: bool
    reference: str


class AlgorithmList(Answer):
    """All algorithms of a kind."""

    items: list[Algorithm]
