"""Small trained models, and what tests do with them again and again."""

from __future__ import annotations

import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from anomaly_detection import create_detector, load_detector
from anomaly_detection.detection.detector import Detector
from anomaly_detection.shared.identity import new_id

MIXED = {
    "load": np.random.default_rng(0).normal(50, 5, 300).round(3).tolist(),
    "errors": np.random.default_rng(1).poisson(2, 300).tolist(),
    "site": [("north", "south", "east")[row % 3] for row in range(300)],
}


@cache
def trained(algorithm: str = "modified_zscore", **parameters: Any) -> Detector:
    """Return a detector that learnt from 300 rows of load, errors and site."""
    return create_detector(algorithm, **parameters).fit(MIXED)


def file_of(detector: Detector) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return detector.save(Path(folder) / "model.adm").read_bytes()


def opened(content: bytes) -> Detector:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.adm"
        path.write_bytes(content)
        return load_detector(path)


@cache
def model_file() -> bytes:
    return file_of(trained())


def import_model(client: httpx.Client, content: bytes | None = None, name: str = "") -> dict[str, Any]:
    """Import a model under a name of its own; return the version."""
    parameters = {"name": name or f"model {new_id()}"}
    answer = client.post("/models/import", params=parameters, content=model_file() if content is None else content)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def train(client: httpx.Client, dataset_id: str, name: str = "", **body: Any) -> dict[str, Any]:
    """Train a model and wait for its end; return the version."""
    answer = client.post("/models", json={"name": name or f"model {new_id()}", "dataset_id": dataset_id, **body})
    assert answer.status_code == 202, answer.text
    return wait_for_training(client, answer.json())


def wait_for_training(client: httpx.Client, version: dict[str, Any], seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        version = client.get(f"/models/{version['model_id']}/versions/{version['version']}").json()
        if version["status"] not in {"queued", "running"}:
            return version
        time.sleep(0.05)
    raise AssertionError(f"the training did not end: {version}")
