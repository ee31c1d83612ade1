"""Answers that are files: streamed, and named so that every browser keeps the name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from starlette.responses import StreamingResponse

_LONGEST = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


def download(parts: Iterable[Any], filename: str, media_type: str, *, compresses: bool) -> StreamingResponse:
    """Return an answer that a browser saves as a file.

    Parameters
    ----------
    parts : iterable of bytes-like
        What is sent, as it is made.
    filename : str
        What the file is to be called; what no file system takes is left out.
    media_type : str
        What it is.
    compresses : bool
        Whether the compressing layer is to try: text compresses, packed numbers do not.
    """
    headers = {"Content-Disposition": content_disposition(filename)}
    if not compresses:
        headers["Content-Encoding"] = "identity"
    return StreamingResponse(_bytes(parts), media_type=media_type, headers=headers)


def content_disposition(filename: str) -> str:
    r"""Return the header that names a download.

    Notes
    -----
    Twice: in ASCII for what knows no better, and in full for what does. Slashes, quotes and control characters are left out,
    so that no name is a path or ends the header.

    References
    ----------
    RFC 6266, "Use of the Content-Disposition Header Field in HTTP"; RFC 8187 for the encoding of ``filename*``.

    Examples
    --------
    >>> content_disposition("Zähler/../a.csv")
    'attachment; filename="Z_hler_.._a.csv"; filename*=UTF-8\'\'Z%C3%A4hler_.._a.csv'
    """
    stem, dot, ending = filename.rpartition(".")
    stem = "".join(character for character in _FORBIDDEN.sub("_", stem) if character.isprintable())
    stem = stem.strip(" .")[:_LONGEST]
    name = (stem or "download") + dot + ending
    plain = _UNSAFE.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _bytes(parts: Iterable[Any]) -> Iterator[bytes]:
    for part in parts:
        yield bytes(part)
