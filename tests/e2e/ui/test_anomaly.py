"""The page of an anomaly: why, what else is there to see, and what people say about it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.given import BROKEN, MARKUP, add_user, audit, detected, fits, hours_csv, machine_csv, sign_in_as
from tests.presentation.api.process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-anomaly")]


@pytest.fixture(scope="module")
def table(platform: ServerProcess, password: str) -> str:
    """Return the address of a finished detection in a table."""
    del password
    with platform.client() as client:
        return f"/detections/{detected(client, 'machine', machine_csv())['id']}"


@pytest.fixture(scope="module")
def series(platform: ServerProcess, password: str) -> str:
    del password
    with platform.client() as client:
        return f"/detections/{detected(client, 'hours', hours_csv())['id']}"


def _verdict(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Verdict")


def _kept(platform: ServerProcess, detection: str, row: int) -> dict[str, Any] | None:
    with platform.client() as client:
        story = client.get(f"{detection}/anomalies/{row}").json()
    return story["feedback"]  # type: ignore[no-any-return]


def test_a_row_of_a_table_says_why_and_where_its_values_lie(signed_in: Page, table: str) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/{BROKEN}")
    expect(page.get_by_role("heading", name=f"Row {BROKEN}")).to_be_focused()
    expect(page.get_by_role("region", name="Why it was flagged")).to_contain_text("pressure is 95")
    reasons = page.get_by_role("region", name="What stands out").get_by_role("listitem")
    expect(reasons.first).to_contain_text("The highest value of the column.")
    expect(reasons.filter(has_text="shift")).to_contain_text("200 of 400 rows have this value.")
    expect(
        page.get_by_role("region", name="What would have been normal").get_by_role("listitem").first
    ).to_contain_text("instead of 95")
    normal = page.get_by_role("region", name="Nearest normal rows", exact=True).get_by_role("table").get_by_role("row")
    expect(normal.nth(1)).to_contain_text("this, 100")
    assert normal.count() > 2
    expect(page.get_by_role("columnheader", name=f"{MARKUP} speed")).to_be_visible()
    page.get_by_text("All 3 values of this row").click()
    assert page.locator("img").count() == 0


def test_a_row_of_a_series_is_shown_among_its_neighbours(signed_in: Page, series: str) -> None:
    page = signed_in
    page.goto(f"{series}/anomalies/300")
    chart = page.get_by_role(
        "figure", name=re.compile(r"The rows around it\. load is 190.*Expected was .*normal range")
    )
    expect(chart).to_be_visible()
    line = chart.locator("path").nth(2)
    assert len(re.findall("L", line.get_attribute("d") or "")) > 50
    box = chart.locator("svg").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 80, box["y"] + 60)
    expect(chart.locator("strong").first).not_to_have_text("190")


def test_one_key_each_confirms_dismisses_takes_back_and_walks(
    signed_in: Page, platform: ServerProcess, table: str
) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/{BROKEN}")
    verdict = _verdict(page)
    expect(verdict.get_by_role("status").first).to_have_text("Nobody has reviewed it yet.")
    page.keyboard.press("y")
    expect(verdict.get_by_role("button", name="Confirmed")).to_have_attribute("aria-pressed", "true")
    expect(verdict.get_by_role("status").first).to_contain_text("It is confirmed by admin")
    kept = _kept(platform, table, BROKEN)
    assert kept is not None
    assert kept["verdict"] == "true"
    page.keyboard.press("n")
    expect(verdict.get_by_role("status").first).to_contain_text("It is dismissed by admin")
    expect(verdict.get_by_text("What was said before")).to_be_visible()
    page.keyboard.press("u")
    expect(verdict.get_by_role("status").first).to_have_text("Nobody has reviewed it yet.")
    expect(verdict.get_by_role("listitem").first).to_be_visible()
    assert _kept(platform, table, BROKEN) is None

    address = page.url
    page.keyboard.press("j")
    expect(page).not_to_have_url(address)
    expect(page.get_by_role("group", name="Walk through").get_by_text(re.compile("rank 2 of"))).to_be_visible()
    page.keyboard.press("k")
    expect(page).to_have_url(address)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(rf"{table}\?anomaly={BROKEN}$"))


def test_a_note_is_text_and_outlives_a_reload_before_it_is_saved(signed_in: Page, table: str) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/{BROKEN}")
    verdict = _verdict(page)
    expect(verdict).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.type(f"y n {MARKUP}")
    page.reload()
    field = verdict.get_by_role("textbox")
    expect(field).to_have_value(f"y n {MARKUP}")
    field.press("Control+Enter")
    expect(verdict.get_by_role("status").first).to_contain_text("noted, without a verdict by admin")
    page.keyboard.press("y")
    expect(verdict.get_by_role("status").first).to_contain_text("It is confirmed by admin")
    expect(field).to_have_value(f"y n {MARKUP}")
    expect(verdict.get_by_role("listitem").filter(has_text=MARKUP).first).to_be_visible()
    page.reload()
    expect(field).to_have_value(f"y n {MARKUP}")
    assert page.locator("img").count() == 0


def test_what_the_server_did_not_take_is_said_and_comes_back(
    signed_in: Page, platform: ServerProcess, table: str
) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/7")
    verdict = _verdict(page)
    expect(verdict).to_be_visible()

    def refuse(route: Route) -> None:
        route.fulfill(
            status=503,
            content_type="application/problem+json",
            body='{"detail": "The database is away.", "code": "database.unavailable", "request_id": "r-17"}',
        )

    page.route("**/api/v1/feedback", refuse)
    page.keyboard.press("y")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("What you said about row 7 was not saved")
    expect(alert).to_contain_text("r-17")
    expect(verdict.get_by_text("On the server it is not reviewed, as before.")).to_be_visible()
    expect(verdict.get_by_role("button", name="Confirm")).to_have_attribute("aria-pressed", "false")
    verdict.get_by_role("textbox").fill("keep me")
    verdict.get_by_role("button", name="Save the note").click()
    expect(alert).to_contain_text("was not saved")
    expect(verdict.get_by_role("textbox")).to_have_value("keep me")
    page.unroute("**/api/v1/feedback")
    alert.get_by_role("button", name="Try again").click()
    expect(verdict.get_by_role("status").first).to_contain_text("noted, without a verdict by admin")
    expect(alert).to_have_count(0)
    kept = _kept(platform, table, 7)
    assert kept is not None
    assert kept["note"] == "keep me"


def test_a_colleagues_verdict_appears_without_a_reload(signed_in: Page, platform: ServerProcess, table: str) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/200")
    status = _verdict(page).get_by_role("status").first
    expect(status).to_have_text("Nobody has reviewed it yet.")
    with platform.client() as client:
        said = {"detection_id": table.rsplit("/", 1)[-1], "index": 200, "verdict": "false"}
        assert client.post("/feedback", json=said).status_code == 201
    expect(status).to_contain_text("It is dismissed by admin")


def test_who_only_reads_sees_the_verdict_but_no_buttons(
    open_page: OpenPage, platform: ServerProcess, table: str
) -> None:
    add_user(platform, "reader", "viewer")
    page = open_page()
    page.goto(f"{table}/anomalies/{BROKEN}")
    sign_in_as(page, "reader")
    expect(_verdict(page).get_by_text("Your role reads.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Confirm|Dismiss"))).to_have_count(0)
    page.keyboard.press("n")
    expect(_verdict(page).get_by_role("textbox")).to_have_count(0)


def test_rows_that_do_not_exist_are_said(signed_in: Page, table: str) -> None:
    page = signed_in
    for row in ("100000", "x"):
        page.goto(f"{table}/anomalies/{row}")
        expect(page.get_by_role("alert")).to_contain_text("The anomaly cannot be shown")
    page.get_by_role("link", name="Back to the detection").click()
    expect(page).to_have_url(re.compile(f"{table}$"))


def test_a_normal_row_says_that_it_is_not_flagged(signed_in: Page, table: str) -> None:
    page = signed_in
    page.goto(f"{table}/anomalies/50")
    expect(page.get_by_text("At the present threshold it is not flagged.")).to_be_visible()
    expect(page.get_by_text(re.compile("not among the .* anomalies"))).to_be_visible()


def test_a_phone_confirms_with_the_thumb(
    open_page: OpenPage, platform: ServerProcess, password: str, series: str
) -> None:
    page = open_page(width=390)
    page.goto(f"{series}/anomalies/300")
    sign_in_as(page, "admin", password)
    confirm = page.get_by_role("button", name="Confirm")
    expect(confirm).to_have_count(1)
    expect(confirm).to_be_in_viewport()
    assert fits(page)
    confirm.click()
    expect(page.get_by_role("button", name="Confirmed")).to_have_attribute("aria-pressed", "true")
    expect(_verdict(page).get_by_role("status").first).to_contain_text("It is confirmed by admin")
    kept = _kept(platform, series, 300)
    assert kept is not None
    assert kept["verdict"] == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(
    open_page: OpenPage, platform: ServerProcess, password: str, table: str, series: str, axe: str, scheme: str
) -> None:
    with platform.client() as client:
        for verdict in ("false", "true"):
            said = {"detection_id": table.rsplit("/", 1)[-1], "index": BROKEN, "verdict": verdict, "note": "seen"}
            assert client.post("/feedback", json=said).status_code == 201
    page = open_page(scheme=scheme)
    page.goto(f"{table}/anomalies/{BROKEN}")
    sign_in_as(page, "admin", password)
    expect(page.get_by_text("The highest value of the column.").first).to_be_visible()
    expect(page.get_by_role("heading", name="What was said before")).to_be_visible()
    audit(page, axe)
    page.goto(f"{series}/anomalies/300")
    expect(page.get_by_role("figure", name=re.compile("The rows around it"))).to_be_visible()
    audit(page, axe)
