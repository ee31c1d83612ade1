"""The frames of an Arrow stream, looked at before Arrow decodes them: a compressed buffer may unpack to any size.

References
----------
Apache Arrow: "Arrow Columnar Format", section "Serialization and Interprocess Communication", with ``format/Message.fbs``.
Google: "FlatBuffers Internals".
"""

from __future__ import annotations

import struct

_HEADER, _DICTIONARY_DATA, _COMPRESSION = 2, 1, 3
"""Positions of fields in Message.fbs: Message.header, DictionaryBatch.data, RecordBatch.compression."""


def check_frames(body: bytes) -> None:
    """Refuse a stream with compressed buffers.

    Without compression no buffer is larger than the body that it came in.

    Raises
    ------
    ValueError
        A frame is compressed, or is none.
    """
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(pa.py_buffer(body)):
        if message.type not in {"record batch", "dictionary"}:
            continue
        metadata = memoryview(message.metadata)
        try:
            batch = _follow(metadata, _follow_root(metadata), _HEADER)
            if message.type == "dictionary" and batch is not None:
                batch = _follow(metadata, batch, _DICTIONARY_DATA)
            compressed = batch is None or _follow(metadata, batch, _COMPRESSION) is not None
        except struct.error as error:
            raise ValueError("a frame ends early") from error
        if compressed:
            raise ValueError("its buffers are compressed")


def _follow_root(buffer: memoryview) -> int:
    return int(struct.unpack_from("<I", buffer, 0)[0])


def _follow(buffer: memoryview, table: int, field: int) -> int | None:
    """Return where the table lies that a field of another table points to; None where the field is not set."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    slot = 4 + 2 * field
    offset = struct.unpack_from("<H", buffer, vtable + slot)[0] if slot + 2 <= size else 0
    if offset == 0:
        return None
    place = table + offset
    return int(place + struct.unpack_from("<I", buffer, place)[0])
