"""A model file in which no byte can change unnoticed, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomaly_detection import PlatformError, create_detector, load_detector
from anomaly_detection.detection.algorithms.external.estimator_file import MEMBER
from anomaly_detection.detection.errors import InvalidModelFile
from anomaly_detection.detection.model_file import FORMAT_VERSION, read_model, write_model

SMALL = {"algorithm": "none", "note": "ä"}
ARRAYS = {"a": np.arange(3.0), "b": np.array([True]), "c": np.zeros((0, 2), dtype=np.int32), "d": np.array(2)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model.adm", SMALL, ARRAYS)


@pytest.fixture
def content(path: Path) -> bytes:
    return path.read_bytes()


WRAPPED = {"a": np.arange(2.0), MEMBER: np.frombuffer(b"PK some estimator", dtype=np.uint8)}


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(InvalidModelFile) as caught:
        read_model(path)
    assert caught.value.hint
    return caught.value.code


def archive(manifest: Any, arrays: bytes, **options: Any) -> bytes:
    """An archive that looks like ours, with checksums that hold."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.get("compression", zipfile.ZIP_STORED)) as file:
        for name, part in (("manifest.json", text), (options.get("second", "arrays.safetensors"), arrays)):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            entry.compress_type = options.get("compression", zipfile.ZIP_STORED)
            file.writestr(entry, part)
        for name, part in options.get("more", {}).items():
            file.writestr(name, part)
        file.comment = hashlib.sha256(text).hexdigest().encode()
    return buffer.getvalue()


def parts(content: bytes) -> tuple[dict[str, Any], bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return json.loads(file.read("manifest.json")), file.read("arrays.safetensors")


def test_what_is_written_is_read(path: Path) -> None:
    manifest, arrays = read_model(path)
    assert {name: manifest[name] for name in SMALL} == SMALL
    assert manifest["format_version"] == FORMAT_VERSION
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)


def test_the_same_model_gives_the_same_bytes(path: Path, tmp_path: Path, content: bytes) -> None:
    assert write_model(tmp_path / "again.adm", dict(reversed(SMALL.items())), ARRAYS).read_bytes() == content
    assert archive(*parts(content)) != content, "the helper below writes the manifest otherwise"


