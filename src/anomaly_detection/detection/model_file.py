"""The model file: an open container without pickle, in which no byte can change unnoticed.

A zip archive without compression: ``manifest.json`` (what the model is, checksums), ``arrays.safetensors`` (what it learnt) and,
for detectors of other libraries only, ``estimator.skops`` (their fitted estimator; which types it may hold is the algorithm's
to say). Nothing else is read, and reading runs no code. The archive is written in one canonical form; a file that differs from it in
any byte is refused, also where the difference lies in the archive's own fields.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.algorithms.external.estimator_file import MEMBER
from anomaly_detection.detection.errors import InvalidModelFile, InvalidParameter
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotFound, Unavailable
from anomaly_detection.shared.whole_file import whole_file

FORMAT_VERSION = 1
SUFFIX = ".adm"
LARGEST_BYTES = 4 * 1024**3

_MANIFEST = "manifest.json"
_ARRAYS = "arrays.safetensors"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_model(path: str | Path, manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Write a model file, all of it or nothing.

    Parameters
    ----------
    path : str or Path
        Where to. The suffix ``.adm`` is customary. An existing file is replaced.
    manifest : mapping
        JSON-compatible description; format version and checksums are added.
    arrays : mapping of str to array
        What was learnt. The bytes under ``estimator.skops`` become a member of their own.

    Raises
    ------
    Unavailable
        The disk is full or the folder cannot be written to.
    """
    target = _checked_path(path)
    content = _pack(manifest, arrays)
    try:
        with whole_file(target, force=True) as file:
            file.write(content)
    except (Unavailable, InvalidInput) as error:
        raise Unavailable(
            f"The model was not saved: {error.message}",
            code="detection.model_not_written",
            hint=error.hint,
        ) from error
    return target


def read_model(path: str | Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a model file and check every byte of it.

    Returns
    -------
    manifest : dict
        As it was written.
    arrays : dict of str to array
        What was learnt.

    Raises
    ------
    NotFound
        There is no such file.
    InvalidModelFile
        The file is damaged, was changed, or comes from a later version.
    """
    source = _checked_path(path)
    try:
        found = source.stat()
        if found.st_size > LARGEST_BYTES:
            raise _invalid(source, "it is larger than 4 GiB")
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise _invalid(source, "it is no file")
        content = source.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"There is no model file {source}.",
            code="detection.model_not_found",
            hint="Check the path; detector.save(path) writes one.",
        ) from None
    except OSError as error:
        raise Conflict(
            f"The model file {source} cannot be read: {error.strerror}.",
            code="detection.model_not_readable",
            hint="Check the path and its permissions.",
        ) from error
    return _unpack(source, content)


def _checked_path(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike) or not (text := os.fsdecode(path)) or "\0" in text:
        raise InvalidParameter(
            f"The path is {path!r}; it must be the path of a file.",
            code="detection.invalid_path",
            hint="Give for example 'model.adm'.",
        )
    return Path(text).absolute()


def _pack(manifest: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    from safetensors.numpy import save

    plain = {name: np.require(array, requirements="C") for name, array in sorted(arrays.items()) if name != MEMBER}
    parts = {_ARRAYS: save(plain)}
    if MEMBER in arrays:
        parts[MEMBER] = arrays[MEMBER].astype(np.uint8, casting="no").tobytes()
    described = {
        "format_version": FORMAT_VERSION,
        **manifest,
        "checksums": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
    }
    text = json.dumps(described, sort_keys=True, indent=1, allow_nan=False).encode()
    return _archive(text, parts[_ARRAYS], parts.get(MEMBER))


def _archive(manifest: bytes, arrays: bytes, estimator: bytes | None = None) -> bytes:
    """Return the archive in its canonical form; the comment carries the manifest's checksum."""
    members = [(_MANIFEST, manifest), (_ARRAYS, arrays), *([] if estimator is None else [(MEMBER, estimator)])]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, content)
        archive.comment = hashlib.sha256(manifest).hexdigest().encode()
    return buffer.getvalue()


def _unpack(source: Path, content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if names not in ([_MANIFEST, _ARRAYS], [_MANIFEST, _ARRAYS, MEMBER]):
                raise _invalid(source, "it does not hold a manifest and arrays")
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise _invalid(source, "its parts are compressed")
            manifest, parts = archive.read(_MANIFEST), {name: archive.read(name) for name in names[1:]}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        if isinstance(error, InvalidModelFile):
            raise
        raise _invalid(source, "it is no archive, or a damaged one") from error
    if _archive(manifest, parts[_ARRAYS], parts.get(MEMBER)) != content:
        raise _invalid(source, "it was changed after it was written")
    try:
        described = json.loads(manifest, parse_constant=_no_constant)
        expected = dict(described["checksums"])
        version = described["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _invalid(source, "its manifest cannot be read") from error
    if type(version) is not int or version < 1:
        raise _invalid(source, f"its format version is {version!r}")
    if version > FORMAT_VERSION:
        raise InvalidModelFile(
            f"{source} has format version {version}; this version reads up to {FORMAT_VERSION}.",
            code="detection.model_too_new",
            hint="Update with: pip install --upgrade anomaly-detection",
        )
    if {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()} != expected:
        raise _invalid(source, "its parts do not match the checksums in the manifest")
    try:
        learnt = load(parts[_ARRAYS])
    except (SafetensorError, ValueError, KeyError) as error:
        raise _invalid(source, "its arrays cannot be read") from error
    if MEMBER in learnt:
        raise _invalid(source, "its estimator lies among the arrays")
    if MEMBER in parts:
        learnt[MEMBER] = np.frombuffer(parts[MEMBER], dtype=np.uint8)
    return described, learnt


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _invalid(source: Path, reason: str) -> InvalidModelFile:
    return InvalidModelFile(
        f"{source} is not a sound model file: {reason}.",
        code="detection.invalid_model_file",
        hint="Nothing was loaded. Fetch the file again, or save the detector again.",
    )
