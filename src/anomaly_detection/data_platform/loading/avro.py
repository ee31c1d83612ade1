"""Avro container files, block by block; each block is unpacked under a bound before its records are decoded."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from anomaly_detection.data_platform.errors import UnreadableData
from anomaly_detection.data_platform.loading.avro_schema import check_schema
from anomaly_detection.data_platform.loading.source import FileSource
from anomaly_detection.data_platform.records import RecordColumns
from anomaly_detection.shared.errors import PlatformError, TooLarge
from anomaly_detection.shared.optional import require

if TYPE_CHECKING:
    import pyarrow as pa

_MAGIC = b"Obj\x01"
_SYNC = 16
_BATCH_BYTES = 4 * 1024**2
_BATCH_ROWS = 50_000
BLOCK_BYTES = 256 * 1024**2
"""One block, packed or not, at most; writers make them of 16 KiB to a few MiB."""
_HEADER_BYTES = 16 * 1024**2
_XZ_MEMORY = 256 * 1024**2


def read_avro(source: FileSource) -> tuple[pa.Table, list[str]]:
    """Read an Avro container file.

    Unions with null are missing values; dates and timestamps are times, decimals numbers, times of day seconds, enumerations
    text; records inside of records become columns with dotted names.

    Returns
    -------
    tuple of (pyarrow.Table, list of str)
        Typed columns, and warnings.

    Raises
    ------
    UnreadableData
        ``data.truncated_file``, ``data.damaged_file``, ``data.unusable_schema``, ``data.no_rows``.
    TooLarge
        ``data.too_large``.
    MissingExtra
        ``platform.missing_extra``: fastavro is not installed.

    Notes
    -----
    Memory holds the columns and one block of records.
    """
    fastavro = require("fastavro", extra="avro")
    columns = RecordColumns(source.name, source.max_bytes)
    with source.open_bytes() as raw, io.BufferedReader(cast(Any, raw), 1024**2) as stream:
        file = cast(BinaryIO, stream)
        schema, codec, sync = _header(source.name, file)
        leaves = check_schema(schema, source.name)
        batch: list[Any] = []
        size, rows = 0, 0
        for count, packed in _blocks(source.name, file, sync):
            rows += count
            if count < 0 or rows * leaves * 8 > source.max_bytes:
                raise _too_large(source.name, source.max_bytes)
            block = _unpacked(source.name, codec, packed)
            batch += _records(fastavro, source.name, schema, count, block)
            size += len(block)
            if size > _BATCH_BYTES or len(batch) >= _BATCH_ROWS:
                columns.add(batch)
                batch, size = [], 0
        columns.add(batch)
    return columns.table(lambda row: f"record {row + 1:,}")


def _header(name: str, file: BinaryIO) -> tuple[bytes, str, bytes]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise UnreadableData(
            f"{name} is no Avro file.", code="data.damaged_file", hint="Leave the format out to have it recognised."
        )
    found: dict[bytes, bytes] = {}
    while count := _long(name, file):
        if count < 0:
            _long(name, file)
        for _ in range(abs(count)):
            key = _exactly(name, file, _long(name, file), _HEADER_BYTES)
            found[key] = _exactly(name, file, _long(name, file), _HEADER_BYTES)
            if len(found) > 1000:
                raise _damaged(name, "its header has too many entries")
    return (
        found.get(b"avro.schema", b""),
        found.get(b"avro.codec", b"null").decode("latin-1"),
        _exactly(name, file, _SYNC),
    )


def _blocks(name: str, file: BinaryIO, sync: bytes) -> Iterator[tuple[int, bytes]]:
    while cast(io.BufferedReader, file).peek(1):
        count, size = _long(name, file), _long(name, file)
        block = _exactly(name, file, size, BLOCK_BYTES)
        if _exactly(name, file, _SYNC) != sync:
            raise _damaged(name, "a block does not end where it should")
        yield count, block


def _records(fastavro: Any, name: str, schema: bytes, count: int, block: bytes) -> list[Any]:
    """Decode one block: a container of its own, written without packing."""
    sync = bytes(_SYNC)
    entry = _number(len(b"avro.schema")) + b"avro.schema" + _number(len(schema)) + schema
    container = _MAGIC + _number(1) + entry + _number(0) + sync + _number(count) + _number(len(block)) + block + sync
    try:
        return list(fastavro.reader(io.BytesIO(container)))
    except PlatformError:
        raise
    except RecursionError as error:
        raise _damaged(name, "its records are nested too deeply") from error
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        TypeError,
        ValueError,
        NotImplementedError,
        struct.error,
        fastavro.schema.SchemaParseException,
        fastavro.schema.UnknownType,
    ) as error:
        raise _damaged(name, str(error).partition("\n")[0][:200] or type(error).__name__) from error


def _unpacked(name: str, codec: str, packed: bytes) -> bytes:
    limit = BLOCK_BYTES + 1
    try:
        if codec == "null":
            block = packed
        elif codec == "deflate":
            block = zlib.decompressobj(-15).decompress(packed, limit)
        elif codec == "bzip2":
            block = bz2.BZ2Decompressor().decompress(packed, limit)
        elif codec == "xz":
            block = lzma.LZMADecompressor(memlimit=_XZ_MEMORY).decompress(packed, limit)
        elif codec in {"zstandard", "snappy"}:
            block = _by_arrow(codec, packed, limit)
        else:
            raise UnreadableData(
                f"{name} is packed by {codec!r}.",
                code="data.unusable_schema",
                hint="Write it with the codec deflate, snappy, zstandard, bzip2, xz or null.",
            )
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        if isinstance(error, PlatformError):
            raise
        raise _damaged(name, "a block cannot be unpacked") from error
    if len(block) >= limit:
        raise _too_large(name, BLOCK_BYTES)
    return block


def _by_arrow(codec: str, packed: bytes, limit: int) -> bytes:
    import pyarrow as pa

    if codec == "zstandard":
        return bytes(pa.CompressedInputStream(pa.BufferReader(packed), "zstd").read(limit))
    content, checksum = packed[:-4], packed[-4:]
    size = _varint(io.BytesIO(content))
    if size >= limit:
        return bytes(limit)
    block: bytes = pa.Codec("snappy").decompress(content, decompressed_size=size, asbytes=True)
    if zlib.crc32(block) != int.from_bytes(checksum, "big"):
        raise ValueError("checksum")
    return block


def _long(name: str, file: BinaryIO) -> int:
    try:
        found = _varint(file)
    except EOFError as error:
        raise _truncated(name) from error
    except ValueError as error:
        raise _damaged(name, "a number is too long") from error
    return (found >> 1) ^ -(found & 1)


def _varint(file: BinaryIO) -> int:
    found = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError
        found |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return found
    raise ValueError("too long")


def _number(value: int) -> bytes:
    rest, found = value << 1, bytearray()
    while rest > 0x7F:
        found.append((rest & 0x7F) | 0x80)
        rest >>= 7
    return bytes([*found, rest])


def _exactly(name: str, file: BinaryIO, size: int, limit: int = _SYNC) -> bytes:
    if size < 0:
        raise _damaged(name, "a length is negative")
    if size > limit:
        raise _too_large(name, limit)
    found = file.read(size)
    if len(found) < size:
        raise _truncated(name)
    return found


def _truncated(name: str) -> UnreadableData:
    return UnreadableData(
        f"{name} ends too early: the Avro file is truncated.",
        code="data.truncated_file",
        hint="Copy or download the file again.",
    )


def _damaged(name: str, reason: str) -> UnreadableData:
    return UnreadableData(
        f"{name} is damaged: it cannot be read as Avro ({reason}).",
        code="data.damaged_file",
        hint="Copy or download the file again, or write it again.",
    )


def _too_large(name: str, limit: int) -> TooLarge:
    return TooLarge(
        f"{name} has a block or rows of more than {limit:,} bytes.",
        code="data.too_large",
        hint="Give a smaller part of the data, or write it in smaller blocks.",
        details={"limit_bytes": limit},
    )