def test_every_changed_byte_is_refused(path: Path, content: bytes) -> None:
    assert 500 < len(content) < 5_000
    for place in range(len(content)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(content)
            changed[place] ^= flip
            assert refused(path, bytes(changed)) == "detection.invalid_model_file", place


def test_a_third_member_holds_another_librarys_estimator(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.adm", SMALL, WRAPPED)
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["manifest.json", "arrays.safetensors", MEMBER]
        assert file.read(MEMBER) == b"PK some estimator"
    manifest, arrays = read_model(path)
    assert set(manifest["checksums"]) == {"arrays.safetensors", MEMBER}
    assert arrays.keys() == WRAPPED.keys()
    assert arrays[MEMBER].tobytes() == b"PK some estimator"
    assert write_model(tmp_path / "again.adm", SMALL, WRAPPED).read_bytes() == path.read_bytes()


def test_every_changed_byte_of_a_file_with_three_members_is_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.adm", {}, WRAPPED)
    content = path.read_bytes()
    assert 500 < len(content) < 2_000
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0x01
        assert refused(path, bytes(changed)) == "detection.invalid_model_file", place


def test_members_and_checksums_must_belong_together(tmp_path: Path) -> None:
    from anomaly_detection.detection.model_file import _archive

    path = write_model(tmp_path / "model.adm", SMALL, WRAPPED)
    manifest, arrays = parts(path.read_bytes())
    estimator = WRAPPED[MEMBER].tobytes()
    right = json.dumps(manifest, sort_keys=True, indent=1).encode()
    path.write_bytes(_archive(right, arrays, estimator))
    read_model(path)
    sums = manifest["checksums"]
    for lie in ({}, {**sums, "more": "0" * 64}, {MEMBER: sums[MEMBER]}, {**sums, MEMBER: "0" * 64}):
        text = json.dumps({**manifest, "checksums": lie}, sort_keys=True, indent=1).encode()
        assert refused(path, _archive(text, arrays, estimator)) == "detection.invalid_model_file"
    assert refused(path, _archive(right, arrays)) == "detection.invalid_model_file", "the estimator is gone"
    assert refused(path, _archive(right, arrays, b"")) == "detection.invalid_model_file"


def test_an_estimator_among_the_arrays_is_refused(path: Path) -> None:
    from safetensors.numpy import save

    arrays = save(WRAPPED)
    manifest = {"format_version": 1, "checksums": {"arrays.safetensors": hashlib.sha256(arrays).hexdigest()}}
    assert refused(path, canonical(manifest, arrays)) == "detection.invalid_model_file"


def test_an_estimator_that_is_no_bytes_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_model(tmp_path / "model.adm", SMALL, {MEMBER: np.zeros(3)})


def test_every_truncation_is_refused(path: Path, content: bytes) -> None:
    for length in range(len(content)):
        assert refused(path, content[:length]) == "detection.invalid_model_file"


@pytest.mark.parametrize("extra", [b"\0", b"x" * 100, b"PK\x05\x06" + b"\0" * 18])
def test_bytes_before_and_after_are_refused(path: Path, content: bytes, extra: bytes) -> None:
    assert refused(path, content + extra) == "detection.invalid_model_file"
    assert refused(path, extra + content) == "detection.invalid_model_file"


@pytest.mark.parametrize(
    "options",
    [
        {"compression": zipfile.ZIP_DEFLATED},
        {"compression": zipfile.ZIP_LZMA},
        {"more": {"estimator.pkl": b"x"}},
        {"more": {MEMBER: b"x"}},
        {"more": {"weights.safetensors": b"x"}},
        {"more": {"/etc/passwd": b"x"}},
        {"more": {"../../x": b"x"}},
        {"second": "../arrays.safetensors"},
        {"second": "/arrays.safetensors"},
        {"second": "Arrays.safetensors"},
        {"second": "weights.bin"},
    ],
    ids=str,
)
def test_other_archives_are_refused(path: Path, content: bytes, options: dict[str, Any]) -> None:
    assert refused(path, archive(*parts(content), **options)) == "detection.invalid_model_file"


class Bomb:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.mkdir, ("exploded",)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "other",
    [b"", b"x", b"PK", b"\x89PNG", b"{}", json.dumps(SMALL).encode(), pickle.dumps(Bomb()), b"\0" * 10_000],
    ids=lambda other: repr(other[:10]),
)
def test_other_files_are_refused(tmp_path: Path, other: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(tmp_path / "other.adm", other) == "detection.invalid_model_file"
    assert not (tmp_path / "exploded").exists(), "nothing of the file was run"


def canonical(manifest: dict[str, Any] | bytes, arrays: bytes) -> bytes:
    from anomaly_detection.detection.model_file import _archive

    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest, sort_keys=True, indent=1).encode()
    return _archive(text, arrays)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"{", b"[]", b"null", b"\xff", b'"text"', b"[" * 100_000, b'{"a": NaN}', b"{}", b'{"checksums": {}}'],
    ids=lambda text: repr(text[:12]),
)
def test_manifests_that_are_none_are_refused(path: Path, content: bytes, manifest: bytes) -> None:
    assert refused(path, canonical(manifest, parts(content)[1])) == "detection.invalid_model_file"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format_version": FORMAT_VERSION + 1}, "detection.model_too_new"),
        ({"format_version": 0}, "detection.invalid_model_file"),
        ({"format_version": "1"}, "detection.invalid_model_file"),
        ({"format_version": 1.0}, "detection.invalid_model_file"),
        ({"format_version": True}, "detection.invalid_model_file"),
        ({"checksums": {"arrays.safetensors": "0" * 64}}, "detection.invalid_model_file"),
        ({"checksums": None}, "detection.invalid_model_file"),
        ({"note": float("nan")}, "detection.invalid_model_file"),
    ],
    ids=str,
)
def test_manifests_that_lie_are_refused(path: Path, content: bytes, change: dict[str, Any], code: str) -> None:
    manifest, arrays = parts(content)
    assert refused(path, canonical({**manifest, **change}, arrays)) == code


