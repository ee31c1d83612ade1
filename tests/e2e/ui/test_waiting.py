"""A server without workers: what waits is shown and can be cancelled, everywhere at once."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.ui.steps import MILLISECONDS, upload
from tests.presentation.api.process import ServerProcess, server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-waiting")]


@pytest.fixture(scope="module")
def platform(data_dir: Path) -> Iterator[ServerProcess]:
    """Start a server that is alive and never ready, because nobody does its jobs."""
    with server(data_dir, worker_threads="0") as started:
        deadline = time.monotonic() + 60
        while not started.one_time:
            assert time.monotonic() < deadline, started.output
            time.sleep(0.05)
        yield started


def test_what_waits_is_shown_and_cancelled(signed_in: Page) -> None:
    page = signed_in
    expect(page.get_by_role("heading", name="Find the anomalies in your data")).to_be_visible()
    for name in ("one", "two", "three"):
        upload(page, f"{name}.csv", b"a,b\n" + b"1,2\n2,3\n" * 20)
        page.get_by_role("button", name="Start detection").click()
        expect(page.get_by_role("heading", name="Waiting for a free worker")).to_be_visible(timeout=MILLISECONDS)
    page.get_by_role("button", name="Cancel the detection").click()
    expect(page.get_by_text("This detection was cancelled")).to_be_visible(timeout=MILLISECONDS)
    expect(page.get_by_role("link", name="Set up another detection")).to_be_visible()

    page.get_by_role("link", name="Overview", exact=True).click()
    running = page.get_by_role("region", name="Running now")
    expect(running.get_by_role("listitem")).to_have_count(2)
    running.get_by_role("button", name=re.compile("^Cancel two")).click()
    expect(running.get_by_role("listitem")).to_have_count(1, timeout=MILLISECONDS)
    expect(running).to_contain_text("waiting for a free worker")

    page.get_by_role("link", name="Detections", exact=True).click()
    row = page.get_by_role("row", name=re.compile("^one"))
    expect(row).to_contain_text("Waiting")
    row.get_by_role("button", name="Cancel the detection in one").click()
    expect(row).to_contain_text("Cancelled", timeout=MILLISECONDS)
    expect(page.get_by_role("row", name=re.compile("^two"))).to_contain_text("Cancelled")
