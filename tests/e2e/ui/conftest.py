"""A real Chromium on the dashboard of a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from anomaly_detection.presentation.web.dashboard import STATIC
from tests.e2e.ui.steps import sign_in
from tests.presentation.api.process import ServerProcess, server
from tests.presentation.api.running import PASSWORD

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

OpenPage = Callable[..., Page]


def _chromium() -> str:
    named = os.environ.get("ANOMALY_DETECTION_TEST_CHROMIUM")
    found = named or next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert found is not None, "No Chromium is installed: run scripts/install_system_packages.sh."
    return found


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.fixture(scope="module")
def platform(data_dir: Path) -> Iterator[ServerProcess]:
    """Start a server on an empty data folder; its administrator has not signed in yet."""
    assert (STATIC / "index.html").is_file(), "The dashboard is not built: run `make web`."
    with server(data_dir) as started:
        yield started.wait_until_ready()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(platform: ServerProcess, browser: Browser) -> Iterator[OpenPage]:
    """Open pages that must cause no error, break no policy, and ask no other host; the end of the test checks it."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    host = urlsplit(platform.url).netloc

    def heard(message: ConsoleMessage) -> None:
        # A refused request is told twice: by the page, which tests look at, and by the browser, here.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")) and urlsplit(request.url).netloc != host:
            complaints.append(f"asked {request.url}")

    def opened(*, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=platform.url,
            viewport={"width": width, "height": 860},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", asked)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def password(platform: ServerProcess) -> str:
    """Return the administrator's password, set as the printed link allows."""
    if platform.one_time:
        platform.sign_in()
        platform.one_time = ""
    return PASSWORD


@pytest.fixture
def signed_in(open_page: OpenPage, password: str) -> Page:
    page = open_page()
    page.goto("/")
    sign_in(page, password)
    return page


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the accessibility checker's source."""
    return (Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
