"""What the dashboard shows when something is wrong, and to whom: errors, a lost session or server, a phone, a screen reader."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.steps import MILLISECONDS, drop, handle, sign_in, start, upload
from tests.presentation.api.process import ServerProcess
from tests.presentation.api.running import taxi_csv

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-states")]


@pytest.fixture(scope="module")
def detection(platform: ServerProcess, password: str) -> str:
    """Return the address of a finished detection on the taxi series."""
    del password
    with platform.client() as client:
        dataset = client.post("/datasets", params={"filename": "taxi.csv"}, content=taxi_csv()).json()
        body = {"dataset_id": dataset["id"]}
        made = client.post("/detections", json=body).json()
        while (seen := client.get(f"/detections/{made['id']}").json())["status"] in {"queued", "running"}:
            pass
    assert seen["status"] == "succeeded"
    return f"/detections/{made['id']}"


def test_a_wrong_password_is_refused_and_a_right_one_leads_back(
    open_page: OpenPage, password: str, detection: str
) -> None:
    page = open_page()
    page.goto(f"{detection}?anomaly=1")
    expect(page).to_have_url(re.compile(r"/sign-in\?to="))
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("User name or password is wrong.")).to_be_visible()
    sign_in(page, password)
    expect(page).to_have_url(re.compile(rf"{detection}\?anomaly=1$"))


def test_a_link_does_not_lead_elsewhere(open_page: OpenPage, password: str) -> None:
    page = open_page()
    page.goto("/sign-in?to=//elsewhere.example/")
    sign_in(page, password)
    assert "elsewhere" not in page.url


def test_an_ended_session_asks_to_sign_in_again(signed_in: Page, detection: str) -> None:
    page = signed_in
    page.goto("/detections")
    expect(page.locator(f"a[href='{detection}']")).to_be_visible(timeout=MILLISECONDS)
    page.context.clear_cookies()
    page.locator(f"a[href='{detection}']").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?to=.*detections"))


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "data.empty_file"), (bytes(range(256)) * 20, "data."), (b"a,b\n1,2\n1,2,3\n", "data.ragged_row")],
    ids=["empty", "binary", "ragged"],
)
def test_a_bad_file_is_explained(signed_in: Page, content: bytes, code: str) -> None:
    page = signed_in
    page.goto("/datasets")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible(timeout=MILLISECONDS)
    drop(page, "bad.csv", content)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The file was not taken")
    expect(alert).to_contain_text(code)
    expect(alert).to_contain_text(re.compile(r"request [0-9a-f-]{36}"))
    page.reload()
    expect(page.get_by_role("heading", name="Datasets")).to_be_visible()
    expect(page.get_by_role("link", name="bad")).to_have_count(0)


def test_a_failed_detection_says_why_and_what_to_do(signed_in: Page, data_dir: Path) -> None:
    page = signed_in
    upload(page, "gone.csv", b"a,b\n" + b"1,2\n" * 20)
    dataset = page.url.split("/")[-2]
    (stored,) = data_dir.glob(f"datasets/*/{dataset}")
    shutil.rmtree(stored)
    page.get_by_role("button", name="Start detection").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The detection failed", timeout=MILLISECONDS)
    expect(alert).to_contain_text(re.compile(r"data\.\w+"))
    expect(page.get_by_role("link", name="Set up another detection")).to_be_visible()


def test_what_does_not_exist_is_said(signed_in: Page) -> None:
    page = signed_in
    page.goto("/detections/01a1fc98-0000-7000-8000-000000000000")
    expect(page.get_by_role("alert")).to_contain_text("detection.not_found")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_wrong_parameter_blocks_the_start(signed_in: Page) -> None:
    page = signed_in
    page.goto("/datasets")
    page.get_by_role("link", name="Detect anomalies in taxi").click()
    page.get_by_role("button", name="Advanced").click()
    page.get_by_label("Period").fill("-5")
    expect(page.get_by_text(re.compile("Must be at least"))).to_be_visible()
    expect(page.get_by_role("button", name="Start detection")).to_be_disabled()
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.get_by_role("button", name="Start detection")).to_be_enabled()


def test_a_lost_event_stream_is_told_and_a_detection_still_ends(
    open_page: OpenPage, password: str, detection: str
) -> None:
    del detection
    page = open_page()
    page.route("**/api/v1/events", lambda route: route.abort())
    page.goto("/")
    sign_in(page, password)
    expect(page.get_by_text("Connection to the server lost; reconnecting.")).to_be_visible()
    page.get_by_role("link", name="Datasets", exact=True).click()
    page.get_by_role("link", name="Detect anomalies in taxi").click()
    start(page)


def test_the_colour_scheme_is_remembered(open_page: OpenPage, password: str) -> None:
    page = open_page(scheme="dark")
    page.goto("/")
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == "dark"
    sign_in(page, password)
    page.get_by_role("button", name="Switch to light colours").click()
    page.goto("/", wait_until="commit")
    page.wait_for_selector("html[data-mantine-color-scheme=light]")
    expect(page.get_by_role("button", name="Switch to dark colours")).to_be_visible()


def test_a_phone_triages(open_page: OpenPage, password: str, detection: str) -> None:
    page = open_page(width=390)
    page.goto(detection)
    sign_in(page, password)
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#anomalies tbody button").first.click()
    dialog = page.get_by_role("dialog", name="Why it was flagged")
    expect(dialog.get_by_text("What would have been normal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
