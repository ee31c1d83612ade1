"""One request can be followed through everything that is logged: by the server, by its worker, and by a worker of its own."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.presentation.api.process import ServerProcess, server
from tests.presentation.api.running import code_of, upload, wait_for

CSV = b"x,y\n" + b"".join(b"%d,%d\n" % (number, number % 7) for number in range(60))


def lines_of(running: ServerProcess, request_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in running.output.splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("request_id") == request_id]


@pytest.mark.parametrize("processes", [0, 1], ids=["threads", "process"])
def test_a_request_is_followed_into_its_job(tmp_path: Path, processes: int) -> None:
    with server(tmp_path, log_format="json", worker_processes=str(processes)) as running:
        running.wait_until_started()
        with running.client() as client:
            dataset = upload(client, CSV)
            given = {"X-Request-ID": "trace-me-1"}
            body = {"dataset_id": dataset["id"], "algorithm": "zscore"}
            answer = client.post("/detections", json=body, headers=given)
            assert answer.headers["x-request-id"] == "trace-me-1"
            assert wait_for(client, answer.json()["id"])["status"] == "succeeded"
            refused = client.get("/detections/nothing", headers={"X-Request-ID": "trace-me-2"})
            assert code_of(refused, 404) == "detection.not_found"
            deadline = time.monotonic() + 30
            while not [line for line in lines_of(running, "trace-me-1") if "job" in line["message"]]:
                assert time.monotonic() < deadline, running.output
                time.sleep(0.05)
        running.stop()
    every = [json.loads(line) for line in running.output.splitlines() if line.startswith("{")]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in every)
    followed = lines_of(running, "trace-me-1")
    asked = next(line for line in followed if line["message"] == "request")
    assert (asked["method"], asked["path"], asked["status"]) == ("POST", "/api/v1/detections", 202)
    assert asked["duration_ms"] >= 0
    order = next(line for line in followed if line["message"] == "operation")
    assert order["operation"] == "detections.start"
    assert {"tenant_id", "principal_id"} <= order.keys()
    assert [line for line in followed if line["logger"].startswith("anomaly_detection.infrastructure.jobs")]
    assert lines_of(running, "trace-me-2")[-1]["status"] == 404
