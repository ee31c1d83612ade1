"""The dashboard's files over HTTP, built or not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from anomaly_detection.presentation.web import Dashboard
from tests.fixtures_databases import SQLITE
from tests.presentation.api.running import Running

DATABASES = SQLITE


class Site:
    """A dashboard without the platform around it."""

    def __init__(self, folder: Path) -> None:
        self._app = Starlette()
        self._app.router.default = Dashboard(folder)

    def get(self, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://site") as client:
                return await client.get(path)

        return asyncio.run(ask())


@pytest.fixture
def built(tmp_path: Path) -> Site:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<title>the page</title>")
    (tmp_path / "static" / "assets" / "index-abc123.js").write_text("1")
    (tmp_path / "static" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return Site(tmp_path / "static")


@pytest.mark.parametrize("path", ["/", "/detections/some-id", "/sign-in?one_time=x", "/index.html"])
def test_every_address_of_the_browser_is_the_page(built: Site, path: str) -> None:
    answer = built.get(path)
    assert answer.status_code == 200
    assert "the page" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever(built: Site) -> None:
    answer = built.get("/assets/index-abc123.js")
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]
    assert built.get("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone-123.js", "/api/v1/nothing", "/health/nothing", "/metrics/x"])
def test_what_is_not_there_is_not_the_page(built: Site, path: str) -> None:
    assert built.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/../../secret.txt"]
)
def test_nothing_outside_is_served(built: Site, path: str) -> None:
    assert "secret" not in built.get(path).text


def test_without_a_build_a_page_says_how(tmp_path: Path, running: Running) -> None:
    page = Site(tmp_path).get("/anything")
    assert page.status_code == 200
    assert "make web" in page.text
    assert httpx.get(running.url).status_code == 200
