"""Explanations of rows of a table and of steps of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.explanation import Contribution, Explanation
from anomaly_detection.detection.explanation.attribution import attribute, sum_by_source
from anomaly_detection.detection.explanation.counterfactual import columns_to_change
from anomaly_detection.detection.explanation.sentence import describe, describe_step
from anomaly_detection.detection.ports import Algorithm

FloatArray = NDArray[np.float64]


def explain_table(
    algorithm: Algorithm,
    *,
    rows: FloatArray,
    typical: FloatArray,
    sources: NDArray[np.int64],
    names: Sequence[str],
    values: Sequence[Mapping[str, Any]],
    typical_values: Sequence[Any],
    cutoff: float,
) -> list[Explanation]:
    """Explain encoded rows of a table by their input columns.

    Parameters
    ----------
    algorithm : Algorithm
        Fitted.
    rows : array of shape (k, d)
        The encoded rows.
    typical : array of shape (d,)
        The encoded typical row.
    sources : array of shape (d,)
        The input column of each feature, as a position in `names`.
    names, typical_values : sequences of length c
        The input columns and their typical values.
    values : sequence of k mappings
        The rows as they came.
    cutoff : float
        Scores below are normal.
    """
    if len(rows) == 0:
        return []
    method, by_feature = attribute(algorithm, rows, typical)
    by_column = sum_by_source(by_feature, sources, len(names))
    ranking = np.argsort(-by_column, axis=1, kind="stable")
    changes = columns_to_change(algorithm.score, rows, typical, sources, ranking, cutoff)
    explanations = []
    for row, order in enumerate(ranking):
        contributions = tuple(
            Contribution(
                names[column], values[row].get(names[column]), float(by_column[row, column]), typical_values[column]
            )
            for column in order
        )
        changed = changes[row]
        normal = None if changed is None else {names[column]: typical_values[column] for column in changed}
        explanations.append(Explanation(method, contributions, describe(contributions), normal))
    return explanations


def explain_series(
    method: str,
    names: Sequence[str],
    values: Sequence[Mapping[str, Any]],
    contributions: FloatArray,
    expected: FloatArray | None,
) -> list[Explanation]:
    """Explain steps of a series by its columns.

    Parameters
    ----------
    method : str
        Name of the attribution.
    names : sequence of length d
        The columns.
    values : sequence of k mappings
        The values as they came.
    contributions : array of shape (k, d)
        Each column's part of the score.
    expected : array of shape (k, d) or None
        The values that would have been normal.
    """
    explanations = []
    for row, parts in enumerate(contributions):
        items = []
        for column in np.argsort(-parts, kind="stable"):
            normal = None if expected is None else float(expected[row, column])
            items.append(Contribution(names[column], values[row].get(names[column]), float(parts[column]), normal))
        ordered = tuple(items)
        sentence = describe(ordered) if expected is None else describe_step(ordered)
        normal_values = None if expected is None else {item.feature: item.typical for item in ordered}
        explanations.append(Explanation(method, ordered, sentence, normal_values))
    return explanations
