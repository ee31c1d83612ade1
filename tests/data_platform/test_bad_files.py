"""Files that cannot be read are refused by name, with the place and what to do."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from anomaly_detection import PlatformError, load_dataset
from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.shared.errors import InvalidInput, NotFound, TooLarge


def refusal(source: Path | str, **options: object) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        load_dataset(source, **options)  # type: ignore[arg-type]
    assert caught.value.hint
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


Write = Callable[..., Path]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n \n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)],
    ids=["nothing", "blank lines", "byte order mark", "packed nothing"],
)
def test_empty(file: Write, content: bytes) -> None:
    assert refusal(file(content)).code == "data.empty_file"


@pytest.mark.parametrize("content", ["a,b\n", "a,b", '"a\n1",b\r\n\r\n'])
def test_header_only(file: Write, content: str) -> None:
    assert refusal(file(content)).code == "data.no_rows"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PK\x03\x04", "zip"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"a,b\n1,2\n\x00\x00", "zero bytes"),
        (b"%PDF-1.7", "PDF"),
        (b"\xef\xbb\xbf\n<html lang='de'><body>404</body></html>\n", "web page"),
    ],
    ids=["zip", "png", "zero bytes", "pdf", "web page"],
)
def test_not_text(file: Write, content: bytes, word: str) -> None:
    error = refusal(file(content))
    assert error.code == "data.not_text"
    assert word in error.message


def test_zero_bytes_late_in_the_file(file: Write) -> None:
    assert refusal(file(b"a,b\n" + b"1,2\n" * 2_000_000 + b"3,\x00\n")).code == "data.not_text"


@pytest.mark.parametrize("before", [0, 1, 1_048_575, 1_048_576, 5_000_000])
def test_wrong_encoding_names_the_position(file: Write, before: int) -> None:
    content = b"a,b\n" + b"x" * before + b"\xe4,1\n"
    error = refusal(file(content))
    assert error.code == "data.wrong_encoding"
    assert error.details["position"] == 4 + before
    assert "windows-1252" in error.hint


def test_an_unfinished_character_at_the_end(file: Write) -> None:
    error = refusal(file(b"a,b\n1,\xc3"))
    assert error.code == "data.wrong_encoding"
    assert error.details["position"] == 6


def test_an_unfinished_character_across_blocks(file: Write) -> None:
    good = b"a,b\n" + b"x" * (1024**2 - 5) + "ä".encode() + b",1\n"
    assert len(load_dataset(file(good))) == 1
    error = refusal(file(good.replace("ä".encode(), b"\xc3x")))
    assert error.details["position"] == 1024**2 - 1


def test_utf16_is_recognised(file: Write) -> None:
    error = refusal(file("a,b\n1,2\n".encode("utf-16")))
    assert error.code == "data.wrong_encoding"
    assert "UTF-16" in error.message


def test_unknown_encoding(file: Write) -> None:
    assert refusal(file("a,b\n1,2\n"), encoding="utf-99").code == "data.unknown_encoding"
    assert refusal(file("a,b\n1,2\n"), encoding="base64").code == "data.unknown_encoding"


@pytest.mark.parametrize(
    ("content", "line", "seen"),
    [
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", 3, 2),
        ("a,b,c\n1,2,3\n4,5,6,7\n", 3, 4),
        ('a,b,c\n"x\ny",2,3\n\n4,5\n6,7,8\n', 5, 2),
        ("a,b,c\n" + "1,2,3\n" * 300_000 + "1\n", 300_002, 1),
    ],
)
def test_ragged_rows(file: Write, content: str, line: int, seen: int) -> None:
    error = refusal(file(content))
    assert error.code == "data.ragged_row"
    assert error.details == {"line": line, "expected": 3, "seen": seen}
    assert f"line {line:,}" in error.message


def test_the_last_line_breaks_off(file: Write) -> None:
    error = refusal(file("a,b,c\n1,2,3\n4,5"))
    assert error.code == "data.truncated_file"
    assert error.details["line"] == 3


@pytest.mark.parametrize("content", ['a,b\n1,x\n2,"open\n3,y\n', 'a,b\n1,"open', 'a,b\n1,"a ""quoted"" word\n'])
def test_the_file_ends_inside_quotes(file: Write, content: str) -> None:
    error = refusal(file(content))
    assert error.code == "data.truncated_file"
    assert "quoted field" in error.message
    assert error.details["line"] == content[: content.index('"')].count("\n") + 1


def test_a_lone_quotation_mark_inside_a_field_is_no_fault(file: Write) -> None:
    assert load_dataset(file('a,b\n5" pipe,1\n6 inches,2\n')).table["a"].to_pylist() == ['5" pipe', "6 inches"]


def test_truncated_and_damaged_gzip(file: Write) -> None:
    packed = gzip.compress(b"a,b\n" + os.urandom(50_000).hex(",", 4).encode().replace(b",", b",1\n") + b",1\n")
    assert refusal(file(packed[: len(packed) // 2], "cut.csv.gz")).code == "data.truncated_file"
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 0xFF
    assert refusal(file(bytes(broken), "broken.csv.gz")).code == "data.damaged_file"


def test_a_bomb_is_refused_before_it_fills_memory(file: Write) -> None:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as packed:
        packed.write(b"a,b\n")
        for _ in range(300):
            packed.write(b"1,1\n" * 262_144)
    error = refusal(file(out.getvalue(), "bomb.csv.gz"))
    assert isinstance(error, TooLarge)
    assert error.code == "data.too_large"


def test_too_large(file: Write) -> None:
    content = "a,b\n" + "1,2\n" * 1000
    assert refusal(file(content), max_bytes=1000).code == "data.too_large"
    assert refusal(file(gzip.compress(content.encode()), "a.csv.gz"), max_bytes=1000).code == "data.too_large"
    assert len(load_dataset(file(content), max_bytes=len(content))) == 1000


def test_missing_files_name_the_nearest(tmp_path: Path, file: Write) -> None:
    file("a,b\n1,2\n", "sensors.csv")
    error = refusal(tmp_path / "sensor.csv")
    assert isinstance(error, NotFound)
    assert error.code == "data.file_not_found"
    assert "sensors.csv" in error.hint
    assert "nyc_taxi" in refusal("nyc_tax").hint
    assert refusal("").code in {"data.file_not_found", "data.not_a_file"}
    assert refusal(tmp_path / "sensors.csv" / "below").code == "data.file_not_found"


def test_not_a_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "data.not_a_file"
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe").code == "data.not_a_file"


def test_families() -> None:
    assert issubclass(UnreadableData, InvalidInput)
    assert issubclass(UnreadableData, ValueError)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"time": "b"}, "data.not_a_time"),
        ({"time": "flag"}, "data.not_a_time"),
        ({"time": "tiem"}, "data.unknown_column"),
        ({"columns": ["a", "nope"]}, "data.unknown_column"),
        ({"label": "a"}, "data.not_a_label"),
        ({"label": "b"}, "data.not_a_label"),
    ],
)
def test_columns_that_cannot_play_their_part(file: Write, options: dict[str, object], code: str) -> None:
    error = refusal(file("a,b,flag,time\n1,x,true,2026-01-01\n2,y,false,2026-01-02\n"), **options)
    assert error.code == code
    assert isinstance(error, InvalidInput)
