"""Seasonal-trend decomposition beside statsmodels, and from raw rows to scores."""

from __future__ import annotations

import numpy as np
from statsmodels.tsa.seasonal import STL as Reference  # noqa: N811

from anomaly_detection.detection.algorithms.timeseries import stl_kernel
from anomaly_detection.detection.algorithms.timeseries.stl import STL
from anomaly_detection.detection.encoding.series import SeriesEncoder
from benchmarks.measure import Figure, fresh_process, repeat, seconds

COLD = """
import json, time
started = time.perf_counter()
import numpy as np
from anomaly_detection.detection.algorithms.timeseries.stl import STL
from anomaly_detection.detection.domain.series import Series
step = np.arange(10_320)
values = np.sin(2 * np.pi * step / 336)[:, None] + np.random.default_rng(0).normal(size=(10_320, 1))
STL().fit_score(Series(values, np.ones(10_320, dtype=bool), 1800.0))
print(json.dumps({"elapsed": time.perf_counter() - started}))
"""


def measure() -> list[Figure]:
    """Measure the kernel, the algorithm and the encoder."""
    figures = [*beside_statsmodels(10_320, 336, 5), *beside_statsmodels(100_000, 1_440, 1)]
    for n in (10_320, 1_000_000):
        figures += rows_to_scores(n)
    value, note = repeat(lambda: fresh_process(COLD)["elapsed"], 3)
    figures.append(Figure("fresh process to the scores of 10 320 rows", value, "s", "at most 2 s", note))
    return figures


def wave(n: int, period: int) -> np.ndarray:
    """Return a season with noise that has heavy tails."""
    step = np.arange(n)
    return np.asarray(np.sin(2.0 * np.pi * step / period) + 0.3 * np.random.default_rng(0).standard_t(3, n))


def beside_statsmodels(n: int, period: int, times: int) -> list[Figure]:
    """Time both with equal settings: robust, 15 rounds of 2 passes, the default windows, jumps of a tenth of a window."""
    y = wave(n, period)
    trend = int(np.ceil(1.5 * period / (1.0 - 1.5 / 7))) | 1
    low_pass = (period + 1) | 1
    jumps = (1, round(trend / 10), round(low_pass / 10))

    def ours() -> tuple[np.ndarray, ...]:
        parts = stl_kernel.decompose(y, np.ones(n), period, (7, trend, low_pass), (1, 1, 1), jumps, 2, 15, -1.0)
        return tuple(parts)

    def theirs() -> object:
        model = Reference(
            y, period, 7, trend, low_pass, robust=True, seasonal_jump=1, trend_jump=jumps[1], low_pass_jump=jumps[2]
        )
        return model.fit(inner_iter=2, outer_iter=15)

    difference = float(np.abs(ours()[0] - theirs().trend).max())  # type: ignore[attr-defined]
    own, own_note = repeat(lambda: seconds(ours), times)
    other, other_note = repeat(lambda: seconds(theirs), times)
    return [
        Figure(f"STL kernel, n = {n}, period {period}", 1e3 * own, "ms", note=f"{own_note} s"),
        Figure("statsmodels, equal settings", 1e3 * other, "ms", note=f"{other_note} s"),
        Figure("times faster", other / own, "x", "at least 1 x", f"trends differ by at most {difference:.1g}"),
    ]


def rows_to_scores(n: int) -> list[Figure]:
    """Time encoding and scoring of half-hourly rows with a weekly season."""
    times = 1_404_172_800.0 + 1_800.0 * np.arange(n)
    values = wave(n, 336)[:, None]
    encode = seconds(lambda: SeriesEncoder.learn(times, values).encode(times, values))
    series = SeriesEncoder.learn(times, values).encode(times, values).series
    stl = STL()
    fit = seconds(lambda: stl.fit_score(series))
    later = seconds(lambda: stl.score(series))
    return [
        Figure(f"rows to grid, n = {n}", 1e3 * encode, "ms"),
        Figure(f"find the season, fit and score, n = {n}", fit, "s", "at most 1 s" if n < 20_000 else ""),
        Figure(f"score, n = {n}", later, "s"),
    ]
