"""What a person does on the dashboard again and again."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

MILLISECONDS = 60_000
HISTOGRAM_HANDLE = "Threshold on the score"
PANEL_HANDLE = "Threshold on the score panel"

_DROP = """
([selector, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const target = [...document.querySelectorAll('section')].find((part) => part.ariaLabel === selector).firstElementChild;
  for (const type of ['dragover', 'drop']) {
    target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}
"""


def sign_in(page: Page, password: str) -> None:
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="admin")).to_be_visible()


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file onto the upload zone as the browser does."""
    page.evaluate(_DROP, ["Upload data", name, base64.b64encode(content).decode()])


def upload(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the page of the data sets and wait for the new detection that it leads to."""
    page.goto("/datasets")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible(timeout=MILLISECONDS)
    drop(page, name, content)
    page.wait_for_url("**/datasets/*/detect", timeout=MILLISECONDS)


def choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)


def start(page: Page) -> None:
    """Start the detection that the page proposes and wait for its result."""
    page.get_by_role("button", name="Start detection").click()
    expect(page.get_by_role("heading", name="Anomalies, most severe first")).to_be_visible(timeout=MILLISECONDS)
    expect(handle(page)).to_be_visible(timeout=MILLISECONDS)


def handle(page: Page, name: str = HISTOGRAM_HANDLE) -> Locator:
    return page.get_by_role("slider", name=name, exact=True)


def said(page: Page) -> int:
    """Return how many anomalies the threshold's panel says there are."""
    words = page.locator("section", has=page.get_by_role("heading", name="Threshold", exact=True)).get_by_role("status")
    return int(re.sub(r"\D", "", words.inner_text().split("anomal")[0]))


def kept(page: Page) -> int:
    """Return how many anomalies the page's head says there are: what the server has kept."""
    return int(re.sub(r"\D", "", page.locator("strong", has_text=re.compile("anomal")).first.inner_text()))
