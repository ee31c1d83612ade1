"""Data sets: uploaded, listed, looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from anomaly_detection_client.models import Dataset, Preview
from anomaly_detection_client.transport import Transport

_CHUNK_BYTES = 1 << 18


class Datasets:
    """The data sets of your tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(
        self, path: str | Path, *, name: str | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Dataset:
        """Upload a file, streamed from the disk.

        Parameters
        ----------
        path : str or Path
            A CSV file, also compressed by gzip.
        name : str, optional
            What the data are called; the file's name by default.
        progress : callable, optional
            Called with the bytes sent and the size of the file.

        Raises
        ------
        InvalidInput
            The file cannot be read as a table; ``code`` and ``hint`` say why.
        TooLarge
            The file is larger than the server takes.
        """
        source = Path(path)
        with source.open("rb") as file:
            size = source.stat().st_size
            return self._transport.read(
                "POST",
                "datasets",
                Dataset.of,
                params={"filename": source.name, "name": name},
                content=_chunks(file, size, progress),
                headers={"Content-Type": "application/octet-stream", "Content-Length": str(size)},
            )

    def get(self, dataset_id: str) -> Dataset:
        """Return one data set."""
        return self._transport.read("GET", f"datasets/{dataset_id}", Dataset.of)

    def list(self, *, page_size: int = 50) -> Iterator[Dataset]:
        """Yield all data sets, newest first."""
        return self._transport.pages("datasets", Dataset.of, {"limit": page_size})

    def preview(self, dataset_id: str, *, rows: int = 20) -> Preview:
        """Return the first rows."""
        return self._transport.read("GET", f"datasets/{dataset_id}/preview", Preview.of, params={"rows": rows})


def _chunks(file: BinaryIO, size: int, progress: Callable[[int, int], None] | None) -> Iterator[bytes]:
    sent = 0
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
        sent += len(chunk)
        if progress is not None:
            progress(sent, size)
