"""The dashboard in a real Chromium: its first page on a cold cache, and the first chart of a series of 100 000 points.

The browser is steered by Playwright, a dependency of the tests, and draws without a graphics card.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anomaly_detection.presentation.web.dashboard import STATIC
from benchmarks.measure import Figure, repeat
from benchmarks.server import PASSWORD, Client, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

POINTS = 100_000
TIMES = 5
STEPS = 60
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_DRAWN = """
() => [...document.querySelectorAll('.uplot canvas')].some((canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value) => value !== 0);
})
"""
_FRAMES = """
(steps) => new Promise((resolve) => {
  const plot = document.querySelector('.u-over');
  const box = plot.getBoundingClientRect();
  const spans = [];
  let last = performance.now();
  let left = steps;
  const step = () => {
    const now = performance.now();
    spans.push(now - last);
    last = now;
    if (left-- === 0) return resolve(spans.slice(1));
    const x = box.left + (box.width * (left % 60)) / 60;
    plot.dispatchEvent(new MouseEvent('mousemove', { clientX: x, clientY: box.top + 50, bubbles: true }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""


def measure() -> list[Figure]:
    """Measure what the browser downloads first, the first page, and the first chart."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, server(Path(folder) / "data") as (_, client, one_time):
        client.sign_in(one_time_token=one_time, new_password=PASSWORD)
        address = _detection(client, Path(folder))
        with sync_playwright() as playwright, _browser(playwright) as browser:
            return [*_bundle(), _first_paint(browser, client.url), *_chart(browser, client.url, address)]


def _bundle() -> list[Figure]:
    page = (STATIC / "index.html").read_text("utf-8")
    sizes = {
        file.name: len(gzip.compress(file.read_bytes(), 9))
        for file in (STATIC / "assets").iterdir()
        if file.suffix in {".js", ".css"}
    }
    first = sum(size for name, size in sizes.items() if name in page)
    note = f"gzip, {len(sizes)} files; all of them {sum(sizes.values()) / 1000:.0f} kB"
    return [Figure("first load of the dashboard", first / 1000, "kB", "under 300 kB", note)]


def _detection(plain: Client, folder: Path) -> str:
    """Judge a series of 100 000 points; return its page's address."""
    random = np.random.default_rng(1)
    minutes = np.arange(POINTS)
    load = 100 + 20 * np.sin(minutes * 2 * np.pi / 1440) + random.normal(0, 1, POINTS)
    load[random.choice(POINTS, 20, replace=False)] += 40
    moments = np.datetime64("2026-01-01T00:00:00") + minutes.astype("timedelta64[m]")
    file = folder / "load.csv"
    file.write_text("\n".join(["moment,load", *(f"{m}Z,{v:.3f}" for m, v in zip(moments, load, strict=True)), ""]))
    with plain.sdk() as client:
        dataset = client.datasets.upload(file)
        ordered = client.detections.start(dataset.id, algorithm="stl", parameters={"period": 1440})
        detection = client.detections.wait(ordered.id)
    return f"/detections/{detection.id}"


@contextmanager
def _browser(playwright: Any) -> Iterator[Browser]:
    path = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
    yield browser
    browser.close()


def _first_paint(browser: Browser, url: str) -> Figure:
    def once() -> float:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{url}/sign-in")
        page.get_by_label("User name").wait_for()
        while (painted := page.evaluate(_PAINTED)) is None:
            time.sleep(0.01)
        context.close()
        return float(painted)

    value, note = repeat(once, TIMES)
    return Figure("first contentful paint, cold cache", value, "ms", "under 1500 ms", f"sign-in page, {note}")


def _chart(browser: Browser, url: str, address: str) -> list[Figure]:
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(f"/sign-in?to={address}")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".u-over").first.wait_for(timeout=60_000)

    value, note = repeat(lambda: _until_drawn(page, address), TIMES)
    frames = sorted(page.evaluate(_FRAMES, STEPS))
    middle = frames[len(frames) // 2]
    context.close()
    how = f"from asking for the page to the drawn series, {note}"
    pace = f"{STEPS} movements of the pointer over the chart, slowest {frames[-1]:.0f} ms; no graphics card"
    return [
        Figure(f"first chart of {POINTS:,} points", value, "ms", "", how),
        Figure("frame while pointing at the chart", middle, "ms", "under 17 ms", pace),
    ]


def _until_drawn(page: Page, address: str) -> float:
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(_DRAWN, timeout=60_000, polling="raf")
    return (time.perf_counter() - started) * 1000
