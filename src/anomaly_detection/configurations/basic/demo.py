"""Something to look at on the first day: a real series with its detection, in the default tenant."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from anomaly_detection import data_platform
from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.infrastructure.persistence.datasets import DatasetRecord
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import DetectionRequest

_LOGGER = logging.getLogger(__name__)
_BUNDLED = Path(data_platform.__file__).parent / "bundled"
_FILE = "nyc_taxi.csv.gz"
_PAGE = 100


def load_demo(platform: Platform, *, wait_seconds: float = 120.0) -> str:
    """Put the bundled taxi series with a detection into the default tenant, unless it is there; return the detection's id.

    Parameters
    ----------
    wait_seconds : float, default 120
        How long to wait for the detection's end; it goes on all the same.
    """
    administrator, _ = platform.accounts.ensure_administrator()
    scope = Scope(administrator.tenant.id, administrator.id, "demo")
    dataset = next((record for record in _all_datasets(platform, scope) if record.filename == _FILE), None)
    if dataset is None:
        with platform.datasets.begin(scope, filename=_FILE, name="NYC taxi") as upload:
            upload.write((_BUNDLED / _FILE).read_bytes())
            dataset = upload.finish()
    found = platform.detections.list(scope, limit=1, after="", dataset_id=dataset.id)
    detection = found[0] if found else platform.detections.start(scope, DetectionRequest(dataset.id), name="NYC taxi")
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline:
        status = platform.detections.get(scope, detection.id).record.job.status
        if status not in {"queued", "running"}:
            break
        time.sleep(0.05)
    else:
        _LOGGER.warning("the demo's detection is still running", extra={"detection_id": detection.id})
    return detection.id


def _all_datasets(platform: Platform, scope: Scope) -> Iterator[DatasetRecord]:
    after = ""
    while page := platform.datasets.list(scope, limit=_PAGE, after=after):
        yield from page
        after = page[-1].id
