"""Packed files are unpacked as they are read, under a bound, whatever their names say."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.data_platform.loading import packing as packing_module
from anomaly_detection.shared.errors import TooLarge

CSV = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number * number % 977) for number in range(5_000))


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "zip": lambda content: zipped({"folder/data.csv": content, "__MACOSX/x": b"", "folder/.DS_Store": b"x"}),
}


def refusal(content: bytes, **options: int) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        load_dataset(io.BytesIO(content), **options)  # type: ignore[arg-type]
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_text(packing: str) -> None:
    data = load_dataset(io.BytesIO(PACKERS[packing](CSV)))
    assert len(data) == 5_000
    assert data.warnings == ()


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_parquet(packing: str) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1.5, 2.5]}), sink)
    assert load_dataset(io.BytesIO(PACKERS[packing](sink.getvalue()))).head() == [{"a": 1.5}, {"a": 2.5}]


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd"])
def test_members_one_after_the_other(packing: str) -> None:
    pack = PACKERS[packing]
    assert len(load_dataset(io.BytesIO(pack(b"a,b\n1,2\n") + pack(b"3,4\n")))) == 2


@pytest.mark.parametrize("packing", PACKERS)
def test_truncated(packing: str) -> None:
    packed = PACKERS[packing](CSV)
    assert refusal(packed[: len(packed) // 2]).code == "data.truncated_file"


@pytest.mark.parametrize("packing", PACKERS)
def test_damaged(packing: str) -> None:
    packed = bytearray(PACKERS[packing](CSV))
    middle = len(packed) // 2
    packed[middle : middle + 40] = b"\xff" * 40
    # What has no checksum may unpack to other text, which is refused further on.
    assert refusal(bytes(packed)).code.startswith("data.")


@pytest.mark.parametrize("packing", PACKERS)
def test_too_large_once_it_is_unpacked(packing: str) -> None:
    assert refusal(PACKERS[packing](CSV), max_bytes=10_000).code == "data.too_large"


@pytest.mark.parametrize("packing", ["bzip2", "xz", "zstd", "zip"])
def test_bombs(packing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing_module, "BOMB_BYTES", 2 * 1024**2)
    error = refusal(PACKERS[packing](b"a,b\n" + b"1,1\n" * 1_000_000))
    assert isinstance(error, TooLarge)
    assert "made to fill memory" in error.message


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_twice(packing: str) -> None:
    assert refusal(PACKERS[packing](gzip.compress(CSV))).code == "data.nested_archive"


@pytest.mark.parametrize("packing", PACKERS)
def test_packed_nothing(packing: str) -> None:
    assert refusal(PACKERS[packing](b"")).code == "data.empty_file"


def test_zip_archives_hold_one_file() -> None:
    error = refusal(zipped({"b.csv": CSV, "a.csv": CSV}))
    assert error.code == "data.several_files"
    assert error.details["files"] == ["b.csv", "a.csv"]
    assert "'b.csv'" in error.hint
    assert refusal(zipped({})).code == "data.empty_file"
    assert "Excel" in refusal(zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""})).message


def test_zip_archives_with_a_password() -> None:
    packed = bytearray(zipped({"a.csv": CSV}))
    for at in (6, packed.index(b"PK\x01\x02") + 8):
        packed[at] |= 1
    assert refusal(bytes(packed)).code == "data.encrypted_file"


def test_xz_may_not_ask_for_any_memory() -> None:
    greedy = lzma.compress(
        CSV, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 512 * 1024**2, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    )
    assert refusal(greedy).code == "data.damaged_file"


def test_a_text_that_begins_like_bzip2() -> None:
    assert load_dataset(io.BytesIO(b"BZh,b\n1,2\n")).column_names == ["BZh", "b"]
