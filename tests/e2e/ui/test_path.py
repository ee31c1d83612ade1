"""The way of an analyst: from the printed link to the reason of an anomaly, and another threshold."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from pyarrow import ipc, parquet

from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.steps import MILLISECONDS, PANEL_HANDLE, choose, drop, handle, kept, said, start, upload
from tests.presentation.api.process import ServerProcess
from tests.presentation.api.running import PASSWORD, taxi_csv

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-path")]

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table in which row 100 has a broken sensor, and markup where text belongs."""
    random = np.random.default_rng(5)
    pressure, speed = random.normal(50, 2, 400), random.normal(1500, 20, 400)
    pressure[100] = 95.0
    lines = [
        f"{p:.3f},{s:.2f},{MARKUP if i % 2 else 'day'}" for i, (p, s) in enumerate(zip(pressure, speed, strict=True))
    ]
    path = tmp_path_factory.mktemp("data") / "machine.csv"
    path.write_text("\n".join(["pressure,speed,shift", *lines]) + "\n", encoding="utf-8")
    return path


def test_first_sign_in_chooses_a_password(platform: ServerProcess, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"/sign-in?one_time={platform.one_time}")
    expect(page.get_by_text("You sign in as admin")).to_be_visible()
    page.get_by_label("New password").fill("too short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("At least 12 characters; this has 9.")).to_be_visible()
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Find the anomalies in your data")).to_be_visible()
    page.goto(f"/sign-in?one_time={platform.one_time}")
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    platform.one_time = ""


def test_a_dropped_series_shows_its_anomalies_and_why(signed_in: Page) -> None:
    page = signed_in
    drop(page, "nyc_taxi.csv", taxi_csv())
    page.wait_for_url("**/datasets/*/detect", timeout=MILLISECONDS)
    expect(page.get_by_role("combobox", name="Time column")).to_have_value("timestamp")
    expect(page.get_by_role("radio", name=re.compile("^STL"))).to_be_checked()
    start(page)

    rows = page.locator("#anomalies tbody tr")
    expect(rows.first).to_contain_text("1 Jan 2015")
    expect(page.locator(".u-over")).to_have_count(2)
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"anomaly=\d+"))
    why = page.get_by_role("complementary", name="Why it was flagged")
    expect(why.get_by_role("heading", name=re.compile("1 Jan 2015"))).to_be_visible()
    expect(why.get_by_text("What would have been normal")).to_be_visible()
    address = page.url
    page.keyboard.press("j")
    expect(page).not_to_have_url(address)
    page.keyboard.press("k")
    expect(page).to_have_url(address)
    page.reload()
    expect(why.get_by_role("heading", name=re.compile("1 Jan 2015"))).to_be_visible()


def _open(page: Page, name: str) -> None:
    page.get_by_role("link", name="Detections", exact=True).click()
    page.get_by_role("table").get_by_role("link", name=name).first.click()
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)


def test_zoom_is_in_the_address(signed_in: Page) -> None:
    page = signed_in
    _open(page, "nyc_taxi")
    plot = page.locator(".u-over").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 80)
    page.mouse.down()
    with page.expect_response(re.compile(r"/series\?.*start=")):
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 80, steps=5)
        page.mouse.up()
    expect(page).to_have_url(re.compile("from=.*until="))
    page.get_by_role("button", name="Whole series").click()
    expect(page).not_to_have_url(re.compile("from="))
    page.go_back()
    expect(page).to_have_url(re.compile("from=.*until="))


@pytest.mark.parametrize("name", ["Threshold on the score", PANEL_HANDLE])
def test_the_threshold_moves_by_keys_and_is_kept(signed_in: Page, name: str) -> None:
    page = signed_in
    _open(page, "nyc_taxi")
    before = kept(page)
    slider = handle(page, name)
    slider.focus()
    with page.expect_response(re.compile("/threshold$")):
        page.keyboard.press("PageUp")
    expect(page.get_by_text(re.compile("Rows with a score of at least"))).to_be_visible()
    after = kept(page)
    assert after < before
    assert said(page) == after
    expect(slider).to_have_attribute("aria-valuetext", re.compile(rf": {after} anomal"))
    page.reload()
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)
    assert kept(page) == after
    with page.expect_response(re.compile("/threshold$")):
        page.get_by_role("button", name="Back to the default").click()
    expect(page.get_by_role("button", name="Back to the default")).to_be_disabled()
    assert kept(page) == before


