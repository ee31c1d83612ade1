"""What the tests of single pages start from: data that were judged, users, models; and what every page must keep to."""

from __future__ import annotations

import time
from typing import Any

import httpx
import numpy as np
from playwright.sync_api import Page, expect

from tests.presentation.api.process import ServerProcess
from tests.presentation.api.running import PASSWORD, wait_for

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MARKUP = "<img src=x onerror=alert(1)>"
BROKEN = 100


def machine_csv() -> bytes:
    """Return a table in which row 100 has a broken sensor, a column whose name is markup, and markup as a value."""
    random = np.random.default_rng(5)
    pressure, speed = random.normal(50, 2, 400), random.normal(1500, 20, 400)
    pressure[BROKEN], pressure[7], speed[200] = 95.0, 82.0, 1150.0
    lines = [
        f"{p:.3f},{s:.2f},{MARKUP if i % 2 else 'day'}" for i, (p, s) in enumerate(zip(pressure, speed, strict=True))
    ]
    return "\n".join([f"pressure,{MARKUP} speed,shift", *lines, ""]).encode()


def hours_csv() -> bytes:
    """Return three weeks of an hourly series with one spike."""
    random = np.random.default_rng(7)
    hours = np.arange(504)
    load = 100 + 20 * np.sin(hours * 2 * np.pi / 24) + random.normal(0, 1, 504)
    load[300] = 190
    moments = np.datetime64("2026-03-01T00:00:00") + hours.astype("timedelta64[h]")
    return "\n".join(["moment,load", *(f"{m}Z,{v:.3f}" for m, v in zip(moments, load, strict=True)), ""]).encode()


def detected(client: httpx.Client, name: str, content: bytes) -> dict[str, Any]:
    """Upload data and judge them as the platform proposes."""
    dataset = client.post("/datasets", params={"filename": f"{name}.csv"}, content=content).json()
    made = client.post("/detections", json={"dataset_id": dataset["id"]}).json()
    detection = wait_for(client, made["id"])
    assert detection["status"] == "succeeded", detection
    return detection


def trained(client: httpx.Client, name: str, dataset_id: str, **body: Any) -> dict[str, Any]:
    """Train a version of a model and wait for its end."""
    answer = client.post("/models", json={"name": name, "dataset_id": dataset_id, **body})
    assert answer.status_code == 202, answer.text
    version = answer.json()
    address = f"/models/{version['model_id']}/versions/{version['version']}"
    deadline = time.monotonic() + 120
    while version["status"] in {"queued", "running"}:
        assert time.monotonic() < deadline, version
        time.sleep(0.05)
        version = client.get(address).json()
    assert version["status"] == "succeeded", version
    return dict(version)


def add_user(platform: ServerProcess, username: str, role: str) -> None:
    """Add a user who has chosen the password of all tests."""
    with platform.client() as client:
        made = client.post("/users", json={"username": username, "role": role})
        assert made.status_code == 201, made.text
    chosen = {"one_time_token": made.json()["one_time_token"], "new_password": PASSWORD}
    assert httpx.post(f"{platform.url}/api/v1/sessions", json=chosen).status_code == 201


def sign_in_as(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name=username, exact=True)).to_be_visible()


def audit(page: Page, axe: str) -> None:
    """Check the page as it is for what WCAG 2.2 AA asks."""
    page.evaluate(axe)
    found = page.evaluate("(tags) => axe.run(document, { runOnly: tags })", AXE_RULES)
    violations = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found["violations"]]
    assert violations == [], violations
    assert found["passes"]


def fits(page: Page) -> bool:
    """Tell whether nothing of the page lies outside a narrow screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
