"""Who may do what: users, roles and API keys of a tenant, and everybody's own account."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.ui.conftest import OpenPage
from tests.e2e.ui.given import MARKUP, add_user, audit, fits, sign_in_as
from tests.presentation.api.process import ServerProcess

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-administration")]

OTHER = "another four words here"


@pytest.fixture
def somebody(platform: ServerProcess, password: str, request: pytest.FixtureRequest) -> str:
    """Return the name of an analyst that the test has for itself."""
    del password
    name = re.sub(r"\W", "-", request.node.name)[-40:].strip("-")
    add_user(platform, name, "analyst")
    return name


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


def _act(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"Actions on {name}").click()
    page.get_by_role("menuitem", name=action).click()


def _answer(page: Page, action: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=action, exact=True).click()
    expect(dialog.get_by_role("button", name=action, exact=True)).to_have_count(0)


def test_a_new_user_gets_a_link_once_and_signs_in_with_it(signed_in: Page, open_page: OpenPage) -> None:
    page = signed_in
    page.goto("/administration")
    page.get_by_role("button", name="Add a user").click()
    page.get_by_label("User name").fill(MARKUP)
    page.get_by_role("radio", name="analyst").check()
    page.get_by_role("button", name="Add the user").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The user was not added")
    expect(alert).to_contain_text("auth.invalid_username")
    page.get_by_label("User name").fill("mia.keller@plant")
    page.get_by_role("button", name="Add the user").click()
    shown = page.get_by_role("dialog", name="Sign-in link")
    expect(shown).to_contain_text("It is shown only now.")
    link = shown.get_by_role("region", name="sign-in link").inner_text().strip()
    shown.get_by_role("button", name="Copy the sign-in link").click()
    shown.get_by_role("button", name="Close").click()
    expect(_row(page, "mia.keller@plant")).to_contain_text("has not signed in yet")
    assert link not in page.content()

    other = open_page()
    other.goto(link)
    other.get_by_label("New password").fill(OTHER)
    other.get_by_label("The same again").fill(OTHER)
    other.get_by_role("button", name="Set the password").click()
    expect(other.get_by_role("button", name="mia.keller@plant", exact=True)).to_be_visible()
    assert page.locator("img").count() == 0


def test_the_last_administrator_stays(signed_in: Page) -> None:
    page = signed_in
    page.goto("/administration")
    expect(_row(page, "admin")).to_contain_text(
        "The last administrator: cannot be disabled, deleted or given another role."
    )
    expect(page.get_by_role("combobox", name="Role of admin")).to_be_disabled()
    page.get_by_role("button", name="Actions on admin").click()
    for action in ("Disable", "Delete the user"):
        expect(page.get_by_role("menuitem", name=action)).to_be_disabled()


def test_a_role_changes_and_a_user_is_disabled_enabled_and_deleted(
    signed_in: Page, platform: ServerProcess, somebody: str
) -> None:
    page = signed_in
    page.goto("/administration")
    page.get_by_role("combobox", name=f"Role of {somebody}").click()
    page.get_by_role("option", name="viewer").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{somebody} is analyst now and becomes viewer")
    _answer(page, "Make viewer")
    expect(page.get_by_role("combobox", name=f"Role of {somebody}")).to_have_value("viewer")
    _act(page, somebody, "Disable")
    _answer(page, "Disable")
    expect(_row(page, somebody)).to_contain_text("disabled")
    entering = {"username": somebody, "password": "four words that stay"}
    assert httpx.post(f"{platform.url}/api/v1/sessions", json=entering).status_code == 401
    _act(page, somebody, "Enable")
    _answer(page, "Enable")
    expect(_row(page, somebody)).to_contain_text("active")
    _act(page, somebody, "New sign-in link")
    _answer(page, "Make a new link")
    expect(page.get_by_role("region", name="sign-in link")).to_contain_text("/sign-in?one_time=")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    _act(page, somebody, "Delete the user")
    _answer(page, "Delete the user")
    expect(_row(page, somebody)).to_have_count(0)


def test_roles_are_a_matrix(signed_in: Page) -> None:
    page = signed_in
    page.goto("/administration?tab=roles")
    cells = page.get_by_role("row", name=re.compile("accounts.manage")).get_by_role("cell")
    expect(cells).to_have_text([re.compile("no"), re.compile("no"), re.compile("yes")])
    cells = page.get_by_role("row", name=re.compile("feedback.write")).get_by_role("cell")
    expect(cells).to_have_text([re.compile("no"), re.compile("yes"), re.compile("yes")])


def test_a_key_is_shown_once_works_and_is_revoked(open_page: OpenPage, platform: ServerProcess, somebody: str) -> None:
    page = open_page()
    page.goto("/account")
    sign_in_as(page, somebody)
    page.get_by_role("button", name="Make an API key").click()
    page.get_by_label("Name").fill(MARKUP)
    role = page.get_by_role("combobox", name="Role")
    expect(role).to_have_value("analyst")
    role.click()
    expect(page.get_by_role("option")).to_have_text(["viewer", "analyst"])
    page.get_by_role("option", name="viewer").click()
    page.get_by_role("button", name="Make the key").click()
    secret = page.get_by_role("region", name="API key", exact=True).inner_text().strip()
    assert secret.startswith("adk_")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(_row(page, MARKUP)).to_contain_text("viewer")
    assert secret not in page.content()
    assert page.locator("img").count() == 0
    with httpx.Client(base_url=f"{platform.url}/api/v1", headers={"Authorization": f"Bearer {secret}"}) as client:
        assert client.get("/datasets").status_code == 200
        page.reload()
        page.get_by_role("button", name=f"Revoke {MARKUP}").click()
        _answer(page, "Revoke the key")
        expect(page.get_by_role("heading", name="No API key")).to_be_visible()
        assert client.get("/datasets").status_code == 401
    page.get_by_role("switch", name="Show revoked and expired ones").check()
    expect(_row(page, MARKUP)).to_contain_text("revoked")


def test_an_administrator_revokes_anybodys_key(signed_in: Page, platform: ServerProcess, somebody: str) -> None:
    signed = httpx.post(
        f"{platform.url}/api/v1/sessions", json={"username": somebody, "password": "four words that stay"}
    ).json()
    made = httpx.post(
        f"{platform.url}/api/v1/api-keys",
        json={"name": "left behind"},
        headers={"Authorization": f"Bearer {signed['access_token']}"},
    )
    assert made.status_code == 201, made.text
    page = signed_in
    page.goto("/administration?tab=keys")
    row = _row(page, "left behind")
    expect(row).to_contain_text(somebody)
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_contain_text(somebody)
    _answer(page, "Revoke the key")
    expect(row).to_have_count(0)


def test_a_password_is_changed_with_the_present_one(open_page: OpenPage, somebody: str) -> None:
    page = open_page()
    page.goto("/account")
    sign_in_as(page, somebody)
    fields = page.get_by_role("region", name="Password")
    change = fields.get_by_role("button", name="Change the password")
    fields.get_by_label("Present password", exact=True).fill("not the present one")
    fields.get_by_label("New password", exact=True).fill("short")
    fields.get_by_label("The same again").fill("shorter")
    change.click()
    expect(fields.get_by_text("At least 12 characters; this has 5.")).to_be_visible()
    expect(fields.get_by_text("This is not the same password.")).to_be_visible()
    fields.get_by_label("New password", exact=True).fill(OTHER)
    fields.get_by_label("The same again").fill(OTHER)
    change.click()
    expect(fields.get_by_text("This is not your present password.")).to_be_visible()
    fields.get_by_label("Present password", exact=True).fill("four words that stay")
    change.click()
    expect(fields.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_role("button", name=somebody, exact=True).click()
    page.get_by_role("menuitem", name="Sign out").click()
    sign_in_as(page, somebody, OTHER)


def test_who_is_no_administrator_sees_roles_and_the_own_account(open_page: OpenPage, somebody: str) -> None:
    page = open_page()
    page.goto("/administration")
    sign_in_as(page, somebody)
    expect(page.get_by_role("table")).to_be_visible()
    for tab in ("users", "keys"):
        page.goto(f"/administration?tab={tab}")
        expect(page.get_by_text("This is for administrators")).to_be_visible()
        expect(page.get_by_role("table")).to_have_count(0)
    page.get_by_role("link", name="your account page").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(open_page: OpenPage, password: str, axe: str, scheme: str) -> None:
    page = open_page(scheme=scheme, width=390)
    page.goto("/administration")
    sign_in_as(page, "admin", password)
    expect(page.get_by_role("table")).to_be_visible()
    for address in ("/administration", "/administration?tab=roles", "/administration?tab=keys", "/account"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("status", name=re.compile("Loading"))).to_have_count(0)
        audit(page, axe)
        assert fits(page), address
    page.goto("/administration")
    page.get_by_role("button", name="Add a user").click()
    expect(page.get_by_role("dialog").get_by_label("User name")).to_be_focused()
    audit(page, axe)