def test_a_table_shows_what_stands_out_and_takes_text_as_text(signed_in: Page, machine: Path) -> None:
    page = signed_in
    page.goto("/datasets")
    choose(page, machine)
    page.wait_for_url("**/datasets/*/detect", timeout=MILLISECONDS)
    expect(page.get_by_text(MARKUP).first).to_be_visible()
    start(page)
    first = page.locator("#anomalies tbody tr").first
    expect(first).to_contain_text("pressure 95")
    first.get_by_role("button", name="100", exact=True).click()
    why = page.get_by_role("complementary", name="Why it was flagged")
    expect(why.get_by_role("heading", name="Row 100")).to_be_visible()
    expect(why.get_by_role("listitem").first).to_contain_text("pressure")
    assert page.locator("img").count() == 0


def test_the_result_shows_how_the_rows_were_judged(signed_in: Page) -> None:
    page = signed_in
    chart = page.get_by_role("button", name="Whole series")
    shifts = "\n".join(f"2026-03-{1 + n // 20:02d},{50 + n % 7}" for n in range(500))
    upload(page, "shifts.csv", f"day,load\n{shifts}\n".encode())
    page.get_by_text("A time series", exact=True).click()
    start(page)
    expect(chart).to_be_visible(timeout=MILLISECONDS)
    calm = "\n".join(f"2026-03-01T{n // 60:02d}:{n % 60:02d}:00Z,{50 + n % 7}" for n in range(500))
    upload(page, "calm.csv", f"moment,load\n{calm}\n".encode())
    page.get_by_text("Independent rows", exact=True).click()
    start(page)
    expect(page.get_by_text("Nothing is flagged at this threshold")).to_be_visible(timeout=MILLISECONDS)
    expect(chart).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_threshold_follows_the_pointer_before_it_is_kept(signed_in: Page) -> None:
    page = signed_in
    _open(page, "machine")
    before = kept(page)
    slider = handle(page)
    slider.scroll_into_view_if_needed()
    grip = slider.locator("rect").nth(1).bounding_box()
    frame = page.get_by_role("group", name="Histogram of the scores").bounding_box()
    assert grip is not None
    assert frame is not None
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(frame["x"] + 90, y, steps=6)
    expect(page.get_by_text("Let go to keep this threshold.")).to_be_visible()
    dragged = said(page)
    assert dragged > before
    assert kept(page) == before
    with page.expect_response(re.compile("/threshold$")):
        page.mouse.up()
    expect(page.locator("strong", has_text=re.compile(f"^{dragged} anomal"))).to_be_visible()

    page.get_by_label("Share of rows").fill("5")
    with page.expect_response(re.compile("/threshold$")):
        page.keyboard.press("Enter")
    expect(page.locator("strong", has_text=re.compile("^20 anomal"))).to_be_visible()


@pytest.mark.parametrize(
    "words", ["Anomalies as CSV", "All rows as JSON lines", "Anomalies as Parquet", "All rows as Arrow"]
)
def test_the_result_is_saved(signed_in: Page, words: str) -> None:
    page = signed_in
    _open(page, "machine")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=words).click()
    content = Path(download.value.path()).read_bytes()
    rows = 400 if words.startswith("All") else kept(page)
    if words.endswith("CSV"):
        head, first, *rest = content.decode("utf-8").splitlines()
        assert head.startswith('"rank","index"')
        assert first.startswith("1,100,")
        assert len(rest) == rows - 1
    elif words.endswith("lines"):
        assert len(content.decode("utf-8").splitlines()) == rows
    elif words.endswith("Parquet"):
        assert parquet.read_table(BytesIO(content)).num_rows == rows
    else:
        assert ipc.open_stream(content).read_all().num_rows == rows


def test_charts_are_saved_as_pictures(signed_in: Page) -> None:
    page = signed_in
    for name, button in [("nyc_taxi", "Save the chart as PNG"), ("machine", "Save the scatter plot as PNG")]:
        _open(page, name)
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
        assert download.value.suggested_filename.startswith(name)
