"""Models over HTTP: trained or imported, promoted, put away, handed out again; damaged files refused."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from anomaly_detection import create_detector
from anomaly_detection.detection.model_file import read_model, write_model
from anomaly_detection.shared.scope import Scope
from tests.presentation.api.model_files import (
    MIXED,
    file_of,
    import_model,
    model_file,
    opened,
    train,
    trained,
    wait_for_training,
)
from tests.presentation.api.running import Running, code_of, serving, taxi_csv, upload

CSV = "\n".join([",".join(MIXED), *(",".join(map(str, row)) for row in zip(*MIXED.values(), strict=True))]).encode()
ROWS = [{"load": 50.0, "errors": 2, "site": "north"}, {"load": 900.0, "errors": 99, "site": "west"}]


@pytest.fixture(scope="module")
def dataset_id(running: Running) -> str:
    return str(upload(running.known("the-analyst"), CSV, name="pumps")["id"])


def files_of(running: Running) -> list[Path]:
    return sorted(path for path in running.platform.folder.models.glob("*/*/*"))


def test_from_a_notebook_into_production(client: httpx.Client, tmp_path: Path) -> None:
    detector = create_detector("isolation_forest", seed=7).fit(MIXED)
    content = detector.save(tmp_path / "m.adm").read_bytes()
    version = client.post("/models/import", params={"name": "from a notebook"}, content=content).json()
    client.post(f"/models/{version['model_id']}/versions/1/promote", json={"stage": "production"})
    judged = client.post(f"/models/{version['model_id']}/score", json={"rows": ROWS}).json()
    assert judged["scores"] == detector.score(ROWS).tolist()
    assert judged["predictions"] == detector.predict(ROWS).tolist() == [0, 1]
    assert (version["source"], version["status"], version["algorithm"]) == ("imported", "succeeded", "isolation_forest")
    assert (version["feature_names"], version["kind"]) == (["load", "errors", "site"], "table")
    assert version["fingerprint"] == detector.trained_on["fingerprint"]
    back = client.get(f"/models/{version['model_id']}/versions/1/file")
    assert back.content == content
    assert opened(back.content).score(ROWS).tolist() == judged["scores"]
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''from%20a%20notebook-1.adm"


def test_a_training_ends_with_a_version_that_judges(client: httpx.Client, dataset_id: str) -> None:
    answer = client.post(
        "/models",
        json={
            "name": "pumps",
            "dataset_id": dataset_id,
            "algorithm": "knn",
            "parameters": {"n_neighbors": 7},
            "columns": ["load", "errors"],
            "threshold": {"kind": "contamination", "value": 0.05},
            "priority": "high",
        },
    )
    assert answer.status_code == 202
    first = answer.json()
    assert answer.headers["location"] == f"/api/v1/models/{first['model_id']}/versions/1"
    assert (first["version"], first["stage"], first["source"], first["summary"]) == (1, "none", "trained", None)
    done = wait_for_training(client, first)
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert (done["feature_names"], done["parameters"]) == (["load", "errors"], {"n_neighbors": 7})
    assert (done["dataset"], done["threshold"]) == (
        {"id": dataset_id, "name": "pumps"},
        {"kind": "contamination", "value": 0.05},
    )
    assert done["summary"]["n_rows"] == 300
    assert done["created_by"]["username"] == "the-analyst"
    assert done["progress"]["fraction"] == 1.0
    job = client.get(f"/jobs/{done['job_id']}").json()
    assert (job["kind"], job["status"]) == ("training", "succeeded")
    by_hand = create_detector("knn", n_neighbors=7, columns=["load", "errors"], threshold=("contamination", 0.05)).fit(
        MIXED
    )
    rows = [{"load": row["load"], "errors": row["errors"]} for row in ROWS]
    judged = client.post(f"/models/{done['model_id']}/score", json={"rows": rows}).json()
    assert judged["scores"] == by_hand.score(rows).tolist()
    second = train(client, dataset_id, "pumps", algorithm="zscore")
    assert (second["model_id"], second["version"]) == (first["model_id"], 2)
    model = client.get(f"/models/{first['model_id']}").json()
    assert (model["n_versions"], model["latest"]["version"], model["production"]) == (2, 2, None)
    versions = client.get(f"/models/{first['model_id']}/versions").json()["items"]
    assert [version["version"] for version in versions] == [2, 1]


def test_a_series_is_learnt_and_continued(client: httpx.Client) -> None:
    lines = taxi_csv().splitlines(keepends=True)
    dataset = upload(client, b"".join(lines[:1500]))
    version = train(client, dataset["id"], algorithm="stl")
    assert (version["status"], version["kind"]) == ("succeeded", "series")
    rows = [
        dict(zip(("timestamp", "value"), line.decode().strip().split(","), strict=True)) for line in lines[1500:1600]
    ]
    rows = [{"timestamp": row["timestamp"], "value": float(row["value"])} for row in rows]
    judged = client.post(f"/models/{version['model_id']}/score", json={"rows": rows})
    assert judged.status_code == 200, judged.text
    with_file = opened(client.get(f"/models/{version['model_id']}/versions/1/file").content)
    assert judged.json()["scores"] == with_file.score(rows).tolist()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x", "dataset_id": "019a0000-0000-7000-8000-000000000000"}, 404, "data.dataset_not_found"),
        ({"name": "x", "algorithm": "nothing"}, 422, "detection.unknown_algorithm"),
        ({"name": "x", "parameters": {"n_neighbors": -1}}, 422, "detection.invalid_parameter"),
        ({"name": "x", "parameters": {"threshold": ["p_value", 0.1]}}, 422, "detection.unknown_parameter"),
        ({"name": "x", "parameters": {"seed": -1}}, 422, "detection.invalid_parameter"),
        ({"name": "x", "columns": ["lod"]}, 422, "data.unknown_column"),
        ({"name": "x", "algorithm": "stl"}, 422, "detection.wrong_kind"),
        ({"name": "x", "threshold": {"kind": "p_value", "value": 2}}, 422, "detection.invalid_threshold"),
        ({"name": ""}, 422, "api.invalid_request"),
        ({"name": "  "}, 422, "models.invalid_name"),
        ({"name": "a\nb"}, 422, "models.invalid_name"),
        ({"name": "x" * 201}, 422, "api.invalid_request"),
        ({"name": "x", "priority": "urgent"}, 422, "api.invalid_request"),
        ({"name": "x", "stage": "production"}, 422, "api.invalid_request"),
    ],
)
def test_what_cannot_be_trained_makes_no_model(
    client: httpx.Client, dataset_id: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = client.post("/models", json={"dataset_id": dataset_id, **body})
    assert code_of(answer, status) == code
    assert client.get("/models", params={"q": "x" * 20}).json()["items"] == []


def test_a_training_that_fails_says_why(client: httpx.Client, running: Running) -> None:
    dataset = upload(client, CSV, name="soon gone")
    file = running.platform.folder.datasets.glob(f"*/{dataset['id']}/data*")
    next(iter(file)).write_bytes(b"\xff\xfe\x00")
    version = train(client, dataset["id"])
    assert version["status"] == "failed"
    assert version["error"]["code"].startswith("data.")
    assert code_of(client.post(f"/models/{version['model_id']}/score", json={"rows": ROWS}), 409) == (
        "models.no_usable_version"
    )
    for path in ("promote", "file"):
        method, body = ("POST", {"stage": "production"}) if path == "promote" else ("GET", None)
        answer = client.request(method, f"/models/{version['model_id']}/versions/1/{path}", json=body)
        assert code_of(answer, 409) == "models.no_usable_version"


def test_a_waiting_training_is_cancelled(tmp_path: Path) -> None:
    with serving(tmp_path, worker_threads=0) as running:
        running.add_user("ana")
        client = running.client("ana")
        dataset = upload(client, CSV)
        version = client.post("/models", json={"name": "m", "dataset_id": dataset["id"]}).json()
        path = f"/models/{version['model_id']}/versions/1"
        assert code_of(client.delete(path), 409) == "models.still_training"
        assert code_of(client.post(f"{path}/archive"), 409) == "models.still_training"
        answer = client.post(f"{path}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
        assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
        assert client.delete(path).status_code == 204
        assert code_of(client.get(path), 404) == "models.version_not_found"


def test_the_stages_of_versions(client: httpx.Client) -> None:
    model_id = import_model(client, name="stages")["model_id"]
    import_model(client, name="stages")

    def promote(number: int, stage: str) -> str:
        answer = client.post(f"/models/{model_id}/versions/{number}/promote", json={"stage": stage})
        return str(answer.json()["stage"]) if answer.status_code == 200 else code_of(answer, answer.status_code)

    def used() -> int:
        return int(client.post(f"/models/{model_id}/score", json={"rows": ROWS}).json()["version"])

    assert used() == 2
    assert (promote(1, "production"), used()) == ("production", 1)
    assert (promote(2, "staging"), used()) == ("staging", 1)
    assert (promote(2, "production"), used()) == ("production", 2)
    assert client.get(f"/models/{model_id}/versions/1").json()["stage"] == "archived"
    for answer in (
        client.delete(f"/models/{model_id}"),
        client.delete(f"/models/{model_id}/versions/2"),
        client.post(f"/models/{model_id}/archive"),
    ):
        assert code_of(answer, 409) == "models.in_production"
    assert (promote(2, "none"), used()) == ("none", 2)
    assert client.post(f"/models/{model_id}/versions/2/archive").json()["stage"] == "archived"
    assert code_of(client.post(f"/models/{model_id}/score", json={"rows": ROWS}), 409) == "models.no_usable_version"
    asked = client.post(f"/models/{model_id}/score", params={"version": 2}, json={"rows": ROWS})
    assert asked.json()["version"] == 2
    assert promote(1, "archived") == "api.invalid_request"
    assert promote(3, "production") == "models.version_not_found"


def test_an_archived_model_is_put_away(client: httpx.Client) -> None:
    model_id = import_model(client, name="put away")["model_id"]
    assert client.post(f"/models/{model_id}/score", json={"rows": ROWS}).status_code == 200
    assert client.post(f"/models/{model_id}/archive").json()["archived_at"] is not None
    assert code_of(client.post(f"/models/{model_id}/score", json={"rows": ROWS}), 409) == "models.archived"
    asked = client.post(f"/models/{model_id}/score", params={"version": 1}, json={"rows": ROWS})
    assert code_of(asked, 409) == "models.archived"
    answer = client.post("/models/import", params={"name": "put away"}, content=model_file())
    assert code_of(answer, 409) == "models.archived"
    assert client.get("/models", params={"q": "put away"}).json()["items"] == []
    away = client.get("/models", params={"q": "put away", "archived": True}).json()["items"]
    assert [model["id"] for model in away] == [model_id]
    assert client.post(f"/models/{model_id}/restore").json()["archived_at"] is None
    assert client.post(f"/models/{model_id}/score", json={"rows": ROWS}).status_code == 200


def test_what_is_removed_is_gone_with_its_file(client: httpx.Client, running: Running) -> None:
    before = files_of(running)
    model_id = import_model(client, name="short life")["model_id"]
    import_model(client, name="short life")
    assert client.post(f"/models/{model_id}/score", json={"rows": ROWS}).json()["version"] == 2
    assert len(files_of(running)) == len(before) + 2
    assert client.delete(f"/models/{model_id}/versions/2").status_code == 204
    assert client.post(f"/models/{model_id}/score", json={"rows": ROWS}).json()["version"] == 1
    asked = client.post(f"/models/{model_id}/score", params={"version": 2}, json={"rows": ROWS})
    assert code_of(asked, 404) == "models.version_not_found"
    assert client.delete(f"/models/{model_id}").status_code == 204
    assert code_of(client.post(f"/models/{model_id}/score", json={"rows": ROWS}), 404) == "models.not_found"
    assert files_of(running) == before


def test_lists_page_and_search(client: httpx.Client) -> None:
    ids = [import_model(client, name=f"Paged {number}")["model_id"] for number in range(3)]
    first = client.get("/models", params={"q": "paged", "limit": 2}).json()
    rest = client.get("/models", params={"q": "paged", "after": first["next"]}).json()
    assert [model["id"] for model in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next"] is None


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def forged(tmp_path: Path) -> bytes:
    """Return a file whose checksums hold and whose arrays do not belong together."""
    source = tmp_path / "sound.adm"
    source.write_bytes(file_of(trained("isolation_forest")))
    manifest, arrays = read_model(source)
    arrays = {name: np.full_like(array, 2**30) if array.dtype.kind in "iu" else array for name, array in arrays.items()}
    kept = {name: value for name, value in manifest.items() if name not in {"checksums", "format_version"}}
    return write_model(tmp_path / "forged.adm", kept, arrays).read_bytes()


def put_into(document: Any, change: dict[Any, Any]) -> Any:
    """Return a copy of a nested document with some of its values changed."""
    made = copy.copy(document)
    for place, value in change.items():
        made[place] = put_into(made[place], value) if isinstance(value, dict) else value
    return made


def bad_files(tmp_path: Path) -> Iterator[tuple[str, bytes, str]]:
    sound = model_file()
    invalid = "detection.invalid_model_file"
    yield "empty", b"", invalid
    yield "no archive", b"load,errors\n1,2\n" * 100, invalid
    yield "cut off", sound[: len(sound) // 2], invalid
    yield "longer", sound + b"x", invalid
    for place in range(0, len(sound), len(sound) // 9):
        yield f"byte {place}", changed(sound, place), invalid
    bomb = {"manifest.json": b"{}" + b" " * 40_000_000, "arrays.safetensors": b"0" * 8}
    yield "zip bomb", zipped(bomb, zipfile.ZIP_DEFLATED), invalid
    yield "deep manifest", zipped({"manifest.json": b"[" * 90_000, "arrays.safetensors": b""}), invalid
    yield "traversal", zipped({"../../../outside.txt": b"x", "manifest.json": b"{}"}), invalid
    yield "pickle", zipped({"manifest.json": b"{}", "arrays.safetensors": b"\x80\x04cos\nsystem\n."}), invalid
    yield "further member", zipped({"manifest.json": b"{}", "arrays.safetensors": b"", "run.py": b"x"}), invalid
    yield "forged", forged(tmp_path), invalid
    source = tmp_path / "sound.adm"
    source.write_bytes(sound)
    manifest, arrays = read_model(source)
    kept = {name: value for name, value in manifest.items() if name not in {"checksums", "format_version"}}
    yield "newer", write_model(source, {**kept, "format_version": 99}, arrays).read_bytes(), "detection.model_too_new"
    strange = write_model(source, {**kept, "algorithm": "os.system"}, arrays).read_bytes()
    yield "strange algorithm", strange, "detection.unknown_algorithm"
    name = {"encoder": {"encoder": {"fields": {0: {"name": "half of a pair \ud800"}}}}}
    for what, change in {
        "no text": name,
        "strange fingerprint": {"trained": {"dataset": {"fingerprint": 5}}},
        "beyond all numbers": {"calibrator": {"n": 10**400}},
    }.items():
        yield what, write_model(source, put_into(kept, change), arrays).read_bytes(), invalid


def test_bad_files_leave_nothing(client: httpx.Client, running: Running, tmp_path: Path) -> None:
    before = files_of(running)
    for name, content, code in bad_files(tmp_path):
        answer = client.post("/models/import", params={"name": "bad"}, content=content)
        assert answer.status_code in {404, 422}, (name, answer.text)
        assert code_of(answer, answer.status_code) == code, name
        assert str(running.platform.folder.root) not in answer.text, name
    assert files_of(running) == before
    assert client.get("/models", params={"q": "bad"}).json()["items"] == []
    assert import_model(client)["status"] == "succeeded"


def test_a_file_that_is_too_large_is_refused_early(tmp_path: Path) -> None:
    content = model_file()
    with serving(tmp_path, max_model_bytes=len(content) - 1) as running:
        running.add_user("ana")
        client = running.client("ana")
        announced = client.post("/models/import", params={"name": "m"}, content=content)
        assert code_of(announced, 413) == "models.too_large"
        streamed = client.post("/models/import", params={"name": "m"}, content=iter([content[:100], content[100:]]))
        assert code_of(streamed, 413) == "models.too_large"
        assert files_of(running) == []


def test_a_file_that_was_changed_on_disk_harms_nobody(client: httpx.Client, running: Running) -> None:
    version = import_model(client)
    path = f"/models/{version['model_id']}/score"
    place = next(running.platform.folder.models.glob(f"*/{version['id']}/*.adm"))
    place.write_bytes(changed(place.read_bytes(), 900))
    answer = client.post(path, json={"rows": ROWS})
    assert code_of(answer, 409) == "models.damaged"
    assert str(running.platform.folder.root) not in answer.text
    place.unlink()
    assert code_of(client.post(path, json={"rows": ROWS}), 409) == "models.damaged"
    assert code_of(client.get(f"/models/{version['model_id']}/versions/1/file"), 404) == "models.file_not_found"
    other = import_model(client)
    assert client.post(f"/models/{other['model_id']}/score", json={"rows": ROWS}).status_code == 200


def test_what_an_import_left_that_died_is_swept_away(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        running.add_user("ana")
        client = running.client("ana")
        kept = import_model(client)
        tenant = client.get("/sessions/current").json()["user"]["tenant"]["id"]
        folder = running.platform.folder.models / tenant
        # As if the process had died before the record was kept, and right after it.
        lost = folder / "019a0000-0000-7000-8000-000000000000"
        lost.mkdir()
        (lost / "half.adm").write_bytes(b"half")
        for place in (lost, folder / kept["id"]):
            (place / ".unfinished").touch()
        foreign = folder / "019a0000-0000-7000-8000-000000000001"
        foreign.mkdir()
    with serving(tmp_path) as running:
        assert not lost.exists()
        assert foreign.exists()
        assert not (folder / kept["id"] / ".unfinished").exists()
        client = running.client("ana")
        assert client.post(f"/models/{kept['model_id']}/score", json={"rows": ROWS}).status_code == 200


def test_a_removal_that_dies_between_record_and_file_is_made_whole(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        running.add_user("ana")
        client = running.client("ana")
        gone, kept = import_model(client), import_model(client)
        models, user = running.platform.models, client.get("/sessions/current").json()["user"]
        scope = Scope(user["tenant"]["id"], user["id"])
        # As the process dies: the mark is made and the record is gone, and everything else was to come.
        for version in (gone, kept):
            models.files.unsettle(scope, version["id"])
        models.records.remove(scope, gone["model_id"])
        folder = running.platform.folder.models / scope.tenant_id
        assert (folder / gone["id"]).exists()
    with serving(tmp_path) as running:
        assert sorted(path.name for path in folder.iterdir()) == [kept["id"]]
        client = running.client("ana")
        client.post(f"/models/{kept['model_id']}/versions/1/promote", json={"stage": "production"})
        assert code_of(client.delete(f"/models/{kept['model_id']}"), 409) == "models.in_production"
        assert code_of(client.delete(f"/models/{kept['model_id']}/versions/1"), 409) == "models.in_production"
        assert [path.suffix for path in (folder / kept["id"]).iterdir()] == [".adm"]


def test_the_events_name_each_change(running: Running, client: httpx.Client) -> None:
    with running.known("the-viewer").stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        next(lines)
        version = import_model(client)
        client.post(f"/models/{version['model_id']}/versions/1/promote", json={"stage": "production"})
        told = []
        for line in lines:
            if line.startswith("data: ") and json.loads(line[6:]).get("id") == version["id"]:
                told.append(json.loads(line[6:])["stage"])
                if told[-1] == "production":
                    break
    assert set(told) <= {"none", "production"}


def test_models_are_counted(running: Running, client: httpx.Client, dataset_id: str) -> None:
    def metric(name: str) -> float:
        lines = httpx.get(f"{running.url}/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    before = {name: metric(name) for name in (TRAININGS, NORMAL, ANOMALIES)}
    version = train(client, dataset_id, algorithm="zscore")
    client.post(f"/models/{version['model_id']}/score", json={"rows": [*ROWS, ROWS[0]]})
    assert metric(TRAININGS) == before[TRAININGS] + 1
    assert metric(NORMAL) + metric(ANOMALIES) == before[NORMAL] + before[ANOMALIES] + 3
    assert version["model_id"] not in httpx.get(f"{running.url}/metrics").text


TRAININGS = 'anomaly_detection_trainings_total{status="succeeded"}'
NORMAL = 'anomaly_detection_rows_scored_total{format="json",verdict="normal"}'
ANOMALIES = 'anomaly_detection_rows_scored_total{format="json",verdict="anomaly"}'
