"""What every picture of a result needs: what to draw, thinned to what the eye can tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.severity import Severity
from anomaly_detection.detection.errors import InvalidParameter
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.shared.errors import did_you_mean

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEVERITIES = tuple(item.value for item in Severity)
_LARGEST = 4e307
_EXPLAINED = 50
"""So many anomalies say which columns matter most."""


@dataclass(frozen=True, slots=True)
class Line:
    """One column of a series, ready to draw, in the order of time.

    Attributes
    ----------
    name : str
        The column.
    x : array of shape (n,)
        Seconds since 1970 UTC, or the number of the row where there are no times.
    timed : bool
        Which of the two.
    values : array of shape (n,)
        NaN where missing or infinite.
    expected, low, high : array of shape (n,) or None
        The value that would have been normal, and where normal ends.
    marked : array of shape (k,)
        Positions of the anomalies, and in `ranks` their severity from 0 to 3.
    """

    name: str
    x: FloatArray
    timed: bool
    values: FloatArray
    expected: FloatArray | None
    low: FloatArray | None
    high: FloatArray | None
    marked: IntArray
    ranks: IntArray

    def between(self, start: float, end: float) -> Line:
        """Return the part from `start` to `end`."""
        first, last = np.searchsorted(self.x, start, "left"), np.searchsorted(self.x, end, "right")
        inside = (self.marked >= first) & (self.marked < last)

        def cut(values: FloatArray | None) -> FloatArray | None:
            return None if values is None else values[first:last]

        return Line(
            self.name,
            self.x[first:last],
            self.timed,
            self.values[first:last],
            cut(self.expected),
            cut(self.low),
            cut(self.high),
            self.marked[inside] - first,
            self.ranks[inside],
        )


def line_of(result: Judged, column: str) -> Line:
    """Return one column of a series with its band and its anomalies; rows without a time are left out."""
    n = result.n_rows
    times = result.rows.time
    ranks = np.full(n, -1)
    ranks[result.ranking] = result.severity_ranks
    if times is None:
        x, order = np.arange(n, dtype=np.float64), np.arange(n)
    else:
        x = times.astype("datetime64[us]").astype(np.int64) / 1e6
        order = np.argsort(times, kind="stable")
        order = order[~np.isnat(times[order])]
    band = result.band(column)
    expected = result.rows.expected.get(column)
    marked = np.flatnonzero(ranks[order] >= 0)
    return Line(
        name=column,
        x=x[order],
        timed=times is not None,
        values=finite(result.rows.values[column])[order],
        expected=None if expected is None else finite(expected)[order],
        low=None if band is None else finite(band[0])[order],
        high=None if band is None else finite(band[1])[order],
        marked=marked,
        ranks=ranks[order][marked],
    )


def finite(values: NDArray[Any]) -> FloatArray:
    """Return numbers, with NaN for those that cannot be drawn; times become seconds."""
    if values.dtype.kind == "M":
        numbers = values.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(values), np.nan, numbers)
    numbers = values.astype(np.float64)
    # The ends of an axis must be a finite difference apart, with room beside them.
    return np.where(np.isfinite(numbers), np.clip(numbers, -_LARGEST, _LARGEST), np.nan)


def thin(x: FloatArray, columns: Sequence[FloatArray | None], buckets: int) -> IntArray:
    """Choose the rows to draw: of each bucket the first, the least and the greatest of each column.

    Parameters
    ----------
    x : array of shape (n,)
        Ascending.
    columns : sequence of arrays of shape (n,) or None
        What is drawn; NaN is a gap, and one row of each gap stays.
    buckets : int
        About as many as the picture has pixels.

    Returns
    -------
    array of int
        Positions, ascending; all where they are few.

    Notes
    -----
    O(n) per column.
    """
    n = x.size
    if n <= 2 * buckets:
        return np.arange(n)
    place = np.clip(((x - x[0]) / max(x[-1] - x[0], 1e-300) * buckets).astype(np.int64), 0, buckets - 1)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    chosen = np.zeros(n, dtype=bool)
    chosen[starts] = chosen[-1] = True
    for column in columns:
        if column is None:
            continue
        missing = np.isnan(column)
        for filled in (np.where(missing, np.inf, column), np.where(missing, np.inf, -column)):
            least = np.minimum.reduceat(filled, starts)
            hits = np.flatnonzero(filled == np.repeat(least, np.diff(starts, append=n)))
            _, first = np.unique(place[hits], return_index=True)
            chosen[hits[first]] = True
        chosen |= missing & ~np.concatenate(([False], missing[:-1])) & (np.count_nonzero(missing) < buckets)
    return np.flatnonzero(chosen)


def series_columns(result: Judged, most: int) -> list[str]:
    """Return the columns of a series to draw: those that its anomalies are flagged for most, in the data's order."""
    names = [name for name in result.dataset.get("roles", {}).get("features", []) if name in result.rows.values]
    names = [name for name in names if is_numeric(result.rows.values[name])] or numeric_columns(result)
    if len(names) <= most:
        return names
    leading = leading_columns(result)
    kept = sorted(names, key=lambda name: leading.index(name) if name in leading else len(leading))[:most]
    return [name for name in names if name in kept]


