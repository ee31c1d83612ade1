"""From rows with times to a regular series and back.

Algorithms for series take values on a regular grid. Real rows come unsorted, doubled, with steps missing, with the hour that
daylight saving repeats or skips, or with no regularity at all. The encoder learns the grid once; later rows fall on the same
grid, so that a step keeps its phase of the day and week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.series import Series

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

VERSION = 1
MAX_STEPS_PER_ROW = 20
"""A grid may have this many steps for each row; sparser data are taken row by row."""
_MIN_STEPS = 1_000
_ON_GRID = 0.2
"""Largest distance from a step, in steps, at which a time counts as regular."""
_REGULAR_SHARE = 0.8
_LATEST = 1e12
"""Seconds from 1970 at which a time counts as missing: 30 000 years."""
_LARGEST = 1e100
"""Beyond, squares of values and of their sums would not be finite."""


@dataclass(frozen=True, slots=True)
class EncodedSeries:
    """A series and the way back to the rows it was made of.

    Attributes
    ----------
    series : Series
        Values on the grid.
    position : array of shape (n,), int64
        Step of each input row, counted from the start of `series`: ``scores[position]`` are the rows' scores.
    notes : list of str
        What had to be done to the rows, for the user.
    """

    series: Series
    position: IntArray
    notes: list[str]


@dataclass(frozen=True, slots=True)
class SeriesEncoder:
    """The grid and the columns' limits, as learnt from training rows.

    Attributes
    ----------
    step_seconds : float or None
        Distance of two steps; None when rows are the steps.
    origin_epoch : float or None
        Time of the first training step in seconds since 1970-01-01 UTC.
    n_steps : int
        Steps of the training grid. Without a clock, later rows are taken to follow it.
    lower, upper : tuple of float
        What minus and plus infinity become in each column: outside the range of the training values.
    fill : tuple of float
        The value of a column that is missing in all rows given: its training median, or 0.
    names : tuple of str
        Column names, for the notes.
    irregular : str
        Why rows are the steps although there are times; empty otherwise.

    Examples
    --------
    >>> times = np.array([0.0, 60.0, 120.0, 240.0])
    >>> values = np.array([[1.0], [2.0], [3.0], [5.0]])
    >>> encoded = SeriesEncoder.learn(times, values).encode(times, values)
    >>> encoded.series.values.ravel().tolist(), encoded.series.observed.tolist(), encoded.position.tolist()
    ([1.0, 2.0, 3.0, 4.0, 5.0], [True, True, True, False, True], [0, 1, 2, 4])
    """

    step_seconds: float | None
    origin_epoch: float | None
    n_steps: int
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    fill: tuple[float, ...]
    names: tuple[str, ...] = ()
    irregular: str = ""

    @classmethod
    def learn(cls, times: NDArray[Any] | None, values: FloatArray, names: Sequence[str] = ()) -> Self:
        """Learn grid and limits.

        Parameters
        ----------
        times : array of shape (n,) or None
            Seconds since 1970-01-01 UTC, int64 or float64; NaN where missing. None: the rows are the steps.
        values : array of shape (n, d)
            NaN is missing; infinities are allowed.
        names : sequence of str, optional
            Column names, for the notes.
        """
        lower, upper, fill = _limits(values)
        known = np.empty(0) if times is None else _known_times(times)
        step, reason = _grid_step(known, len(values))
        return cls(
            step_seconds=step,
            origin_epoch=float(known[0]) if len(known) else None,
            n_steps=len(values) if step is None else 1 + round(float(known[-1] - known[0]) / step),
            lower=lower,
            upper=upper,
            fill=fill,
            names=tuple(names) or tuple(f"column {number}" for number in range(1, values.shape[1] + 1)),
            irregular=reason if times is not None else "",
        )

    def encode(self, times: NDArray[Any] | None, values: FloatArray, *, training: bool = False) -> EncodedSeries:
        """Put rows on the grid.

        Parameters
        ----------
        times : array of shape (n,) or None
            As in `learn`.
        values : array of shape (n, d)
            As in `learn`.
        training : bool, default False
            True for the rows that were learnt from. Matters only without a clock: other rows are taken to follow them.

        Rows on the same step are averaged, steps without a row are interpolated and marked as not observed, infinities are
        taken to the column's limits. Never makes more than `MAX_STEPS_PER_ROW` steps a row.

        Notes
        -----
        O(n d + n log n).
        """
        notes = [self.irregular] if self.irregular else []
        clipped = self._clip(values, notes)
        if len(values) == 0:
            empty = np.empty((0, values.shape[1]))
            return EncodedSeries(Series(empty, np.empty(0, dtype=np.bool_)), np.empty(0, dtype=np.int64), notes)
        placed = _Placement.of(self, times, len(values), notes, 0 if training else self.n_steps)
        sums = np.empty((placed.n_steps, values.shape[1]))
        counts = np.empty((placed.n_steps, values.shape[1]), dtype=np.int64)
        for column in range(values.shape[1]):
            present = ~np.isnan(clipped[:, column])
            where = placed.position[present]
            counts[:, column] = np.bincount(where, minlength=placed.n_steps)
            sums[:, column] = np.bincount(where, weights=clipped[present, column], minlength=placed.n_steps)
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        self._interpolate(means, notes)
        series = Series(
            values=np.ascontiguousarray(means),
            observed=np.asarray((counts > 0).any(axis=1)),
            step_seconds=placed.step_seconds,
            origin=placed.origin,
            start_epoch=placed.start_epoch,
        )
        return EncodedSeries(series, placed.position, notes)

    def state(self) -> dict[str, Any]:
        """Return plain values for the model file."""
        return {
            "version": VERSION,
            "step_seconds": self.step_seconds,
            "origin_epoch": self.origin_epoch,
            "n_steps": self.n_steps,
            "lower": list(self.lower),
            "upper": list(self.upper),
            "fill": list(self.fill),
            "names": list(self.names),
            "irregular": self.irregular,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the encoder that `state` described."""
        return cls(
            step_seconds=state["step_seconds"],
            origin_epoch=state["origin_epoch"],
            n_steps=int(state["n_steps"]),
            lower=tuple(state["lower"]),
            upper=tuple(state["upper"]),
            fill=tuple(state["fill"]),
            names=tuple(state["names"]),
            irregular=str(state["irregular"]),
        )

    def _clip(self, values: FloatArray, notes: list[str]) -> FloatArray:
        infinite = np.isinf(values)
        if infinite.any():
            columns = ", ".join(self.names[column] for column in np.flatnonzero(infinite.any(axis=0)))
            notes.append(f"{int(infinite.sum())} infinite values were taken as just beyond the range seen: {columns}.")
        limited = np.where(np.isposinf(values), np.array(self.upper), values)
        limited = np.where(np.isneginf(values), np.array(self.lower), limited)
        return np.asarray(np.clip(limited, -_LARGEST, _LARGEST), dtype=np.float64)

    def _interpolate(self, means: FloatArray, notes: list[str]) -> None:
        steps = np.arange(len(means))
        for column in range(means.shape[1]):
            missing = np.isnan(means[:, column])
            if not missing.any():
                continue
            if missing.all():
                means[:, column] = self.fill[column]
                notes.append(f"{self.names[column]} has no value at all and was taken as {self.fill[column]:g}.")
                continue
            means[missing, column] = np.interp(steps[missing], steps[~missing], means[~missing, column])


