"""Data sets of a tenant: received as bytes, read once to describe them, and kept only if they can be read."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.datasets import DatasetRecord, DatasetRepository
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.files import disk_errors, write_text
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import InvalidInput, NotFound, PlatformError, TooLarge
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import EventPublisher

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset

PREVIEW_ROWS = 100
READERS = 2
"""So many uploads are read at the same time."""
_PREVIEW = "preview.json"
_PROFILE = "profile.json"


class Datasets:
    """What the outside may ask about data sets.

    Parameters
    ----------
    database : Database
        Where the records are.
    records : DatasetRepository
        Their descriptions.
    files : DatasetFiles
        Their bytes.
    events : EventPublisher
        Told of what is new or has another name.
    max_upload_bytes, max_decompressed_bytes : int
        Largest file, as it comes and unpacked.
    """

    def __init__(
        self,
        database: Database,
        records: DatasetRepository,
        files: DatasetFiles,
        events: EventPublisher,
        *,
        max_upload_bytes: int,
        max_decompressed_bytes: int,
    ) -> None:
        self.database = database
        self.events = events
        self.records = records
        self.files = files
        self.max_upload_bytes = max_upload_bytes
        self.max_decompressed_bytes = max_decompressed_bytes
        # A file is in memory while it is read: many uploads at once must not take all there is.
        self.reading = threading.BoundedSemaphore(READERS)

    def begin(
        self, scope: Scope, *, filename: str, name: str | None = None, announced_bytes: int | None = None
    ) -> DatasetUpload:
        """Begin to receive a file.

        Raises
        ------
        TooLarge
            ``data.too_large``: more was announced than is allowed; nothing was read.
        """
        if announced_bytes is not None and announced_bytes > self.max_upload_bytes:
            raise TooLarge(
                f"The file has {announced_bytes:,} bytes; {self.max_upload_bytes:,} are allowed.",
                code="data.too_large",
                hint="Upload a smaller part, or ask the administrator to raise max_upload_bytes.",
                details={"limit_bytes": self.max_upload_bytes},
            )
        return DatasetUpload(self, scope, filename, name)

    def list(self, scope: Scope, *, limit: int, after: str, q: str = "", kind: str = "") -> Sequence[DatasetRecord]:
        """Return one page, newest first; parameters are those of `DatasetRepository.list`."""
        return self.records.list(scope, limit=limit, after=after, q=q, kind=kind)

    def get(self, scope: Scope, dataset_id: str) -> DatasetRecord:
        """Return one description, or raise `NotFound`."""
        return self.records.get(scope, dataset_id)

    def rename(self, scope: Scope, dataset_id: str, name: str) -> DatasetRecord:
        """Give a data set another name, or raise `NotFound`."""
        renamed = self.records.rename(scope, dataset_id, name)
        self.tell(scope, dataset_id)
        return renamed

    def delete(self, scope: Scope, dataset_id: str) -> None:
        """Remove a data set that nothing uses, with its file.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``.
        Conflict
            ``data.in_use``, with ``n_detections``.
        """
        self.records.get(scope, dataset_id)
        self.files.unsettle(scope, dataset_id)
        try:
            self.records.delete(scope, dataset_id)
        except PlatformError:
            self.files.settle(scope, dataset_id)
            raise
        self.files.remove(scope, dataset_id)

    def tell(self, scope: Scope, dataset_id: str) -> None:
        """Say that a data set is new or changed, once that is kept."""
        self.database.after_commit(lambda: self.events.publish(scope, "dataset", {"id": dataset_id}))

    def profile(self, scope: Scope, dataset_id: str, *, compute: bool = True) -> dict[str, Any] | None:
        """Return what each column holds.

        Parameters
        ----------
        compute : bool, default True
            Whether the file is read where no profile was kept when it came; else None is returned for such.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``.
        """
        record = self.records.get(scope, dataset_id)
        place = self.files.path(scope, dataset_id).with_name(_PROFILE)
        kept = _kept(place)
        if kept is not None or not compute:
            return kept
        from anomaly_detection.configurations.basic.dataset_profile import make_profile
        from anomaly_detection.data_platform.loading import load_dataset

        with self.reading:
            data = load_dataset(
                self.files.path(scope, dataset_id), name=record.name, max_bytes=self.max_decompressed_bytes
            )
            made = make_profile(data)
        # Where it cannot be kept (the data set was deleted meanwhile, the disk is full) it is an answer all the same.
        with contextlib.suppress(OSError):
            write_text(place, json.dumps(made))
        return made

    def preview(self, scope: Scope, dataset_id: str, rows: int) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
        """Return column names and the first rows, as they were kept when the file came."""
        record = self.records.get(scope, dataset_id)
        columns = [str(column["name"]) for column in record.columns]
        path = self.files.path(scope, dataset_id).with_name(_PREVIEW)
        try:
            kept = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError) as error:
            raise NotFound("There is no preview of this data set.", code="data.preview_not_found") from error
        return columns, kept[:rows]


class DatasetUpload:
    """A file that is arriving. As a context manager it removes what did not become a data set."""

    def __init__(self, datasets: Datasets, scope: Scope, filename: str, name: str | None) -> None:
        self._datasets = datasets
        self._scope = scope
        self._filename = _display_name(filename)
        self._name = name or PurePosixPath(self._filename).stem or self._filename
        self._id = new_id()
        self._done = False
        self._arrived = False
        self._upload = datasets.files.begin(
            scope, self._id, filename=self._filename, limit_bytes=datasets.max_upload_bytes
        )

    @property
    def id(self) -> str:
        """The id that the data set is going to have."""
        return self._id

    @property
    def sha256(self) -> str:
        """The fingerprint of the bytes that have come so far."""
        return self._upload.sha256

    def write(self, block: bytes) -> None:
        """Append some bytes (errors: ``data.too_large``, ``platform.disk_full``)."""
        self._upload.write(block)

    def finish(self) -> DatasetRecord:
        """Read the whole file, describe it, and make the data set visible.

        Raises
        ------
        InvalidInput
            ``data.*``: the file cannot be read; it is removed.
        """
        from anomaly_detection.configurations.basic.dataset_profile import make_profile
        from anomaly_detection.data_platform.loading import load_dataset

        stored = self._upload.finish()
        self._arrived = True
        with self._datasets.reading:
            try:
                data = load_dataset(stored.path, name=self._name, max_bytes=self._datasets.max_decompressed_bytes)
            except PlatformError as error:
                # The reader knows the file by the name that we gave it; the user does not.
                for ours in (str(stored.path), stored.path.name):
                    error.message = error.message.replace(ours, self._filename)
                    error.hint = error.hint.replace(ours, self._filename)
                raise
            info = data.info()
            preview = json.dumps(_rows(data))
            profile = json.dumps(make_profile(data))
        with disk_errors(stored.path):
            stored.path.with_name(_PREVIEW).write_text(preview)
            stored.path.with_name(_PROFILE).write_text(profile)
        record = DatasetRecord(
            id=self._id,
            name=self._name,
            filename=self._filename,
            kind=info["kind"],
            n_rows=info["n_rows"],
            n_columns=info["n_columns"],
            size_bytes=stored.size_bytes,
            fingerprint=info["fingerprint"],
            roles=info["roles"],
            columns=info["columns"],
            warnings=info["warnings"],
            created_at=utc_now(),
        )
        self._datasets.records.add(self._scope, record)
        self._done = True
        self._datasets.tell(self._scope, self._id)
        # Without this the next start does it: the record is kept in any case.
        with contextlib.suppress(OSError):
            self._datasets.files.settle(self._scope, self._id)
        return record

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._done:
            return
        self._upload.__exit__(kind, error, trace)
        if self._arrived:
            with contextlib.suppress(NotFound):
                self._datasets.files.remove(self._scope, self._id)


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        # A power cut may leave the file without its content; it is made again.
        return None
    return kept


def _rows(data: Dataset) -> list[list[Any]]:
    return [[row[name] for name in data.column_names] for row in data.head(PREVIEW_ROWS)]


def _display_name(filename: str) -> str:
    # A name from elsewhere may be a path of another system; it is shown, and never used as a place.
    name = filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip()
    if not name:
        raise InvalidInput(f"{filename!r} is no file name.", code="data.invalid_filename", hint="Name the file.")
    return name[:255]
