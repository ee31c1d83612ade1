"""Twenty people at the same time, each looking around as the dashboard lets them: latencies and errors."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anomaly_detection_client import Client
from benchmarks.load import Connections, Outcome, request_bytes
from benchmarks.measure import Figure
from benchmarks.server import PASSWORD, TAXI, server

USERS = 20
SECONDS = 20.0
THINK_SECONDS = 0.25
"""Mean pause of a user between an answer and the next question."""


def measure() -> list[Figure]:
    """Measure reads of every kind by users of their own, on a server that holds a series and a table with results."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder) / "data") as (_, plain, one_time):
        plain.sign_in(one_time_token=one_time, new_password=PASSWORD)
        with plain.sdk() as client:
            paths = _prepare(client, Path(folder))
            tokens = [_join(client, plain.url, f"user{number}") for number in range(USERS)]
        outcome = asyncio.run(_looked_around(plain.url, paths, tokens))
    note = f"{USERS} users, {len(paths)} kinds of reads, {1e3 * THINK_SECONDS:.0f} ms of thinking on average; {outcome}"
    return [
        Figure("20 users at once: p50", outcome.percentile(50), "ms", note=note),
        Figure("20 users at once: p99", outcome.percentile(99), "ms"),
        Figure("20 users at once: requests", len(outcome.latencies_ms) / outcome.seconds, "1/s"),
        Figure("20 users at once: errors", outcome.errors, "", "0"),
    ]


def _prepare(client: Client, folder: Path) -> list[str]:
    """Give the server something to show; return what is looked at."""
    rng = np.random.default_rng(3)
    table = folder / "table.csv"
    np.savetxt(table, rng.normal(size=(20_000, 6)), delimiter=",", header="a,b,c,d,e,f", comments="", fmt="%.5f")
    series = client.datasets.upload(TAXI)
    parts = client.datasets.upload(table)
    found = [client.detections.wait(client.detections.start(item.id).id) for item in (series, parts)]
    client.models.train("parts", parts.id, algorithm="isolation_forest")
    of_series, of_parts = (f"/api/v1/detections/{item.id}" for item in found)
    return [
        "/api/v1/overview",
        "/api/v1/datasets?limit=20",
        "/api/v1/detections?limit=20",
        "/api/v1/models",
        "/api/v1/jobs?limit=20",
        "/api/v1/algorithms",
        f"/api/v1/datasets/{parts.id}/preview?rows=50",
        of_series,
        f"{of_series}/series?points=4000",
        f"{of_series}/anomalies?limit=50",
        f"{of_parts}/distribution",
        f"{of_parts}/scatter?x=a&y=b",
        f"{of_parts}/anomalies?limit=50",
    ]


def _join(admin: Client, url: str, name: str) -> str:
    invitation = admin.users.create(name, "viewer")
    with Client(url) as client:
        return client.sessions.sign_in_once(invitation.one_time_token, PASSWORD).access_token


async def _looked_around(url: str, paths: Sequence[str], tokens: Sequence[str]) -> Outcome:
    outcome = Outcome()
    started = time.perf_counter()
    await asyncio.gather(*(_user(url, paths, token, number, outcome) for number, token in enumerate(tokens)))
    outcome.seconds = time.perf_counter() - started
    return outcome


async def _user(url: str, paths: Sequence[str], token: str, number: int, outcome: Outcome) -> None:
    chance = random.Random(number)
    connections = Connections(url)
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        await asyncio.sleep(chance.expovariate(1 / THINK_SECONDS))
        request = request_bytes(url, chance.choice(paths), Authorization=f"Bearer {token}")
        started = time.perf_counter()
        try:
            status, _ = await asyncio.wait_for(connections.send(request), 60)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status = 0
        if status == 200:
            outcome.latencies_ms.append(1e3 * (time.perf_counter() - started))
        else:
            outcome.errors += 1
    await connections.close()
