"""Plots: what is drawn, and that nothing else changes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from anomaly_detection import DetectionResult, PlatformError, create_detector
from anomaly_detection.detection.results.drawing import line_of, one_per_cell, score_bins, thin

START = np.datetime64("2026-01-05T00:00:00", "us")


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mpl.use("Agg")
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("a plot is never shown by itself"))
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def series() -> DetectionResult:
    minutes = np.arange(4_000)
    values = 10.0 + 3.0 * np.sin(minutes * 2 * np.pi / 48) + np.random.default_rng(0).normal(scale=0.3, size=4_000)
    values[[2_000, 2_001]] += 15.0
    values[100:140] = np.nan
    return create_detector("stl").detect({"when": START + minutes.astype("timedelta64[m]"), "_load $x$": values})


@pytest.fixture(scope="module")
def table() -> DetectionResult:
    rng = np.random.default_rng(0)
    data: dict[str, Any] = {name: rng.normal(size=400) for name in ("a", "b", "c")}
    data["country"] = np.array(["fr", "de"], dtype=object)[rng.integers(0, 2, 400)]
    data["b"][7], data["a"][9] = 90.0, np.inf
    return create_detector("knn").detect(data)


def drawn(axes: Any) -> bytes:
    figure = axes.figure
    figure.canvas.draw()
    return bytes(figure.canvas.buffer_rgba())


def test_a_series_shows_values_band_and_anomalies(series: DetectionResult) -> None:
    before = dict(mpl.rcParams)
    axes = series.plot()
    labels = [text.get_text().strip() for text in axes.get_legend().get_texts()]
    assert labels[0] == "expected"
    assert labels[1].startswith("_load")
    assert any(label.startswith(("critical", "high")) for label in labels)
    assert axes.get_xlabel() == "time (UTC)"
    marked = sum(len(item.get_offsets()) for item in axes.collections if item.get_label().strip()[-1:] == ")")
    assert marked == series.n_anomalies
    (line,) = axes.lines
    assert np.nanmax(line.get_ydata()) == series.rows.values["_load $x$"][[2_000, 2_001]].max()
    assert len(line.get_xdata()) < 4_600
    assert len(set(drawn(axes))) > 10
    assert dict(mpl.rcParams) == before


def test_a_series_without_times_goes_by_rows() -> None:
    values = np.sin(np.arange(300) * 2 * np.pi / 24)
    values[200] = 9.0
    axes = create_detector("stl").detect(values).plot()
    assert axes.get_xlabel() == "row"
    assert len(set(drawn(axes))) > 10


def test_a_table_shows_scores_and_the_leading_columns(table: DetectionResult) -> None:
    scores, columns = table.plot()
    assert "b" in (columns.get_xlabel(), columns.get_ylabel())
    assert scores.get_yscale() == "log"
    assert len(set(drawn(scores))) > 10
    counted = sum(patch.get_height() for patch in scores.patches)
    assert counted == 400


def test_ax_and_column_choose(table: DetectionResult, series: DetectionResult) -> None:
    _, axes = plt.subplots()
    assert table.plot(axes) is axes
    assert axes.get_xlabel().startswith("score")
    _, axes = plt.subplots()
    assert table.plot(axes, column="c") is axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("c", "score")
    _, axes = plt.subplots()
    table.plot(axes, column=["a", "c"])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("a", "c")
    _, axes = plt.subplots()
    assert series.plot(axes) is axes


@pytest.mark.parametrize(
    ("column", "code"),
    [("d", "unknown_column"), ("country", "column_not_drawable"), (["a", "b", "c"], "invalid_parameter")],
)
def test_columns_that_cannot_be_drawn_are_told(table: DetectionResult, column: Any, code: str) -> None:
    with pytest.raises(PlatformError) as caught:
        table.plot(column=column)
    assert caught.value.code == f"detection.{code}"


def test_times_are_drawn_as_times_and_the_legend_counts_all() -> None:
    when = START + np.random.default_rng(0).integers(0, 10**6, 500).astype("timedelta64[s]")
    data = {"a": np.repeat([1.0, 2.0, 50.0], [250, 230, 20]), "when": when}
    result = create_detector("knn").detect(data).with_contamination(0.04)
    for names in (["when", "a"], ["a", "when"]):
        _, axes = plt.subplots()
        result.plot(axes, column=names)
        axis = axes.xaxis if names[0] == "when" else axes.yaxis
        drawn(axes)
        assert all(":" in label.get_text() or "-" in label.get_text() for label in axis.get_ticklabels())
        counts = [text.get_text() for text in axes.get_legend().get_texts()][1:]
        assert sum(int(text.partition("(")[2][:-1]) for text in counts) == result.n_anomalies


def test_nothing_flagged_and_one_score_only_are_drawn(table: DetectionResult) -> None:
    nothing = table.with_threshold("score", 1e9)
    assert nothing.n_anomalies == 0
    drawn(nothing.plot()[0])
    same = create_detector("knn").detect({"a": [1.0] * 30})
    panels = np.atleast_1d(same.plot())
    for axes in panels:
        drawn(axes)
    assert all(np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all() for axes in panels)


def test_without_matplotlib_the_extra_is_named(table: DetectionResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlatformError, match=r"anomaly-detection\[plot\]"):
        table.plot()


def test_thinning_keeps_extremes_and_gaps(series: DetectionResult) -> None:
    line = line_of(series, "_load $x$")
    kept = thin(line.x, [line.values], 50)
    assert kept.size < 250
    assert np.all(np.diff(kept) > 0)
    values = line.values[kept]
    assert (np.nanmax(values), np.nanmin(values)) == (np.nanmax(line.values), np.nanmin(line.values))
    assert np.isnan(values).any()
    assert thin(line.x[:80], [line.values[:80]], 50).size == 80


def test_cells_and_bins() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 10_000))
    x[0] = np.nan
    kept = one_per_cell(x, y, (20, 20))
    assert 50 < kept.size <= 400
    assert 0 not in kept
    counts, edges = score_bins(np.arange(100.0), 90.0, 20)
    assert counts[edges[:-1] >= 90.0].sum() == 10
    assert counts.sum() == 100
    assert score_bins(np.ones(5), 1.0, 20)[0].tolist() == [5]
    assert score_bins(np.arange(10.0), 99.0, 5)[0].sum() == 10


@pytest.mark.parametrize("algorithm", ["knn", "stl"])
def test_the_ends_of_the_calendar_are_drawn(algorithm: str) -> None:
    times = np.array(["0001-01-01"] * 30 + ["9999-12-31"] * 30, "datetime64[s]")
    values = np.random.default_rng(0).normal(size=60)
    result = create_detector(algorithm).detect({"when": times, "v": values}).with_contamination(0.1)
    result.plot()
    plt.gcf().canvas.draw()
    assert "<svg" in result.to_html()


@pytest.mark.parametrize("name", ["\x00a", "\x1b[31m", "long" * 200])
def test_names_that_cannot_be_drawn_do_no_harm(name: str) -> None:
    values = np.random.default_rng(0).normal(size=60)
    times = START + np.arange(60).astype("timedelta64[h]")
    create_detector("stl").detect({"when": times, name: values}).plot()
    plt.gcf().canvas.draw()
    assert len(plt.gcf().axes[0].get_ylabel()) < 70


def test_the_largest_numbers_are_drawn() -> None:
    values = np.random.default_rng(0).uniform(-1.7, 1.7, size=(60, 2)) * 1e308
    create_detector("hbos").detect(values).plot()
    plt.gcf().canvas.draw()
    assert all(np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all() for ax in plt.gcf().axes)
