"""The pages around the result: overview, data sets, new detection, detections; for every role, width and colour scheme."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from anomaly_detection.enterprise.auth.tokens import Claims, TokenSigner
from anomaly_detection.shared.clock import utc_now
from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.given import (
    BROKEN,
    MARKUP,
    add_user,
    audit,
    detected,
    fits,
    hours_csv,
    machine_csv,
    sign_in_as,
    trained,
)
from tests.e2e.ui.steps import MILLISECONDS, drop, handle, sign_in, start, upload
from tests.presentation.api.process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-pages")]

ODD_NAME = "<script>alert(1)</script> & \"quotes\" 'n' ../../x"


@pytest.fixture(scope="module")
def found(platform: ServerProcess, password: str) -> dict[str, Any]:
    """Return a detection in a table and one in a series, and add users of the other roles."""
    del password
    with platform.client() as client:
        made = {
            "series": detected(client, "hours", hours_csv()),
            "table": detected(client, "machine", machine_csv()),
        }
        odd = client.post(
            "/datasets", params={"filename": "odd.csv", "name": ODD_NAME}, content=b"=a,<b>b</b>\n1,2\n3,4\n"
        )
        assert odd.status_code == 201, odd.text
    add_user(platform, "vera", "viewer")
    return made


@pytest.fixture
def addresses(found: dict[str, Any]) -> dict[str, str]:
    table, series = found["table"], found["series"]
    return {
        "overview": "/",
        "datasets": "/datasets",
        "dataset": f"/datasets/{table['dataset']['id']}",
        "detect": f"/datasets/{table['dataset']['id']}/detect?algorithm=ensemble&parameters=%7B%22members%22%3A%5B%22knn%22%5D%7D",
        "detections": "/detections",
        "table": f"/detections/{table['id']}?anomaly={BROKEN}",
        "series": f"/detections/{series['id']}?anomaly=300",
    }


def _settled(page: Page) -> None:
    """Wait until what the page shows first is there."""
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=MILLISECONDS)
    expect(page.locator("[class*=Skeleton-root]")).to_have_count(0, timeout=MILLISECONDS)


def test_the_overview_says_what_waits_and_leads_to_it(signed_in: Page, found: dict[str, Any]) -> None:
    page = signed_in
    page.goto("/")
    said = page.get_by_text(re.compile(r"wait for a look in 2 datasets; the worst are critical\."))
    expect(said).to_be_visible(timeout=MILLISECONDS)
    before = int(re.sub(r"\D", "", said.inner_text().split("anomal")[0]))
    lane = page.get_by_role("slider", name=re.compile("^Time of hours"))
    expect(lane).to_have_attribute("aria-valuetext", re.compile("13 Mar 2026.* 1 anomaly, worst critical"))
    lane.focus()
    lane.press("Enter")
    expect(page).to_have_url(re.compile(rf"/detections/{found['series']['id']}\?from=2026-03-1.*until=2026-03-1"))
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)
    page.keyboard.press("j")
    with page.expect_response(re.compile("/feedback$")):
        page.keyboard.press("y")
    pressed = page.locator("#anomalies tr[aria-current] button[aria-pressed=true]")
    expect(pressed).to_have_count(1)
    with page.expect_response(re.compile("/feedback/")):
        page.keyboard.press("u")
    expect(pressed).to_have_count(0)
    with page.expect_response(re.compile("/feedback$")):
        page.keyboard.press("y")
    expect(pressed).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/anomalies/300$"))
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.get_by_text(re.compile(rf"^{before - 1} anomal.* wait"))).to_be_visible(timeout=MILLISECONDS)


def test_datasets_are_found_by_name_and_kind_in_the_address(signed_in: Page, found: dict[str, Any]) -> None:
    del found
    page = signed_in
    page.goto("/datasets?kind=table")
    table = page.get_by_role("table")
    expect(table.get_by_role("link", name="machine", exact=True)).to_be_visible()
    expect(table.get_by_role("link", name="hours", exact=True)).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("odd quotes none")
    expect(page.get_by_role("heading", name="No dataset fits")).to_be_visible()
    expect(page).to_have_url(re.compile(r"kind=table.*q=odd"))
    page.get_by_role("link", name="Show all datasets").click()
    expect(table.get_by_role("link", name="hours", exact=True)).to_be_visible()
    expect(page.get_by_label("Search by name")).to_have_value("")


def test_a_dataset_shows_what_its_columns_hold(signed_in: Page, addresses: dict[str, str]) -> None:
    page = signed_in
    page.goto(addresses["dataset"])
    columns = page.get_by_role("region", name="Columns")
    row = columns.get_by_role("row", name=re.compile("^pressure"))
    expect(row).to_contain_text("Number, judged")
    expect(row.get_by_role("img", name=re.compile(r"^Histogram from 4\d.* to 95$"))).to_be_visible()
    expect(columns.get_by_role("row", name=re.compile("^shift"))).to_contain_text("50 %")
    expect(page.get_by_role("region", name="First rows")).to_contain_text(MARKUP)
    expect(page.get_by_role("region", name="Detections in it").get_by_role("link", name="machine")).to_be_visible()
    assert page.locator("main img").count() == 0


def test_a_dataset_is_renamed_and_kept_while_it_is_used(signed_in: Page, addresses: dict[str, str]) -> None:
    page = signed_in
    page.goto(addresses["dataset"])
    page.get_by_role("button", name="Rename the dataset").click()
    page.get_by_label("Name of the dataset").fill("press 7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="press 7", level=1)).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Rename the dataset").click()
    page.get_by_label("Name of the dataset").fill("machine")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="machine", level=1)).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog = page.get_by_role("dialog", name="Delete this dataset?")
    dialog.get_by_role("button", name="Delete the dataset").click()
    expect(dialog.get_by_role("alert")).to_contain_text("data.in_use")
    dialog.get_by_role("link", name="Show the detections that use it").click()
    expect(page).to_have_url(re.compile(r"/detections\?dataset="))
    expect(page.get_by_role("table").get_by_role("link", name="machine").first).to_be_visible()


def test_names_from_outside_stay_text_and_can_be_deleted(signed_in: Page, found: dict[str, Any]) -> None:
    del found
    page = signed_in
    page.goto("/datasets")
    page.get_by_role("table").get_by_role("link", name=ODD_NAME, exact=True).click()
    expect(page.get_by_role("heading", name=ODD_NAME, level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Columns")).to_contain_text("<b>b</b>")
    assert page.title().startswith(ODD_NAME)
    page.get_by_role("link", name="Detect anomalies").click()
    expect(page.get_by_role("checkbox", name="<b>b</b>")).to_be_checked()
    assert page.locator("main script, main b").count() == 0
    page.go_back()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete the dataset").click()
    expect(page).to_have_url(re.compile(r"/datasets$"))
    expect(page.get_by_role("table").get_by_role("link", name="machine", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=ODD_NAME)).to_have_count(0)


def test_a_setup_survives_a_reload_and_is_sent(signed_in: Page, addresses: dict[str, str]) -> None:
    page = signed_in
    page.goto(addresses["dataset"])
    page.get_by_role("link", name="Detect anomalies").click()
    search = page.get_by_label("Search the algorithms")
    search.fill("pyod kde")
    expect(page.get_by_role("radio", name=re.compile(r"^KDE \(PyOD\)"))).to_be_visible()
    search.fill("several")
    page.get_by_role("radio", name=re.compile("^Ensemble")).click()
    page.get_by_role("button", name="Advanced").click()
    members = page.get_by_role("combobox", name="Members")
    members.fill("hbos")
    members.press("Enter")
    page.get_by_role("checkbox", name="shift").uncheck()
    page.get_by_role("combobox", name="Threshold").click()
    page.get_by_role("option", name="Share of rows").click()
    page.get_by_label("Value", exact=True).fill("2")
    page.get_by_text("First", exact=True).click()
    page.get_by_label("Name", exact=True).press_sequentially("all together")
    expect(page).to_have_url(re.compile(r"name=all\+together"))
    page.reload()
    expect(page.get_by_role("radio", name=re.compile("^Ensemble"))).to_be_checked()
    expect(page.get_by_role("checkbox", name="shift")).not_to_be_checked()
    expect(page.get_by_label("Value", exact=True)).to_have_value("2 %")
    with page.expect_request(re.compile("/detections$")) as sent:
        start(page)
    body = json.loads(sent.value.post_data or "")
    assert sent.value.headers["idempotency-key"]
    assert body["parameters"] == {"members": ["knn", "isolation_forest", "ecod", "hbos"]}
    assert (body["priority"], body["name"], body["threshold"]) == (
        "high",
        "all together",
        {"kind": "contamination", "value": 0.02},
    )
    assert "shift" not in body["columns"]
    expect(page.get_by_role("heading", name="all together", level=1)).to_be_visible()
    expect(page.locator("strong", has_text=re.compile("^8 anomal"))).to_be_visible()
    page.get_by_role("button", name="Delete the detection").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the detection").click()
    expect(page).to_have_url(re.compile(r"/detections$"))
    expect(page.get_by_text("all together")).to_have_count(0)


def test_a_stored_model_judges(signed_in: Page, platform: ServerProcess, found: dict[str, Any]) -> None:
    page = signed_in
    dataset = found["table"]["dataset"]["id"]
    with platform.client() as client:
        version = trained(client, "press guard", dataset, algorithm="ecod")
    page.goto(f"/datasets/{dataset}/detect")
    page.get_by_text("A stored model", exact=True).click()
    expect(page.get_by_text("Choose the model that judges.")).to_be_visible()
    expect(page.get_by_role("button", name="Start detection")).to_be_disabled()
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="press guard").click()
    expect(page).to_have_url(re.compile(f"model={version['model_id']}"))
    start(page)
    expect(page.get_by_text("by the stored model press guard, version 1")).to_be_visible()
    expect(page.get_by_role("link", name="Train a model from this")).to_have_count(0)


def test_an_upload_can_be_cancelled(signed_in: Page) -> None:
    page = signed_in
    page.goto("/datasets")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible(timeout=MILLISECONDS)
    page.route("**/api/v1/datasets?filename=*", lambda route: None)
    drop(page, "long.csv", b"a,b\n" + b"1,2\n" * 1000)
    expect(page.get_by_role("progressbar", name="Upload of long.csv")).to_have_count(1)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_detections_are_filtered_in_the_address(signed_in: Page, found: dict[str, Any]) -> None:
    del found
    page = signed_in
    page.goto("/detections?algorithm=stl")
    table = page.get_by_role("table")
    expect(table.get_by_role("link", name="hours")).to_be_visible()
    expect(table.get_by_role("link", name="machine")).to_have_count(0)
    page.get_by_role("combobox", name="Status").click()
    page.get_by_role("option", name="Failed").click()
    expect(page.get_by_role("heading", name="No detection fits")).to_be_visible()
    expect(page).to_have_url(re.compile("algorithm=stl.*status=failed"))
    page.go_back()
    page.goto("/detections?q=machi")
    expect(table.get_by_role("link", name="machine").first).to_be_visible()
    expect(table.get_by_role("link", name="hours")).to_have_count(0)


def test_anomalies_are_filtered_and_the_scatter_follows_the_address(signed_in: Page, addresses: dict[str, str]) -> None:
    page = signed_in
    page.goto(f"{addresses['table']}&verdict=true")
    expect(page.get_by_text("No anomaly fits these filters")).to_be_visible(timeout=MILLISECONDS)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#anomalies tbody tr").first).to_contain_text("pressure 95")
    scatter = page.get_by_role("figure", name=re.compile("^Scatter plot of"))
    expect(scatter).to_be_visible(timeout=MILLISECONDS)
    page.get_by_role("combobox", name="Across").click()
    page.get_by_role("option", name=f"{MARKUP} speed").click()
    expect(page).to_have_url(re.compile("x=.*img.*y=pressure"))
    expect(page.get_by_role("region", name="What makes the anomalies").get_by_role("listitem").first).to_contain_text(
        "pressure"
    )
    page.get_by_text("Confidence", exact=True).hover()
    expect(page.get_by_role("tooltip")).to_contain_text("judged the same again")


def _expired(page: Page, data_dir: Path) -> None:
    """Put an access token of the session into the browser that is over its time."""
    signer = TokenSigner((data_dir / "keys/token.key").read_bytes())
    cookie = next(cookie for cookie in page.context.cookies() if cookie.get("name") == "anomaly_session")
    payload = cookie["value"].split(".")[1]
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    token = signer.issue(Claims(content["sid"], content["sub"], content["tid"], utc_now() - timedelta(minutes=1)))
    page.context.add_cookies([{**cookie, "value": token}])  # type: ignore[typeddict-item]


def test_an_expired_token_is_renewed_unseen(signed_in: Page, addresses: dict[str, str], data_dir: Path) -> None:
    page = signed_in
    renewals: list[str] = []
    page.on("request", lambda request: renewals.append(request.url) if request.url.endswith("/refresh") else None)
    _expired(page, data_dir)
    page.goto(addresses["table"])
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)
    assert len(renewals) == 1
    _expired(page, data_dir)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Anomalies as CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith('"rank",')
    _expired(page, data_dir)
    upload(page, "late.csv", b"a,b\n" + b"1,2\n2,3\n" * 20)
    assert "/sign-in" not in page.url


def test_a_viewer_sees_what_is_there_and_nothing_to_change_it(open_page: OpenPage, addresses: dict[str, str]) -> None:
    page = open_page()
    page.goto("/")
    sign_in_as(page, "vera")
    expect(page.get_by_text(re.compile("for a look"))).to_be_visible()
    changes = re.compile(
        "Delete|Rename|Train|Detect|New detection|Choose a file|Confirm|Dismiss|Apply|Back to the default"
    )
    for name in ("overview", "datasets", "dataset", "detections", "table", "series"):
        page.goto(addresses[name])
        _settled(page)
        assert page.get_by_role("button", name=changes).all_inner_texts() == []
        assert (
            page.get_by_role("main").get_by_role("link", name=re.compile("^Detect |^Train|^New detection")).count() == 0
        )
    expect(page.get_by_role("slider", name="Threshold on the score", exact=True)).to_have_count(0)
    page.goto(addresses["detect"])
    expect(page.get_by_text("Your role does not start detections")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(
    open_page: OpenPage, password: str, addresses: dict[str, str], axe: str, scheme: str
) -> None:
    page = open_page(scheme=scheme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    audit(page, axe)
    sign_in(page, password)
    for address in addresses.values():
        page.goto(address)
        _settled(page)
        audit(page, axe)


def test_every_page_fits_a_phone(open_page: OpenPage, password: str, addresses: dict[str, str], axe: str) -> None:
    page = open_page(width=390)
    page.goto("/sign-in")
    sign_in(page, password)
    for name, address in addresses.items():
        page.goto(address.split("?", maxsplit=1)[0])
        _settled(page)
        assert fits(page), name
    page.get_by_role("button", name="Parts of the dashboard").click()
    page.get_by_role("menuitem", name="Datasets").click()
    expect(page.get_by_role("heading", name="Datasets", level=1)).to_be_visible()
    audit(page, axe)