@dataclass(slots=True)
class _Placement:
    """Where each row lies."""

    position: IntArray
    n_steps: int
    step_seconds: float | None = None
    origin: int = 0
    start_epoch: float | None = None

    @classmethod
    def of(
        cls, encoder: SeriesEncoder, times: NDArray[Any] | None, n_rows: int, notes: list[str], follows: int
    ) -> _Placement:
        full = None if times is None else _complete_times(times, encoder.step_seconds or 0.0, notes)
        if full is None:
            return cls(np.arange(n_rows), n_rows, origin=follows)
        if np.any(np.diff(full) < 0):
            notes.append("The rows were not in the order of time; they were sorted for the analysis.")
        if encoder.step_seconds is None or encoder.origin_epoch is None:
            return cls._by_rank(full, follows)
        cell = np.rint((full - encoder.origin_epoch) / encoder.step_seconds)
        first = float(cell.min())
        n_steps = float(cell.max()) - first + 1
        if n_steps > _most_steps(n_rows):
            notes.append(
                f"The times span {n_steps:.3g} steps of {encoder.step_seconds:g} s with only {n_rows} rows; "
                "the rows were taken one after the other instead."
            )
            return cls._by_rank(full, follows)
        position = (cell - first).astype(np.int64)
        _describe(np.bincount(position, minlength=int(n_steps)), notes)
        start = encoder.origin_epoch + first * encoder.step_seconds
        return cls(position, int(n_steps), encoder.step_seconds, int(np.clip(first, -(2**62), 2**62)), start)

    @classmethod
    def _by_rank(cls, times: FloatArray, follows: int) -> _Placement:
        position = np.empty(len(times), dtype=np.int64)
        position[np.argsort(times, kind="stable")] = np.arange(len(times))
        return cls(position, len(times), origin=follows, start_epoch=float(times.min()))


