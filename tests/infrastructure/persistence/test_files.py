"""The files of data sets and results: complete or absent, inside their folder, and a full disk by name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from anomaly_detection.detection.calibration.calibrator import Calibrator
from anomaly_detection.detection.calibration.threshold import make_threshold
from anomaly_detection.detection.detector import create_detector
from anomaly_detection.detection.results import DetectionResult, Rows
from anomaly_detection.infrastructure.persistence.arrays import read_arrays, write_arrays
from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.model_files import ModelFiles
from anomaly_detection.infrastructure.persistence.result_store import FileResultStore
from anomaly_detection.shared.errors import NotFound, TooLarge, Unavailable
from anomaly_detection.shared.identity import made_at, new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import StoredResult

OURS, THEIRS = Scope(new_id(), "p"), Scope(new_id(), "q")
SOME_ID = "01a1fc78-e79d-7caa-aa60-96f64d2d1478"
ESCAPES = [f"../{SOME_ID}", "..", "", "/etc/passwd", f"{SOME_ID}/../..", SOME_ID.upper(), "a\u0000b"]


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def files(tmp_path: Path) -> DatasetFiles:
    return DatasetFiles(tmp_path)


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("taxi.csv", "data.csv"),
        ("TAXI.CSV.GZ", "data.csv.gz"),
        ("../../etc/passwd", "data"),
        ("x.php", "data"),
        ("a.b.parquet", "data.parquet"),
        ("", "data"),
        ("\u202e.csv\u0000", "data"),
    ],
)
def test_a_file_name_gives_nothing_but_a_known_ending(
    files: DatasetFiles, tmp_path: Path, filename: str, kept: str
) -> None:
    dataset = new_id()
    stored = files.receive(OURS, dataset, [b"a,b\n", b"1,2\n"], filename=filename, limit_bytes=8)
    assert stored.path == tmp_path / OURS.tenant_id / dataset / kept
    assert stored.path.read_bytes() == b"a,b\n1,2\n"
    assert stored.size_bytes == 8
    assert stored.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert files.path(OURS, dataset) == stored.path


def test_another_tenant_does_not_find_the_file(files: DatasetFiles) -> None:
    dataset = new_id()
    files.receive(OURS, dataset, [b"1"], filename="x.csv", limit_bytes=8)
    with pytest.raises(NotFound) as caught:
        files.path(THEIRS, dataset)
    assert caught.value.code == "data.dataset_not_found"
    files.remove(THEIRS, dataset)
    assert files.path(OURS, dataset).exists()
    files.remove(OURS, dataset)
    with pytest.raises(NotFound):
        files.path(OURS, dataset)


@pytest.mark.parametrize("identifier", ESCAPES)
def test_no_identifier_leads_out_of_the_folder(files: DatasetFiles, tmp_path: Path, identifier: str) -> None:
    for call in (files.path, files.remove):
        with pytest.raises(NotFound):
            call(OURS, identifier)
    with pytest.raises(NotFound):
        files.receive(OURS, identifier, [b"1"], filename="x.csv", limit_bytes=8)
    store = FileResultStore(tmp_path)
    for name in (identifier, f"{new_id()}/{identifier}", f"{identifier}/{new_id()}.arrow"):
        with pytest.raises(NotFound):
            store.path(OURS, StoredResult({}, name))
    assert everything(tmp_path) == []


def test_too_much_leaves_nothing(files: DatasetFiles, tmp_path: Path) -> None:
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"0123456789"

    with pytest.raises(TooLarge) as caught:
        files.receive(OURS, new_id(), endless(), filename="x.csv", limit_bytes=35)
    assert caught.value.code == "data.too_large"
    assert caught.value.details == {"limit_bytes": 35}
    assert len(taken) == 4
    assert everything(tmp_path) == []


def test_a_sender_that_breaks_off_leaves_nothing(files: DatasetFiles, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.receive(OURS, new_id(), broken(), filename="x.csv", limit_bytes=35)
    assert everything(tmp_path) == []


def test_what_arrives_is_not_visible_before_its_end(files: DatasetFiles) -> None:
    dataset = new_id()
    with files.begin(OURS, dataset, filename="x.csv", limit_bytes=35) as upload:
        upload.write(b"1")
        with pytest.raises(NotFound):
            files.path(OURS, dataset)
        upload.finish()
    assert files.path(OURS, dataset).read_bytes() == b"1"


def test_a_full_disk_is_named_and_leaves_nothing(
    files: DatasetFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = files.begin(OURS, new_id(), filename="x.csv", limit_bytes=1 << 30)
    upload._file.close()
    upload._file = open("/dev/full", "wb")  # noqa: PTH123, SIM115
    with pytest.raises(Unavailable) as caught, upload:
        upload.write(b"x" * 100_000)
    assert caught.value.code == "platform.disk_full"

    real_open = Path.open

    def full(path: Path, mode: str) -> object:
        real_open(path, mode).close()
        return open("/dev/full", "wb")  # noqa: PTH123

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(Unavailable) as caught:
        write_arrays(tmp_path / "result.arrow", {"score": np.zeros(100_000)})
    assert caught.value.code == "platform.disk_full"
    monkeypatch.undo()
    assert everything(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / OURS.tenant_id).write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        DatasetFiles(tmp_path).receive(OURS, new_id(), [b"1"], filename="x.csv", limit_bytes=8)
    assert caught.value.code == "platform.disk_not_writable"


def test_what_a_dead_process_left_is_swept(files: DatasetFiles, tmp_path: Path) -> None:
    kept, settled, lost = new_id(), new_id(), new_id()
    for dataset_id in (kept, settled, lost):
        files.receive(OURS, dataset_id, [b"1"], filename="x.csv", limit_bytes=8)
    files.settle(OURS, settled)
    abandoned = files.begin(OURS, new_id(), filename="x.csv", limit_bytes=8)
    abandoned._file.close()
    has_record = {(OURS.tenant_id, kept)}
    assert files.sweep(lambda scope, dataset_id: (scope.tenant_id, dataset_id) in has_record) == 0

    swept = files.sweep(lambda scope, dataset_id: (scope.tenant_id, dataset_id) in has_record, older_than_seconds=-1)
    assert swept == 2
    place = OURS.tenant_id
    # Another database knows neither; what was settled once is nobody's to remove.
    assert everything(tmp_path) == sorted([f"{place}/{kept}/data.csv", f"{place}/{settled}/data.csv"])
    assert files.sweep(lambda _scope, _dataset_id: False, older_than_seconds=-1) == 0


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    objects = np.empty(4, dtype=object)
    objects[:] = [1, "one", None, 1.5]
    arrays = {
        "score": np.array([0.0, -0.0, np.nan, np.inf]),
        "prediction": np.array([0, 1, 0, 1], dtype=np.int8),
        "flag": np.array([True, False, True, False]),
        "time": np.array(["2014-07-01T00:00:00", "NaT", "1969-12-31", "2200-01-01"], dtype="datetime64[us]"),
        "value:größe": np.array(["ä", None, "", "b"], dtype=object),
        "value:whole": np.array([1, None, 3, 2**60], dtype=object),
        "value:yes": np.array([True, None, False, None], dtype=object),
        "value:mixed": objects,
    }
    path = tmp_path / "folder" / "result.arrow"
    write_arrays(path, arrays)
    back = read_arrays(path)
    assert list(back) == list(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype, name
        if array.dtype == object:
            assert [(type(item), item) for item in back[name]] == [(type(item), item) for item in array], name
        else:
            np.testing.assert_array_equal(back[name], array)
    assert np.signbit(back["score"][1])
    assert everything(tmp_path) == ["folder/result.arrow"]
    with pa.memory_map(str(path)) as source:
        assert pa.ipc.open_file(source).schema.names == list(arrays)


@pytest.mark.parametrize("n", [0, 1, 200_000])
def test_arrays_of_any_length(tmp_path: Path, n: int) -> None:
    arrays = {"score": np.arange(n, dtype=np.float64), "name": np.array([str(i) for i in range(n)], dtype=object)}
    write_arrays(tmp_path / "a.arrow", arrays)
    back = read_arrays(tmp_path / "a.arrow")
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)


@pytest.fixture
def result() -> DetectionResult:
    scores = np.random.default_rng(0).exponential(size=500)
    calibrator = Calibrator.learn(scores)
    return DetectionResult(
        scores=scores,
        calibrator=calibrator,
        threshold=make_threshold("contamination", 0.01, scores, calibrator),
        algorithm="knn",
        parameters={"neighbours": 5},
        rows=Rows(values={"x": scores * 2}, row_id=np.array([f"r{i}" for i in range(500)], dtype=object)),
        dataset={"name": "made", "n_rows": 500},
    )


def test_a_result_comes_back_and_each_attempt_has_its_own_file(tmp_path: Path, result: DetectionResult) -> None:
    store, detection = FileResultStore(tmp_path), new_id()
    first, attempt_id = store.save(OURS, detection, result), new_id()
    while new_id()[:13] == attempt_id[:13]:
        """Identifiers of one millisecond have no order."""
    second = store.save(OURS, detection, result)
    assert first.arrays != second.arrays
    assert "anomalies" not in first.document or first.document["anomalies"] == []
    back = store.load(OURS, second)
    assert back.to_dict() == result.to_dict()
    assert back.n_anomalies == 5
    # The first attempt, paused and woken again, does not take what the second one has made.
    assert store.prune(OURS, detection, attempt_id=attempt_id) == 1
    assert store.prune(OURS, detection, attempt_id=attempt_id) == 0
    assert everything(tmp_path) == [f"{OURS.tenant_id}/{second.arrays}"]
    with pytest.raises(NotFound) as caught:
        store.load(OURS, first)
    assert caught.value.code == "detection.result_not_found"


def test_another_tenant_does_not_find_the_result(tmp_path: Path, result: DetectionResult) -> None:
    store = FileResultStore(tmp_path)
    stored = store.save(OURS, new_id(), result)
    with pytest.raises(NotFound):
        store.load(THEIRS, stored)


def test_an_attempt_that_wakes_up_late_spares_the_model_of_the_next_one(tmp_path: Path) -> None:
    files, version = ModelFiles(tmp_path), new_id()
    detector = create_detector("zscore").fit(np.arange(50.0).reshape(-1, 1))
    dead = files.path(OURS, version, files.save(OURS, version, detector))
    os.utime(dead, (0, 0))
    paused = new_id()
    while made_at(new_id()) == made_at(paused):
        """The next attempt comes at least a millisecond later."""
    model = files.save(OURS, version, detector)
    assert files.prune(OURS, version, attempt_id=paused) == 1
    assert files.prune(OURS, version, attempt_id=paused) == 0
    assert files.path(OURS, version, model).is_file()
    assert not dead.exists()
