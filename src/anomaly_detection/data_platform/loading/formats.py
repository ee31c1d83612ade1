"""The formats that can be read, and how a file's format is recognised: by its content first, by its name second."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.packing import packing_of
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.loading.text import UTF16_MARKS, is_binary, text_decoder
from anomaly_detection.shared.errors import Conflict, InvalidInput, did_you_mean
from anomaly_detection.shared.lazy import resolve

if TYPE_CHECKING:
    import pyarrow as pa

Reader = Callable[[FileSource], "tuple[pa.Table, list[str]]"]
_READERS = "anomaly_detection.data_platform.loading"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How files of one kind are known and read.

    Attributes
    ----------
    name : str
        As users name it.
    target : str or callable
        Takes a `FileSource`, returns a table and warnings; ``package.module:function`` is imported when it is needed.
    endings : tuple of str
        Of file names, without that of the packing.
    signatures : tuple of bytes
        How files begin.
    """

    name: str
    target: str | Reader
    endings: tuple[str, ...] = ()
    signatures: tuple[bytes, ...] = ()

    @property
    def reader(self) -> Reader:
        """The function that reads a file."""
        found: Reader = resolve(self.target) if isinstance(self.target, str) else self.target
        return found


_BUILT_IN = (
    FileFormat("csv", f"{_READERS}.delimited:read_delimited", (".csv", ".txt")),
    FileFormat("tsv", f"{_READERS}.delimited:read_delimited", (".tsv", ".tab")),
    FileFormat("json", f"{_READERS}.json_document:read_json", (".json",)),
    FileFormat("jsonl", f"{_READERS}.json_lines:read_json_lines", (".jsonl", ".ndjson")),
    FileFormat("parquet", f"{_READERS}.parquet:read_parquet", (".parquet", ".pq"), (b"PAR1", b"PARE")),
    FileFormat(
        "arrow",
        f"{_READERS}.arrow_file:read_arrow",
        (".arrow", ".feather", ".ipc", ".arrows"),
        (b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"),
    ),
    FileFormat("avro", f"{_READERS}.avro:read_avro", (".avro",), (b"Obj\x01",)),
)
_formats = {item.name: item for item in _BUILT_IN}
PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
_OTHERS = {
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV."),
    b"\x89PNG": ("a PNG image", "Give a file of rows and columns."),
    b"\xff\xd8\xff": ("a JPEG image", "Give a file of rows and columns."),
    b"%PDF": ("a PDF document", "Give a file of rows and columns."),
    b"SQLite format 3": ("an SQLite database", "Export the table as CSV."),
    b"ORC": ("an ORC file", "Write it as Parquet."),
    b"\x89HDF": ("an HDF5 file", "Write the table as Parquet."),
    b"\x04\x22\x4d\x18": ("packed by lz4", "Unpack it first: unlz4 FILE"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "Unpack it first."),
    b"Rar!\x1a\x07": ("a RAR archive", "Unpack it first."),
}
_TAR = slice(257, 262)
_PAGE = re.compile(r"\s*<(!doctype html|html)\b", re.IGNORECASE)
_JSON_START = re.compile(r'\s*(\{\s*["}]|\[\s*[\[{\]])')


def names() -> list[str]:
    """Return the formats that can be read.

    Examples
    --------
    >>> names()[:4]
    ['csv', 'tsv', 'json', 'jsonl']
    """
    return list(_formats)


def register_format(name: str, reader: Callable[[BinaryIO], Any], *, endings: Sequence[str] = ()) -> None:
    r"""Let `load_dataset` read files of a format of your own.

    Parameters
    ----------
    name : str
        What the format is called: ``load_dataset(file, format=name)``.
    reader : callable
        Takes a binary file with random access, already unpacked, and returns a table: a pyarrow Table, a polars or pandas
        frame (anything with ``__arrow_c_stream__``), a list of dictionaries, or a dictionary of columns.
    endings : sequence of str
        Endings of file names that stand for the format, such as ``".log"``. They come before the built-in ones.

    Raises
    ------
    Conflict
        ``data.format_exists``: a built-in format has this name. A format of your own is replaced.

    Examples
    --------
    >>> import io
    >>> from anomaly_detection import load_dataset
    >>> def read_pairs(file):
    ...     return [dict(part.split("=") for part in line.decode().split()) for line in file]
    >>> register_format("pairs", read_pairs, endings=[".pairs"])
    >>> load_dataset(io.BytesIO(b"load=1 host=a\nload=7 host=b\n"), format="pairs").head()
    [{'load': 1, 'host': 'a'}, {'load': 7, 'host': 'b'}]
    """
    if any(item.name == name for item in _BUILT_IN):
        raise Conflict(
            f"The format {name!r} is built in.", code="data.format_exists", hint="Call your format otherwise."
        )

    def read(source: FileSource) -> tuple[pa.Table, list[str]]:
        from anomaly_detection.data_platform.records import as_table

        with source.open_seekable() as file:
            return as_table(reader(file), source.name)

    lowered = tuple(ending.lower() if ending.startswith(".") else f".{ending.lower()}" for ending in endings)
    _formats[name] = FileFormat(name, read, lowered)


def format_of(source: FileSource, wanted: str | None = None) -> tuple[FileFormat, list[str]]:
    """Return a file's format, and a warning where its name says something else than its content.

    Raises
    ------
    InvalidInput
        ``data.unknown_format``: `wanted` is no format.
    UnreadableData
        ``data.not_text``, ``data.nested_archive``: the content is none that can be read.
    """
    if wanted is not None:
        if wanted not in _formats:
            raise InvalidInput(
                f"There is no format {wanted!r}.",
                code="data.unknown_format",
                hint=did_you_mean(wanted, _formats),
                details={"format": wanted, "formats": names()},
            )
        return _formats[wanted], []
    _refuse_others(source)
    named = _by_name(source.name)
    found = next((item for item in _BUILT_IN if item.signatures and source.head.startswith(item.signatures)), None)
    if found is None and named is not None and named not in _BUILT_IN:
        return named, []
    if found is None:
        found = _text_format(source, named)
    if named is None or named == found or {named.name, found.name} <= {"csv", "tsv"}:
        return found, []
    return found, [f"{source.name} was read as {found.name}: that is what it holds, whatever its name says."]


def stem(filename: str) -> str:
    """Return a file's name without the endings that say how it is written.

    Examples
    --------
    >>> stem("load.of.today.csv.gz")
    'load.of.today'
    """
    name = _without_packing(filename)
    return name.rpartition(".")[0] or name


def _without_packing(filename: str) -> str:
    lowered = filename.lower()
    ending = next((ending for ending in PACKED_ENDINGS if lowered.endswith(ending)), "")
    return filename[: len(filename) - len(ending)]


def _by_name(filename: str) -> FileFormat | None:
    lowered = _without_packing(filename).lower()
    own_first = sorted(_formats.values(), key=lambda item: item in _BUILT_IN)
    return next((item for item in own_first if lowered.endswith(item.endings)), None)


def _refuse_others(source: FileSource) -> None:
    head, name = source.head, source.name
    if source.packing is not None and packing_of(head) is not None:
        raise UnreadableData(
            f"{name} is packed twice: there is {packing_of(head)} inside of {source.packing}.",
            code="data.nested_archive",
            hint="Unpack it once first.",
        )
    if head[_TAR] == b"ustar":
        raise UnreadableData(
            f"{name} is a tar archive.", code="data.not_text", hint="Unpack it and name the files in it."
        )
    for signature, (what, hint) in _OTHERS.items():
        if head.startswith(signature) and (is_binary(head[:64]) or not signature.isalpha()):
            raise UnreadableData(f"{name} is no text but {what}.", code="data.not_text", hint=hint)


def _text_format(source: FileSource, named: FileFormat | None) -> FileFormat:
    decoder = text_decoder(source.encoding)
    try:
        decoder.decode(source.head)
    except UnicodeDecodeError as error:
        if is_binary(source.head) and not source.head.startswith(UTF16_MARKS):
            raise UnreadableData(
                f"{source.name} is no text, and in none of the formats that are known: {', '.join(names())}.",
                code="data.not_text",
                hint="Give a file in one of these formats. Text in UTF-16 is read with encoding='utf-16'.",
            ) from error
    text = source.head.decode(source.encoding, "ignore").lstrip("\ufeff")
    if _PAGE.match(text):
        raise UnreadableData(
            f"{source.name} is no table but a web page.",
            code="data.not_text",
            hint="A download may have ended at a page for signing in, or of an error: open it in a browser to see.",
        )
    name = named.name if named is not None else "csv"
    if not _JSON_START.match(text):
        return _formats[name if name in {"json", "jsonl", "tsv"} else "csv"]
    return _formats["jsonl" if _in_lines(text, name) else "json"]


def _in_lines(text: str, named: str) -> bool:
    """Tell JSON lines from one JSON value: the first value ends with its line, and another one follows."""
    text = text.lstrip()
    if named == "jsonl" and text.startswith("{"):
        return True
    line, _, rest = text.partition("\n")
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    another = rest.strip() if text.startswith("{") else rest.lstrip().startswith(("{", "["))
    return bool(another) or named == "jsonl"