def _describe(rows_per_step: IntArray, notes: list[str]) -> None:
    doubled = int((rows_per_step > 1).sum())
    if doubled:
        notes.append(f"{doubled} steps have several rows (for example where a clock was set back); they were averaged.")
    empty = int((rows_per_step == 0).sum())
    if empty:
        notes.append(f"{empty} of {len(rows_per_step)} steps have no row; they were interpolated and are not judged.")


def _limits(values: FloatArray) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    lower, upper, fill = [], [], []
    for column in values.T:
        finite = np.clip(column[np.isfinite(column)], -_LARGEST, _LARGEST)
        if len(finite) == 0:
            low, high, middle = 0.0, 0.0, 0.0
        else:
            low, high, middle = float(finite.min()), float(finite.max()), float(np.median(finite))
        beyond = 3.0 * (high - low) or max(abs(middle), 1.0)
        lower.append(low - beyond)
        upper.append(high + beyond)
        fill.append(middle)
    return tuple(lower), tuple(upper), tuple(fill)


def _known_times(times: NDArray[Any]) -> FloatArray:
    seconds = _seconds(times)
    return np.unique(seconds[~np.isnan(seconds)])


def _seconds(times: NDArray[Any]) -> FloatArray:
    """Return seconds to the microsecond, which float64 still tells apart; times that cannot be are missing."""
    seconds = np.asarray(times, dtype=np.float64)
    return np.asarray(np.round(np.where(np.abs(seconds) <= _LATEST, seconds, np.nan), 6))


def _complete_times(times: NDArray[Any], step: float, notes: list[str]) -> FloatArray | None:
    """Fill missing times from the rows before and after; None when no time is known."""
    seconds = _seconds(times)
    known = ~np.isnan(seconds)
    if known.all():
        return seconds
    if not known.any():
        notes.append("No row has a time; the rows were taken one after the other.")
        return None
    notes.append(f"{int((~known).sum())} rows have no time; they were placed between the rows around them.")
    rows = np.arange(len(seconds))
    first, last = rows[known][0], rows[known][-1]
    filled = np.interp(rows, rows[known], seconds[known])
    return np.asarray(filled + step * (np.minimum(rows - first, 0) + np.maximum(rows - last, 0)))


def _most_steps(n_rows: int) -> int:
    return max(MAX_STEPS_PER_ROW * n_rows, _MIN_STEPS)


def _grid_step(times: FloatArray, n_rows: int) -> tuple[float | None, str]:
    """Return the usual distance of sorted, distinct times, or None and the reason why there is none."""
    if len(times) < 2:
        return None, "Fewer than two different times are known; the rows were taken one after the other."
    distance = np.diff(times)
    step = _usual_distance(distance)
    multiple = np.maximum(np.rint(distance / step), 1.0)
    regular = np.abs(distance - multiple * step) <= _ON_GRID * step
    if regular.mean() < _REGULAR_SHARE:
        share = f"{100.0 * float(regular.mean()):.0f} %"
        return None, (
            f"The times are not regular (only {share} of the distances are multiples of {step:g} s); "
            "the rows were taken one after the other."
        )
    step = _refined(step, distance[regular], multiple[regular])
    n_steps = float(times[-1] - times[0]) / step + 1
    if n_steps > _most_steps(n_rows):
        return None, (
            f"The times span {n_steps:.3g} steps of {step:g} s with only {n_rows} rows; "
            "the rows were taken one after the other."
        )
    return step, ""


def _usual_distance(distance: FloatArray) -> float:
    """Return the robust mode: the commonest distance if it is common, else the middle of the densest half."""
    values, counts = np.unique(distance, return_counts=True)
    if 2 * counts.max() >= len(distance):
        return float(values[counts.argmax()])
    ordered = np.sort(distance)
    while len(ordered) > 3:
        half = (len(ordered) + 1) // 2
        start = int(np.argmin(ordered[half - 1 :] - ordered[: len(ordered) - half + 1]))
        ordered = ordered[start : start + half]
    return float(np.median(ordered))


def _refined(step: float, distance: FloatArray, multiple: FloatArray) -> float:
    """Return the step that fits all distances: without this a jittered clock would drift off the grid."""
    if np.all(distance == multiple * step):
        return step
    fitted = float(distance.sum() / multiple.sum())
    whole = float(round(fitted))
    # A whole number of seconds, unless the drift over all rows would show it to be wrong.
    if whole > 0 and abs(whole - fitted) * float(multiple.sum()) < 0.5 * whole:
        return whole
    return fitted
