"""The report: what it says, that it escapes everything, and that a real browser shows it without a complaint."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

from anomaly_detection import DetectionResult, create_detector
from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold
from anomaly_detection.detection.results import Rows

START = np.datetime64("2026-01-05T00:00:00", "us")
EVIL = "<script>alert(1)</script>\"'&\u202e"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Outline(HTMLParser):
    """The tags of a page, in order, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture(scope="module")
def series() -> DetectionResult:
    hours = np.arange(2_000)
    values = 10.0 + 3.0 * np.sin(hours * 2 * np.pi / 24) + np.random.default_rng(0).normal(scale=0.3, size=2_000)
    values[[200, 201, 202, 1_400]] += 15.0
    return create_detector("stl").detect({"time": START + hours.astype("timedelta64[h]"), "load": values})


@pytest.fixture(scope="module")
def table() -> DetectionResult:
    rng = np.random.default_rng(0)
    data: dict[str, Any] = {
        f"column {EVIL}": rng.normal(size=300),
        "amount": rng.normal(50, 5, 300),
        "a" * 300: np.array([EVIL, "x" * 500, None], dtype=object)[rng.integers(0, 3, 300)],
        **{f"c{place}": rng.normal(size=300) for place in range(5)},
    }
    data["amount"][[3, 4, 5]] = [np.inf, 9_999.0, np.nan]
    data["c1"][9] = 70.0
    return create_detector("knn").detect(data)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    named = os.environ.get("ANOMALY_DETECTION_TEST_CHROMIUM")
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found is not None, "No Chromium is installed: run scripts/install_system_packages.sh."
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield started
        started.close()


def test_a_series_is_told_from_verdict_to_code(series: DetectionResult) -> None:
    page = Outline(series.to_html(title="Load of January"))
    assert page.open == []
    assert page.tags.count("h1") == 1
    for words in (
        "Load of January",
        "stand out, in 2 events",
        "where",
        "Events",
        "close up",
        "fdr",
        "p-value",
        "Confidence",
    ):
        assert words in page.text
    assert f"assert result.n_anomalies == {series.n_anomalies}" in page.text
    assert "with_threshold" not in page.text
    assert ".with_threshold('alert_rate', 3.0)" in Outline(series.with_alert_rate(3).to_html()).text