def test_arrays_that_are_none_are_refused(path: Path, content: bytes) -> None:
    manifest, _ = parts(content)
    for arrays in (b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{}      x"):
        manifest["checksums"] = {"arrays.safetensors": hashlib.sha256(arrays).hexdigest()}
        assert refused(path, canonical(manifest, arrays)) == "detection.invalid_model_file"


def fitted(tmp_path: Path, algorithm: str = "knn") -> Path:
    rows = [{"a": float(row % 7), "word": "ab"[row % 2]} for row in range(30)]
    return create_detector(algorithm).fit(rows).save(tmp_path / "fitted.adm")


def lying(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Every way to leave a part of the manifest out or to give it another type."""
    changed = []
    for name in set(manifest) - {"format_version", "checksums", "library_version"}:
        changed.append({key: value for key, value in manifest.items() if key != name})
        changed += [{**manifest, name: wrong} for wrong in (None, [], {}, "x", 5, -1, [[1]], {"kind": "series"})]
    for name in manifest["encoder"]["encoder"]:
        inner = {key: value for key, value in manifest["encoder"]["encoder"].items() if key != name}
        changed.append({**manifest, "encoder": {"kind": "table", "encoder": inner}})
    fields = manifest["encoder"]["encoder"]["fields"]
    for key in fields[0]:
        for wrong in (None, "x", [1], 1e300):
            field = {**fields[0], key: wrong}
            encoder = {**manifest["encoder"]["encoder"], "fields": [field, *fields[1:]]}
            changed.append({**manifest, "encoder": {"kind": "table", "encoder": encoder}})
    for key in manifest["calibrator"]:
        for wrong in (None, "x", [], {}, -1):
            changed.append({**manifest, "calibrator": {**manifest["calibrator"], key: wrong}})
    return changed


def test_a_detector_whose_parts_do_not_belong_together_never_crashes(tmp_path: Path) -> None:
    path = fitted(tmp_path)
    manifest, arrays = parts(path.read_bytes())
    hints = []
    for lie in lying(manifest):
        path.write_bytes(canonical(lie, arrays))
        try:
            result = load_detector(path).detect([{"a": 1.0, "word": "a"}])
            assert np.isfinite(result.scores).all()
        except PlatformError as error:
            hints.append(error.hint)
    assert len(hints) > 60
    assert all(hints)


def test_arrays_of_another_model_are_refused(tmp_path: Path) -> None:
    manifest, _ = parts(fitted(tmp_path).read_bytes())
    (tmp_path / "wide").mkdir()
    wide = create_detector("knn").fit(np.random.default_rng(0).normal(size=(30, 7))).save(tmp_path / "wide" / "m.adm")
    arrays = parts(wide.read_bytes())[1]
    manifest["checksums"] = {"arrays.safetensors": hashlib.sha256(arrays).hexdigest()}
    wide.write_bytes(canonical(manifest, arrays))
    with pytest.raises(InvalidModelFile):
        load_detector(wide)


def test_an_estimator_in_another_algorithms_file_is_not_used(tmp_path: Path) -> None:
    from anomaly_detection.detection.model_file import _archive

    path = fitted(tmp_path)
    manifest, arrays = parts(path.read_bytes())
    manifest["checksums"][MEMBER] = hashlib.sha256(b"x").hexdigest()
    path.write_bytes(_archive(json.dumps(manifest, sort_keys=True, indent=1).encode(), arrays, b"x"))
    with pytest.raises(InvalidModelFile):
        load_detector(path)


def test_a_foreign_algorithm_is_told(tmp_path: Path) -> None:
    path = fitted(tmp_path)
    manifest, arrays = parts(path.read_bytes())
    path.write_bytes(canonical({**manifest, "algorithm": "os.system"}, arrays))
    with pytest.raises(PlatformError, match=r"There is no algorithm 'os\.system'") as caught:
        load_detector(path)
    assert "register_adapter" in caught.value.hint


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place, code in (
        (tmp_path / "absent.adm", "detection.model_not_found"),
        (tmp_path, "detection.model_not_readable"),
        (tmp_path / "pipe", "detection.invalid_model_file"),
    ):
        with pytest.raises(PlatformError) as caught:
            load_detector(place)
        assert caught.value.code == code
        assert caught.value.hint


@pytest.mark.parametrize("wrong", [None, 5, "", "a\0b", b"", ["model.adm"]])
def test_paths_that_are_none(wrong: Any) -> None:
    for use in (load_detector, create_detector("knn").fit([[1.0], [2.0]]).save):
        with pytest.raises(PlatformError, match="The path is") as caught:
            use(wrong)
        assert caught.value.code == "detection.invalid_path"


def test_folders_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.adm").mkdir()
    for target in (
        tmp_path / "absent" / "model.adm",
        tmp_path / "file" / "model.adm",
        tmp_path / "folder.adm",
        tmp_path / ("n" * 300),
        Path("/proc/model.adm"),
    ):
        with pytest.raises(PlatformError, match=r"could not be written|is a folder") as caught:
            write_model(target, SMALL, ARRAYS)
        assert caught.value.code == "detection.model_not_written"
        assert caught.value.hint
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file", "folder.adm"], "nothing is left behind"


def test_overwriting_replaces_the_whole_file(path: Path) -> None:
    write_model(path, {**SMALL, "note": "new"}, {"a": np.zeros(2)})
    manifest, arrays = read_model(path)
    assert manifest["note"] == "new"
    assert list(arrays) == ["a"]
    assert [item.name for item in path.parent.iterdir()] == ["model.adm"]


def test_permissions_follow_the_users_mask(path: Path) -> None:
    plain = path.with_name("plain")
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


FULL_DISK = """
import resource, signal, sys
import numpy as np
from anomaly_detection import PlatformError, load_detector
from anomaly_detection.detection.model_file import write_model
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_model(sys.argv[1], {}, {"a": np.zeros(100_000)})
except PlatformError as error:
    print(error.code)
"""


def test_full_disk_leaves_the_old_file(path: Path, content: bytes) -> None:
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "detection.model_not_written"
    assert path.read_bytes() == content
    assert [item.name for item in path.parent.iterdir()] == ["model.adm"]


def test_values_that_are_no_json_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_model(tmp_path / "model.adm", {"a": float("nan")}, {})
    assert list(tmp_path.iterdir()) == []
