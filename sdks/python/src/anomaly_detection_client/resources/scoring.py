"""Rows scored at once by a stored model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from anomaly_detection_client.content import Table, content_of
from anomaly_detection_client.flow import Answer
from anomaly_detection_client.optional import pyarrow
from anomaly_detection_client.request import NO_LIMIT, Request, given, part, request_for
from anomaly_detection_client.resources.results import ARROW
from anomaly_detection_client.values.models import Scores


def score(
    model_id: str, rows: Iterable[Mapping[str, Any]], *, version: int | None = None, explain: bool = False
) -> Request[Scores]:
    """Score rows.

    Parameters
    ----------
    rows : iterable of mapping
        Value by column; None and NaN are missing. At most 10 000 rows; more go by `score_table`.
    version : int, optional
        By default the one in production, else the newest that was trained.
    explain : bool, default False
        Whether to say of each anomaly why it is one.

    Raises
    ------
    Conflict
        ``models.no_usable_version``.
    InvalidInput
        A column is missing, or a value cannot be used.
    """
    return request_for(
        "POST",
        f"models/{part(model_id)}/score",
        Scores.of,
        params={"version": version, "explain": "true" if explain else None},
        body={"rows": [_without_nan(row) for row in rows]},
        repeatable=True,
        patient=True,
    )


def score_table(model_id: str, table: Table, *, version: int | None = None, explain: bool = False) -> Request[Any]:
    """Score the rows of a table; needs pyarrow.

    Parameters
    ----------
    table : frame of pandas or polars, table of pyarrow, ...
        Anything that Arrow can take, with at most 1 000 000 rows.
    version, explain
        As for `score`.

    Returns
    -------
    pyarrow.Table
        A row for each of the table's, with the columns ``scores``, ``p_values``, ``predictions``, ``confidence_scores``,
        ``severities`` and, where asked for, ``explanations``; what holds for all rows is in the schema's metadata.

    Raises
    ------
    MissingExtra
        ``client.missing_extra``: pyarrow is not installed.
    """
    return Request(
        method="POST",
        path=f"models/{part(model_id)}/score",
        parse=_table,
        params=given({"version": version, "explain": "true" if explain else None}),
        headers={"Content-Type": ARROW, "Accept": ARROW},
        # In one piece, so that its size is known: the server lets only few bodies in whose size it does not know.
        body=b"".join(content_of(table).chunks()),
        repeatable_for=NO_LIMIT,
        patient=True,
    )


def _without_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _table(answer: Answer) -> Any:
    return pyarrow("to read scores").ipc.open_stream(answer.body).read_all()
