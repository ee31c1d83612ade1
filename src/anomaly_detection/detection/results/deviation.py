"""Why a row was judged as it was, from its values alone: for rows whose detector is gone and left no explanation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.explanation import Contribution, Explanation
from anomaly_detection.detection.explanation.sentence import describe, describe_step
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.rows import plain

METHOD = "deviation"
SAMPLE_ROWS = 100_000
_SAMPLE_CELLS = 2_000_000
_NORMAL_MAD = 1.4826
"""The standard deviation of normal values is so many median absolute deviations."""


def explain_by_deviation(result: Judged, index: int) -> Explanation:
    """Explain one row by how far its values lie from what is usual.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    index : int
        The row.

    Returns
    -------
    Explanation
        Its contributions are robust standard deviations and not units of the score: of a series from the expected value, of a
        table from the column's median. A text that is not the most frequent one contributes the powers of ten by which it is
        rare.

    Notes
    -----
    Looks at about 100 000 rows spread evenly over the data, at fewer where there are many columns.
    """
    rows = result.rows
    if rows.expected and rows.scale:
        made = [_step(name, result, index) for name in rows.expected if name in rows.scale]
    else:
        columns = judged_columns(result)
        sample = sampled_rows(result.n_rows, len(columns))
        made = [_usual(name, column, column[index], column[sample]) for name, column in columns.items()]
    ordered = tuple(sorted(made, key=lambda item: -item.contribution))
    said = describe_step(ordered) if rows.expected and ordered else describe(ordered)
    return Explanation(METHOD, ordered, said)


def judged_columns(result: Judged) -> dict[str, NDArray[Any]]:
    """Return the columns by which rows were judged; all but times where the result does not name them."""
    features = result.dataset.get("roles", {}).get("features") or list(result.rows.values)
    values = result.rows.values
    return {name: values[name] for name in features if name in values and values[name].dtype.kind != "M"}


def sampled_rows(n_rows: int, n_columns: int) -> NDArray[np.int64]:
    """Return rows spread evenly over the data: so many that looking at all their columns takes some milliseconds."""
    count = min(SAMPLE_ROWS, max(1000, _SAMPLE_CELLS // max(n_columns, 1)))
    return np.arange(0, n_rows, -(-n_rows // count))


def middle_and_scale(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median of the finite values and a robust standard deviation, which is never 0.

    Examples
    --------
    >>> middle_and_scale(np.array([1.0, 2.0, 3.0, np.nan]))
    (2.0, 1.4826)
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    middle = float(np.median(known))
    scale = _NORMAL_MAD * float(np.median(np.abs(known - middle))) or float(known.std())
    return middle, scale if np.isfinite(scale) and scale > 0.0 else 1.0


def _step(name: str, result: Judged, index: int) -> Contribution:
    value, expected = result.rows.values[name][index], float(result.rows.expected[name][index])
    scale = float(result.rows.scale[name][index])
    distance = abs(float(value) - expected) / scale if scale > 0.0 else 0.0
    return Contribution(name, plain(value), distance if np.isfinite(distance) else 0.0, plain(expected))


def _usual(name: str, column: NDArray[Any], value: Any, sample: NDArray[Any]) -> Contribution:
    if column.dtype == object:
        known, counts = np.unique([str(item) for item in sample if item is not None] or [""], return_counts=True)
        usual = str(known[counts.argmax()])
        share = counts[known == str(value)].sum() / max(len(sample), 1)
        rarity = -float(np.log10(max(share, 1.0 / max(len(sample), 1))))
        return Contribution(name, plain(value), 0.0 if str(value) == usual else rarity, usual)
    middle, scale = middle_and_scale(sample)
    distance = abs(float(value) - middle) / scale
    return Contribution(name, plain(value), distance if np.isfinite(distance) else 0.0, plain(middle))