def leading_columns(result: Judged, most: int = _EXPLAINED) -> list[str]:
    """Return the columns that contribute to the strongest anomalies, those that matter most first."""
    shares = column_shares(result, most)
    return sorted(shares, key=lambda name: -shares[name])


def column_shares(result: Judged, most: int = _EXPLAINED) -> dict[str, float]:
    """Return what part of the strongest anomalies' scores each column carries on average; empty without explanations.

    Where nothing is flagged, those of the highest scores.
    """
    shares: Counter[str] = Counter()
    strongest = result.ranking[:most] if result.n_anomalies else np.argsort(-result.scores, kind="stable")[:most]
    explained = result.explanations_of(strongest)
    for explanation in explained.values():
        positive = {item.feature: max(item.contribution, 0.0) for item in explanation.contributions}
        total = sum(positive.values())
        if total > 0 and np.isfinite(total):
            for name, part in positive.items():
                shares[name] += part / total / len(explained)  # type: ignore[assignment]
    return dict(shares)


def numeric_columns(result: Judged) -> list[str]:
    """Return the columns that were judged and hold numbers or times; where it is not known which, all such columns."""
    features = result.dataset.get("roles", {}).get("features") or list(result.rows.values)
    return [name for name in features if name in result.rows.values and is_numeric(result.rows.values[name])]


def is_numeric(values: NDArray[Any]) -> bool:
    """Whether a column can be drawn."""
    return values.dtype.kind in "biufM"


def table_columns(result: Judged) -> list[str]:
    """Return the two columns, or the one, that show the anomalies of a table best."""
    values = result.rows.values
    # Times tell less than numbers: they come last.
    numeric = sorted(numeric_columns(result), key=lambda name: values[name].dtype.kind == "M")
    leading = [name for name in leading_columns(result) if name in numeric]
    ordered = [*leading, *(name for name in numeric if name not in leading)]
    return sorted(ordered, key=lambda name: values[name].dtype.kind == "M")[:2]


def checked_columns(result: Judged, column: str | Sequence[str]) -> list[str]:
    """Return the columns that are asked for.

    Raises
    ------
    InvalidParameter
        There is no such column, or it holds neither numbers nor times.
    """
    names = [column] if isinstance(column, str) else list(column)
    for name in names:
        if name not in result.rows.values:
            raise InvalidParameter(
                f"There is no column {name!r} to draw.",
                code="detection.unknown_column",
                hint=did_you_mean(str(name), list(result.rows.values)),
                details={"column": str(name)},
            )
        if not is_numeric(result.rows.values[name]):
            raise InvalidParameter(
                f"The column {name!r} holds neither numbers nor times, so it cannot be drawn.",
                code="detection.column_not_drawable",
                hint="Name a column of numbers, or leave column out.",
                details={"column": name},
            )
    return names


def one_per_cell(x: FloatArray, y: FloatArray, cells: tuple[int, int]) -> IntArray:
    """Return the first row of each cell of a grid over the points: what is left looks the same."""
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if good.size == 0:
        return good

    def place(values: FloatArray, count: int) -> IntArray:
        low, high = values.min(), values.max()
        # Halves keep the difference of the largest floats finite.
        scaled = (values / 2 - low / 2) / max(high / 2 - low / 2, 1e-300) * count
        cell: IntArray = np.minimum(scaled.astype(np.int64), count - 1)
        return cell

    _, first = np.unique(place(x[good], cells[0]) * cells[1] + place(y[good], cells[1]), return_index=True)
    kept: IntArray = np.sort(good[first])
    return kept


def score_bins(scores: FloatArray, cutoff: float, bins: int) -> tuple[IntArray, FloatArray]:
    """Return counts (bins,) and edges (bins + 1,) of the scores; the cutoff, if it lies among them, is an edge."""
    low, high = float(scores.min()), float(scores.max())
    if not low < high:
        return np.array([scores.size]), np.array([low - 0.5, low + 0.5])
    if not low < cutoff <= high:
        counts, edges = np.histogram(scores, bins=bins, range=(low, high))
        return counts.astype(np.int64), edges
    below = int(np.clip(round((cutoff - low) / (high - low) * bins), 1, bins - 1))
    edges = np.unique(
        np.concatenate([np.linspace(low, cutoff, below + 1), np.linspace(cutoff, high, bins - below + 1)])
    )
    # Each bin but the last is open above, so that a score at the cutoff counts as flagged.
    return np.histogram(scores, bins=edges)[0].astype(np.int64), edges
