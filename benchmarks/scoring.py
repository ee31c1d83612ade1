"""Rows scored at once by a stored model, beside MLflow's scoring server with the same scikit-learn model.

Single rows come at 100 per second at random moments, whatever the answers do, and one after the other; 10 000 rows come in one
request after the other.
Ours answers with scores, p-values, labels and severities; MLflow's with labels.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from anomaly_detection_client import Client
from benchmarks.load import Outcome, arrivals, at_moments, one_after_the_other, request_bytes
from benchmarks.measure import Figure, processor_seconds
from benchmarks.peer import MLFLOW, NotHere, environment, save, scoring_server
from benchmarks.server import PASSWORD, server

TRAINING_ROWS = 10_000
MANY_ROWS = 10_000
FEATURES = [f"feature_{number}" for number in range(10)]
SKLEARN = {"n_estimators": 100, "random_state": 0}
MODELS = {
    "sklearn:IsolationForest": {"n_estimators": 100},
    "isolation_forest": {"n_estimators": 100},
    "knn": {},
    "ecod": {},
}
PER_SECOND = 100.0
SECONDS = 20.0
WARM_UP_SECONDS = 3.0
LIMIT_SECONDS = 30.0
TIMES = 7
ALONE = 300
ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"


def measure() -> list[Figure]:
    """Measure our server with several models, then MLflow's; never both at the same time."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.npy"
        np.save(rows, rng.normal(size=(TRAINING_ROWS, len(FEATURES))))
        return [*_ours(Path(folder), np.load(rows)), *_theirs(Path(folder), rows)]


def _ours(folder: Path, rows: np.ndarray) -> list[Figure]:
    figures = []
    with server(folder / "data") as (_, plain, one_time):
        plain.sign_in(one_time_token=one_time, new_password=PASSWORD)
        with plain.sdk() as client:
            dataset = client.datasets.upload(pa.table(dict(zip(FEATURES, rows.T, strict=True))), name="rows").id
            for algorithm, parameters in MODELS.items():
                model_id = _train(client, dataset, algorithm, parameters)
                figures += _of_ours(plain.url, plain.pid, plain.token, model_id, algorithm)
    return figures


def _train(client: Client, dataset: str, algorithm: str, parameters: dict[str, int]) -> str:
    ordered = client.models.train(algorithm, dataset, algorithm=algorithm, parameters=parameters)
    return client.models.wait(ordered.model_id, ordered.version, timeout=300).model_id


def _of_ours(url: str, pid: int, token: str, model_id: str, algorithm: str) -> list[Figure]:
    path = f"/api/v1/models/{model_id}/score"
    proof = {"Authorization": f"Bearer {token}"}
    singles = [
        request_bytes(
            url,
            path,
            json.dumps({"rows": [dict(zip(FEATURES, row, strict=True))]}).encode(),
            **proof,
            Content_Type=JSON,
        )
        for row in _new_rows(200).tolist()
    ]
    figures = _single_rows(f"one row, {algorithm}", url, pid, singles, aim=("3 ms", "10 ms"))
    many = _new_rows(MANY_ROWS)
    as_json = json.dumps({"columns": FEATURES, "data": many.tolist()}).encode()
    as_arrow = _arrow(many)
    for form, body, headers in (
        ("JSON", as_json, {"Content_Type": JSON}),
        ("Arrow", as_arrow, {"Content_Type": ARROW, "Accept": ARROW}),
    ):
        outcome = one_after_the_other(url, request_bytes(url, path, body, **proof, **headers), TIMES)
        figures.append(_many(f"10 000 rows as {form}, {algorithm}", outcome, len(body)))
    return figures


def _theirs(folder: Path, rows: Path) -> list[Figure]:
    name = f"MLflow {MLFLOW}"
    try:
        python = environment()
        save(python, rows, folder / "model", json.dumps(SKLEARN))
        with scoring_server(python, folder / "model", folder / "mlflow.log") as (url, pid):
            singles = [
                request_bytes(url, "/invocations", _split(row[None, :]), Content_Type=JSON) for row in _new_rows(200)
            ]
            figures = _single_rows(f"{name}: one row, sklearn IsolationForest", url, pid, singles)
            body = _split(_new_rows(MANY_ROWS))
            outcome = one_after_the_other(url, request_bytes(url, "/invocations", body, Content_Type=JSON), TIMES)
            return [*figures, _many(f"{name}: 10 000 rows as JSON, sklearn IsolationForest", outcome, len(body))]
    except NotHere as reason:
        return [Figure(name, 0.0, "not measured", note=str(reason))]


def _single_rows(name: str, url: str, pid: int, requests: list[bytes], aim: tuple[str, str] = ("", "")) -> list[Figure]:
    at_moments(url, requests, arrivals(PER_SECOND / 4, WARM_UP_SECONDS, seed=1), limit_seconds=LIMIT_SECONDS)
    alone = one_after_the_other(url, requests[0], ALONE)
    before = processor_seconds(pid)
    outcome = at_moments(url, requests, arrivals(PER_SECOND, SECONDS), limit_seconds=LIMIT_SECONDS)
    taken = 1e3 * (processor_seconds(pid) - before) / max(len(outcome.latencies_ms), 1)
    note = f"{PER_SECOND:.0f}/s at random moments for {SECONDS:.0f} s; {outcome}"
    return [
        Figure(f"{name}: p50", outcome.percentile(50), "ms", aim[0], note),
        Figure(f"{name}: p99", outcome.percentile(99), "ms", aim[1]),
        Figure(f"{name}: one after the other", alone.percentile(50), "ms", note=f"median of {ALONE}, nobody else asks"),
        Figure(f"{name}: processor time", taken, "ms", note="of the server for each answer"),
    ]


def _many(name: str, outcome: Outcome, size: int) -> Figure:
    slowest = max(outcome.latencies_ms)
    note = f"median of {len(outcome.latencies_ms)}, slowest {slowest:.0f} ms; {size / 1e6:.1f} MB sent"
    return Figure(name, outcome.percentile(50), "ms", note=note)


def _new_rows(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, len(FEATURES)))


def _split(rows: np.ndarray) -> bytes:
    return json.dumps({"dataframe_split": {"columns": FEATURES, "data": rows.tolist()}}).encode()


def _arrow(rows: np.ndarray) -> bytes:
    table = pa.table(dict(zip(FEATURES, rows.T, strict=True)))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
