"""Models on the dashboard: trained, tried, compared, put into production, taken elsewhere and back, and deleted."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.given import MARKUP, add_user, audit, fits, machine_csv, sign_in_as, trained
from tests.e2e.ui.steps import MILLISECONDS
from tests.presentation.api.process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-models")]

NAME = f"press {MARKUP}"
CLIENT = Path(__file__).parents[3] / "sdks/python/src"


@pytest.fixture(scope="module")
def dataset(platform: ServerProcess, password: str) -> str:
    """Return the id of a data set to learn from."""
    del password
    with platform.client() as client:
        made = client.post("/datasets", params={"filename": "machine.csv"}, content=machine_csv())
        return str(made.json()["id"])


@pytest.fixture(scope="module")
def model(platform: ServerProcess, dataset: str) -> str:
    """Return the address of a model with two versions, none of them in production."""
    with platform.client() as client:
        first = trained(client, NAME, dataset)
        trained(client, NAME, dataset, algorithm="zscore")
    return f"/models/{first['model_id']}"


@pytest.fixture
def version(platform: ServerProcess, dataset: str, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Return a version of a model that the test has for itself."""
    with platform.client() as client:
        made = trained(client, request.node.name, dataset)
        yield made


def _answer(page: Page, action: str) -> None:
    """Say yes to the question that is asked."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=action).click()
    expect(dialog).to_have_count(0)


def _panel(page: Page, number: int = 1) -> Locator:
    return page.get_by_role("region", name=f"Version {number}", exact=True)


def test_a_first_model_is_trained_from_the_empty_list(signed_in: Page, platform: ServerProcess, dataset: str) -> None:
    page = signed_in
    page.goto("/models")
    expect(page.get_by_role("heading", name="No model yet")).to_be_visible()
    page.get_by_role("link", name="Train a model").last.click()
    page.get_by_role("combobox", name="Dataset to learn from").click()
    page.get_by_role("option", name=re.compile("machine")).click()
    train = page.get_by_role("button", name="Train", exact=True)
    expect(page.get_by_text("Give the model a name.")).to_be_visible()
    expect(train).to_be_disabled()
    page.get_by_label("Name of the model").fill("first one")
    page.reload()
    expect(page.get_by_label("Name of the model")).to_have_value("first one")
    train.click()
    page.wait_for_url(re.compile(r"/models/[0-9a-f-]+\?version=1"))
    expect(_panel(page).get_by_role("button", name="Put into production")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_role("row", name=re.compile("Version 1.*machine"))).to_be_visible()
    with platform.client() as client:
        (found,) = client.get("/models", params={"q": "first one"}).json()["items"]
    assert found["latest"]["dataset"]["id"] == dataset


def test_rows_are_judged_as_they_are_typed_pasted_and_asked_by_a_program(
    signed_in: Page, platform: ServerProcess, model: str
) -> None:
    page = signed_in
    page.goto(f"{model}?version=1")
    trial = page.get_by_role("region", name="Try version 1")
    expect(trial.get_by_role("status").filter(has_text=re.compile("0 anomalies in 3 rows"))).to_be_visible()
    trial.get_by_label("pressure of row 1").fill("99")
    expect(trial.get_by_text(re.compile("pressure is 99"))).to_be_visible()
    expect(trial.get_by_role("row").nth(1)).to_contain_text("critical")
    trial.get_by_role("button", name="Paste rows").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(f"shift,pressure\n{MARKUP},50\nday,12\n")
    expect(dialog.get_by_text("2 rows understood")).to_be_visible()
    dialog.get_by_role("button", name="Use these rows").click()
    expect(trial.get_by_label("pressure of row 2")).to_have_value("12")
    expect(trial.get_by_label(f"{MARKUP} speed of row 2")).to_have_value("")
    expect(trial.get_by_label("shift of row 1")).to_have_value(MARKUP)
    expect(trial.get_by_role("status").filter(has_text="in 2 rows")).to_be_visible()
    trial.get_by_label("pressure of row 1").fill("no number")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("These rows were not judged")
    trial.get_by_label("pressure of row 1").fill("50")
    expect(alert).to_have_count(0)
    trial.get_by_text("Ask from a program").click()
    expect(trial.get_by_role("region", name="curl command")).to_contain_text("/score?version=1&explain=true")
    code = trial.get_by_role("region", name="Python code").inner_text()
    trial.get_by_role("button", name="Copy the Python code").click()
    expect(trial.get_by_text(re.compile("Copied|The text is selected"))).to_be_visible()
    assert page.locator("img").count() == 0

    with platform.client() as client:
        secret = client.post("/api-keys", json={"name": "from the page"}).json()["secret"]
    environment = {**os.environ, "ANOMALY_DETECTION_API_KEY": secret, "PYTHONPATH": str(CLIENT)}
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r"\[[\d.]+\] \[[01]\]\n", ran.stdout), ran.stdout


def test_versions_are_compared_in_an_address_of_their_own(signed_in: Page, model: str) -> None:
    page = signed_in
    page.goto(model)
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()
    page.get_by_role("link", name="Version 1").click()
    _panel(page).get_by_role("combobox", name="Compare with").click()
    page.get_by_role("option", name="Version 2").click()
    expect(page).to_have_url(re.compile("version=1&compare=2"))
    row = _panel(page).get_by_role("row", name=re.compile("^Algorithm"))
    expect(row).to_have_attribute("data-differs", "true")
    expect(row.get_by_role("cell")).to_have_text(["kNN", "Z-score"])
    page.reload()
    expect(row).to_be_visible()


def test_promoting_says_what_happens_and_production_cannot_be_deleted(
    signed_in: Page, platform: ServerProcess, model: str
) -> None:
    page = signed_in
    page.goto(f"{model}?version=1")
    _panel(page).get_by_role("button", name="Put into production").click()
    expect(page.get_by_role("dialog")).to_contain_text("answers every request that names no version")
    _answer(page, "Put into production")
    expect(page.get_by_text("Version 1 is in production, 2 versions")).to_be_visible()
    page.get_by_role("link", name="Version 2").click()
    _panel(page, 2).get_by_role("button", name="Put into production").click()
    expect(page.get_by_role("dialog")).to_contain_text("Version 1, in production now, becomes archived")
    _answer(page, "Put into production")
    expect(page.get_by_text("Version 2 is in production, 2 versions")).to_be_visible()
    with platform.client() as client:
        stages = [one["stage"] for one in client.get(f"{model}/versions").json()["items"]]
    assert stages == ["production", "archived"]
    _panel(page, 2).get_by_role("button", name="More").click()
    expect(page.get_by_role("menuitem", name="Delete the version")).to_be_disabled()
    page.get_by_role("menuitem", name="Take out of production").click()
    expect(page.get_by_role("dialog")).to_contain_text("no version in production then")
    _answer(page, "Take out of production")
    expect(page.get_by_text("No version is in production, 2 versions")).to_be_visible()
    page.get_by_role("button", name="Model", exact=True).click()
    page.get_by_role("menuitem", name="Archive the model").click()
    _answer(page, "Archive the model")
    expect(page.get_by_text("This model is archived")).to_be_visible()
    page.goto("/models?archived=true")
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("button", name="Restore the model").click()
    expect(page.get_by_text("This model is archived")).to_have_count(0)


def test_a_training_appears_live_and_is_cancelled(
    signed_in: Page, platform: ServerProcess, version: dict[str, Any]
) -> None:
    page = signed_in
    page.goto(f"/models/{version['model_id']}")
    expect(_panel(page)).to_be_visible()
    table = io.BytesIO()
    np.savetxt(
        table, np.random.default_rng(1).normal(size=(120_000, 8)), "%.3f", ",", header="a,b,c,d,e,f,g,h", comments=""
    )
    with platform.client() as client:
        large = client.post("/datasets", params={"filename": "large.csv"}, content=table.getvalue()).json()
        order = {"name": version["model_name"], "dataset_id": large["id"], "algorithm": "knn"}
        assert client.post("/models", json=order).status_code == 202
    page.get_by_role("link", name="Version 2").click()
    expect(_panel(page, 2).get_by_role("progressbar")).to_be_visible()
    _panel(page, 2).get_by_role("button", name="Cancel the training").click()
    expect(page.get_by_text("This training was cancelled")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_role("row", name=re.compile("Version 2 Cancelled"))).to_be_visible()


def test_a_file_is_downloaded_and_imported_and_a_damaged_one_refused(
    signed_in: Page, version: dict[str, Any], tmp_path: Path
) -> None:
    page = signed_in
    page.goto(f"/models/{version['model_id']}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download .adm").click()
    file = tmp_path / "elsewhere.adm"
    file.write_bytes(Path(download.value.path()).read_bytes())
    assert download.value.suggested_filename.endswith(".adm")

    page.goto("/models")
    picker = page.get_by_label("Model file to import")
    damaged = tmp_path / "damaged.adm"
    damaged.write_bytes(file.read_bytes()[:200])
    picker.set_input_files(damaged)
    dialog = page.get_by_role("dialog", name="Import a model")
    dialog.get_by_role("button", name="Import").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The file was not taken")
    expect(dialog.get_by_role("alert")).to_contain_text(re.compile(r"request [0-9a-f-]{36}"))
    dialog.get_by_role("button", name="Cancel").click()

    picker.set_input_files(file)
    expect(dialog.get_by_label("Name of the model")).to_have_value("elsewhere")
    dialog.get_by_role("button", name="Import").click()
    page.wait_for_url(re.compile(r"/models/[0-9a-f-]+\?version=1"))
    expect(page.get_by_role("heading", name="elsewhere")).to_be_visible()
    expect(_panel(page)).to_contain_text("an imported file")
    expect(page.get_by_role("region", name="Try version 1").get_by_label("pressure of row 1")).to_be_visible()


def test_a_model_is_deleted_after_asking(signed_in: Page, version: dict[str, Any]) -> None:
    page = signed_in
    page.goto(f"/models/{version['model_id']}")
    page.get_by_role("button", name="Model", exact=True).click()
    page.get_by_role("menuitem", name="Delete the model").click()
    expect(page.get_by_role("dialog")).to_contain_text("goes for good with 1 version")
    _answer(page, "Delete the model")
    expect(page).to_have_url(re.compile("/models$"))
    page.goto(f"/models/{version['model_id']}")
    expect(page.get_by_role("alert")).to_contain_text("models.not_found")


def test_the_list_is_searched_by_an_address(signed_in: Page, model: str) -> None:
    del model
    page = signed_in
    page.goto("/models")
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    expect(page.get_by_role("heading", name="No model fits")).to_be_visible()
    expect(page).to_have_url(re.compile("q=nothing"))
    page.goto("/models?q=press")
    expect(page.get_by_role("row")).to_have_count(2)


def test_who_only_reads_sees_no_way_to_change_anything(
    open_page: OpenPage, platform: ServerProcess, model: str
) -> None:
    add_user(platform, "reader", "viewer")
    page = open_page()
    page.goto(model)
    sign_in_as(page, "reader")
    expect(page.get_by_role("heading", name="Parameters")).to_be_visible()
    for name in ("Put into production", "Train a new version", "Import a version", "More", "Model"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name=re.compile("^Try version"))).to_have_count(0)
    page.goto("/models/new")
    expect(page.get_by_text("Your role does not train models")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    open_page: OpenPage, password: str, model: str, dataset: str, axe: str, scheme: str
) -> None:
    page = open_page(scheme=scheme, width=390)
    page.goto("/models")
    sign_in_as(page, "admin", password)
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    audit(page, axe)
    assert fits(page)
    page.goto(f"{model}?version=1&compare=2")
    expect(page.get_by_text("What differs is in bold.")).to_be_visible()
    expect(page.get_by_text(re.compile("anomal.* in 3 rows"))).to_be_visible()
    page.get_by_text("Ask from a program").click()
    expect(page.get_by_role("heading", name="Python client")).to_be_visible()
    audit(page, axe)
    assert fits(page)
    page.goto(f"/models/new?dataset={dataset}")
    expect(page.get_by_text("Give the model a name.")).to_be_visible()
    audit(page, axe)
    assert fits(page)
