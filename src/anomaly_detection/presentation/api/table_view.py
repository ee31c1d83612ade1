"""A judged table as its charts need it: how the scores are distributed, two columns against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.presentation.api.charts import accuracy, cutoff_curve, histogram, plain, scattered
from anomaly_detection.shared.errors import InvalidInput, did_you_mean

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult


def distribution_view(result: DetectionResult, bins: int, *, logarithmic: bool = False) -> dict[str, Any]:
    """Return the histogram of the scores and what each cutoff would mean; with labels also what it would be worth."""
    edges, counts = histogram(result.scores, bins, logarithmic=logarithmic)
    score, n_anomalies, p_value = cutoff_curve(result.scores, result.p_values)
    curve: dict[str, Any] = {"score": score, "n_anomalies": n_anomalies, "p_value": p_value}
    labels = known_anomalies(result)
    precision, recall = (None, None) if labels is None else accuracy(result.scores, labels, score, n_anomalies)
    return {
        "edges": edges,
        "counts": counts,
        "score_cutoff": result.threshold.to_dict()["score_cutoff"],
        "curve": {**curve, "precision": precision, "recall": recall},
    }


def known_anomalies(result: DetectionResult) -> NDArray[np.bool_] | None:
    """Return which rows the data's own label calls anomalies, or None where it calls none so; a missing label is none."""
    name = result.dataset.get("roles", {}).get("label")
    values = result.rows.values.get(name) if name else None
    if values is None:
        return None
    labels = np.array([value is True or value == 1 for value in values]) if values.dtype == object else values == 1.0
    return labels if labels.any() else None


def scatter_view(result: DetectionResult, x: str | None, y: str | None, points: int) -> dict[str, Any]:
    """Return two columns against each other, with about `points` normal rows and every flagged one.

    Raises
    ------
    InvalidInput
        ``data.unknown_column``: there is no such column of numbers.
    """
    first, second = _chosen(result, x, y)
    rows = scattered(np.flatnonzero(result.predictions), result.scores, result.n_rows, points)

    def drawn(name: str) -> dict[str, Any]:
        return {"name": name, "values": plain(result.rows.values[name][rows])}

    return {
        "x": drawn(first),
        "y": drawn(second),
        "score": plain(result.scores[rows]),
        "prediction": result.predictions[rows].tolist(),
        "index": rows.tolist(),
        "n_total": result.n_rows,
    }


def _chosen(result: DetectionResult, x: str | None, y: str | None) -> tuple[str, str]:
    """Return the columns asked for; where none is, the judged ones that stand first."""
    numbers = [name for name, values in result.rows.values.items() if values.dtype == np.float64]
    for name in (x, y):
        if name is not None and name not in numbers:
            raise InvalidInput(
                f"The data have no column of numbers {name!r}.",
                code="data.unknown_column",
                hint=did_you_mean(name, numbers),
                details={"column": name},
            )
    features = result.dataset.get("roles", {}).get("features", ())
    usual = [*(name for name in features if name in numbers), *numbers]
    if not usual:
        raise InvalidInput(
            "The data have no column of numbers.", code="data.unknown_column", hint="Look at the anomalies instead."
        )
    first = x or next((name for name in usual if name != y), usual[0])
    return first, y or next((name for name in usual if name != first), first)
