"""Events over HTTP: every topic with its present state, bounded in size and in number."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx

from anomaly_detection.infrastructure.events.broker import MAXIMUM_LISTENERS
from anomaly_detection.presentation.api.v1.topics import LARGEST, TOPICS
from anomaly_detection.shared.scope import Scope
from tests.presentation.api.model_files import import_model
from tests.presentation.api.running import Running, code_of, detect, upload

CSV = b"load,host\n" + b"".join(b"%d,a\n" % (number % 17) for number in range(200))


@contextlib.contextmanager
def listening(client: httpx.Client) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    with client.stream("GET", "/events", timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": connected"

        def events() -> Iterator[tuple[str, dict[str, Any]]]:
            topic = ""
            for line in lines:
                if line.startswith("event: "):
                    topic = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield topic, json.loads(line.removeprefix("data: "))

        yield events()


def test_every_topic_is_told_with_its_present_state(running: Running, client: httpx.Client) -> None:
    dataset = upload(client, CSV, "a.csv")
    detection = detect(client, dataset["id"])
    body = {"detection_id": detection["id"], "index": 3, "verdict": "true"}
    with listening(running.client("the-viewer")) as events:
        client.patch(f"/datasets/{dataset['id']}", json={"name": "renamed"})
        summary = next(item for item in client.get("/datasets").json()["items"] if item["id"] == dataset["id"])
        assert next(events) == ("dataset", summary)
        said = client.post("/feedback", json=body).json()
        assert next(events) == ("feedback", said)
        client.delete(f"/feedback/{said['id']}")
        assert next(events) == ("feedback", {**said, "verdict": None})
        model = import_model(client)
        assert next(events) == ("model", client.get(f"/models/{model['model_id']}").json()["latest"])
        moved = client.put(f"/detections/{detection['id']}/threshold", json={"kind": "contamination", "value": 0.2})
        assert next(events) == ("detection", moved.json())
        named = client.patch(f"/detections/{detection['id']}", json={"name": "another"}).json()
        assert next(events) == ("detection", named)
    assert set(TOPICS) == {"dataset", "feedback", "model", "detection"}


def test_another_tenant_hears_nothing(running: Running, client: httpx.Client, stranger: httpx.Client) -> None:
    with listening(running.client("stranger")) as events:
        upload(client, CSV, "ours.csv")
        theirs = upload(stranger, CSV, "theirs.csv")
        topic, told = next(events)
        assert (topic, told["id"]) == ("dataset", theirs["id"])


def test_what_another_process_does_is_told_like_ones_own(running: Running, client: httpx.Client) -> None:
    # Whoever watches the database calls the broker with the tenant, the topic and an id, and nothing else.
    detection = detect(client, upload(client, CSV)["id"])
    user = running.platform.accounts.find("the-analyst")
    with listening(running.client("the-viewer")) as events:
        publish = running.platform.events.publish
        threading.Thread(target=publish, args=(Scope(user.tenant.id, ""), "detection", {"id": detection["id"]})).start()
        assert next(events) == ("detection", detection)


def test_what_is_gone_is_not_told(running: Running, client: httpx.Client) -> None:
    dataset = upload(client, CSV)
    user = running.platform.accounts.find("the-analyst")
    with listening(running.client("the-viewer")) as events:
        for thing in ("019a0000-0000-7000-8000-000000000000", dataset["id"]):
            running.platform.events.publish(Scope(user.tenant.id, ""), "dataset", {"id": thing})
        assert next(events)[1]["id"] == dataset["id"]


def test_an_event_is_small_whatever_was_asked_for(running: Running, client: httpx.Client) -> None:
    names = [f"column {number:05}" for number in range(3000)]
    content = "\n".join([",".join(names), *[",".join(["1"] * 3000), ",".join(["2"] * 3000)] * 20]).encode()
    dataset = upload(client, content, "wide.csv")
    with listening(running.client("the-viewer")) as events:
        body = {"dataset_id": dataset["id"], "columns": names, "algorithm": "zscore"}
        started = client.post("/detections", json=body).json()
        topic, told = next(events)
    assert len(started["columns"]) == 3000
    assert (topic, told["id"]) == ("detection", started["id"])
    assert (told["columns"], told["parameters"]) == (None, {})
    assert set(told) == set(started)
    assert len(json.dumps(told)) < LARGEST


def test_one_user_has_so_many_streams_and_no_more(running: Running) -> None:
    running.add_user("tabs", "viewer")
    running.add_user("neighbour", "viewer")
    client, neighbour = running.client("tabs"), running.client("neighbour")
    with contextlib.ExitStack() as open_streams:
        for _ in range(MAXIMUM_LISTENERS):
            open_streams.enter_context(listening(client))
        refused = client.get("/events")
        assert code_of(refused, 429) == "api.too_many_streams"
        assert int(refused.headers["retry-after"]) > 0
        open_streams.enter_context(listening(neighbour))
    # The server hears of a closed connection when it next writes to it, or sees it closed.
    deadline = time.monotonic() + 60
    while _status(client) == 429:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _status(client: httpx.Client) -> int:
    with client.stream("GET", "/events") as stream:
        return stream.status_code