def test_the_code_repeats_the_result(series: DetectionResult, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Outline(series.with_contamination(0.01).to_html()).text
    code = text[text.index("from anomaly_detection import") : text.index("Made by")]
    data = {"time": series.rows.time, "load": series.rows.values["load"]}
    monkeypatch.setattr("anomaly_detection.load_dataset", lambda name: data, raising=False)
    names: dict[str, object] = {}
    exec(compile(code, "report", "exec"), names)
    repeated = names["result"]
    assert isinstance(repeated, DetectionResult)
    assert np.array_equal(repeated.predictions, series.with_contamination(0.01).predictions)


def test_everything_from_outside_is_escaped(table: DetectionResult) -> None:
    evil = DetectionResult(
        table.scores,
        table.calibrator,
        table.threshold,
        algorithm=EVIL,
        parameters={EVIL: EVIL},
        rows=Rows(table.rows.values, entity=np.full(300, EVIL, dtype=object), row_id=np.full(300, EVIL, dtype=object)),
        dataset={**table.dataset, "name": EVIL, "fingerprint": EVIL},
        metadata={"warnings": [EVIL], "library_version": EVIL, "seed": EVIL},
        model_id=EVIL,
        explain=table.explain,
    )
    for page in (
        evil.to_html(),
        evil.to_html(title=EVIL),
        evil.with_threshold("score", 1e9).to_html(),
        evil._repr_html_(),
    ):
        assert "<script" not in page
        assert "\u202e" not in page
        outline = Outline(page)
        assert outline.open == []
        assert set(outline.tags) <= {
            "html", "head", "meta", "title", "style", "body", "main", "header", "section", "footer", "h1", "h2", "h3", "p", "b",
            "dl", "dt", "dd", "div", "span", "small", "ul", "li", "figure", "figcaption", "svg", "path", "rect", "text", "table",
            "caption", "thead", "tbody", "tr", "th", "td", "br", "details", "summary", "pre", "code",
        }  # fmt: skip
        assert not [name for _, name, _ in outline.attributes if name.startswith("on") or name in {"src", "href"}]


def test_what_is_not_finite_is_said_in_words(table: DetectionResult) -> None:
    for page in (
        table.to_html(),
        table.with_contamination(0.3).to_html(),
        table.with_threshold("score", 1e9).to_html(),
    ):
        assert not re.search(r"\b(nan|NaN|inf|Infinity|NaT|None(?! of))\b", Outline(page).text)
        assert not re.search(r'(?:d|x|y|width|height)="[^"]*(?:nan|inf)', page)
    assert "amount is infinite" in Outline(table.to_html()).text


def test_nothing_flagged_is_said_plainly(table: DetectionResult) -> None:
    page = Outline(table.with_threshold("score", 1e9).to_html())
    assert "Nothing was flagged" in page.text
    assert "None of these is flagged" in page.text
    assert page.open == []


def test_the_page_stays_small() -> None:
    n = 60_000
    rng = np.random.default_rng(0)
    scores, values = rng.exponential(size=n), rng.normal(size=n)
    rows = Rows(
        {"a": values, "b": values**3},
        time=START + np.arange(n).astype("timedelta64[m]"),
        expected={"a": values * 0},
        scale={"a": np.ones(n)},
    )
    for kind in ("series", "table"):
        made = DetectionResult(
            scores, Calibrator.learn(scores), Threshold("score", 0.9, 0.9), "knn", rows=rows, kind=kind,
            dataset={"roles": {"features": ["a", "b"]}},
        )  # fmt: skip
        assert made.n_anomalies > 20_000
        assert len(made.to_html()) < 1_000_000


def test_odd_results_are_reported() -> None:
    one = create_detector("knn").detect([[1.0]])
    same = create_detector("knn").detect({"a": ["x"] * 30, "b": [1] * 30})
    huge = create_detector("modified_zscore").detect({"a": [*range(50), 1.7e308, -1.7e308]})
    bare = DetectionResult(np.arange(5.0), one.calibrator, Threshold("score", 3.0, 3.0), "knn")
    flat = DetectionResult(
        np.arange(5.0), one.calibrator, Threshold("score", 3.0, 3.0), "stl", kind="series",
        rows=Rows({"a": np.full(5, np.nan)}, time=np.full(5, "NaT", dtype="datetime64[us]")),
    )  # fmt: skip
    for result in (one, same, huge, bare, flat):
        page = Outline(result.to_html())
        assert page.open == []
        assert "What was judged" in page.text
        assert result._repr_html_()


def test_the_notebook_shows_the_strongest(series: DetectionResult) -> None:
    page = Outline(series._repr_html_())
    assert page.tags.count("tr") == 1 + min(5, series.n_anomalies)
    assert "stl" in page.text
    assert "Nothing was flagged" in Outline(series.with_threshold("score", 1e9)._repr_html_()).text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1_200])
def test_a_real_browser_has_no_complaint(
    series: DetectionResult, table: DetectionResult, browser: Browser, tmp_path: Path, width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    complaints: list[str] = []
    for name, result in (("series", series), ("table", table), ("none", table.with_threshold("score", 1e9))):
        path = result.write_report(tmp_path / f"{name}.html")
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(16, 19, 26)" if scheme == "dark" else "rgb(246, 247, 249)"
        )
        shown = page.locator("svg[role=img]:visible")
        assert shown.count() >= 1
        assert all(shown.nth(place).get_attribute("aria-label") for place in range(shown.count()))
    context.close()
    assert complaints == []
