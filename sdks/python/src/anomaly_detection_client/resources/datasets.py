"""Data sets: uploaded, listed, looked at."""

from __future__ import annotations

from anomaly_detection_client.content import Source, Told, content_of
from anomaly_detection_client.operations import Listing, M, Operation, Resource
from anomaly_detection_client.request import Page, Request, creation, done, given, pages_of, part, request_for
from anomaly_detection_client.values.datasets import Dataset, DatasetSummary, Preview, Profile


def upload(
    source: Source,
    *,
    name: str | None = None,
    filename: str | None = None,
    progress: Told | None = None,
    idempotency_key: str | None = None,
) -> Request[Dataset]:
    """Upload data, streamed: no more than a small part is in memory at a time.

    Parameters
    ----------
    source : str, Path, bytes, open binary file, table, or iterable of bytes or tables
        A table is anything that Arrow can take: a frame of pandas or polars, a table of pyarrow; it needs pyarrow.
    name : str, optional
        What the data are called; the file's name by default.
    filename : str, optional
        The file's name, whose ending tells the format where the content does not.
    progress : callable, optional
        Is called with the bytes sent and the bytes in all (None where they are not known). They begin again from 0 where
        the upload had to be sent again.
    idempotency_key : str, optional
        Makes calls with the same key and the same data one upload, also those of different processes; by default each call
        is one.

    Raises
    ------
    InvalidInput
        The data cannot be read as a table; ``code`` and ``hint`` say why.
    TooLarge
        They are larger than the server takes.
    Unavailable
        The connection was lost. An iterable or a file without `seek` cannot be sent again once it was begun.
    """
    content = content_of(source, filename=filename, progress=progress)
    return creation(
        "datasets",
        Dataset.of,
        params={"filename": content.name, "name": name},
        headers={"Content-Type": "application/octet-stream"},
        content=content,
        patient=True,
        idempotency_key=idempotency_key,
    )


def list_datasets(
    *, q: str | None = None, kind: str | None = None, page_size: int = 50
) -> Request[Page[DatasetSummary]]:
    """Yield data sets, newest first.

    Parameters
    ----------
    q : str, optional
        Part of the name.
    kind : {"series", "table"}, optional
        All kinds by default.
    """
    return pages_of("datasets", DatasetSummary.of, limit=page_size, q=q, kind=kind)


def get(dataset_id: str) -> Request[Dataset]:
    """Return one data set."""
    return request_for("GET", f"datasets/{part(dataset_id)}", Dataset.of)


def rename(dataset_id: str, name: str) -> Request[Dataset]:
    """Call a data set otherwise."""
    return request_for("PATCH", f"datasets/{part(dataset_id)}", Dataset.of, body=given({"name": name}))


def delete(dataset_id: str) -> Request[None]:
    """Remove a data set.

    Raises
    ------
    Conflict
        ``data.in_use``: detections use it.
    """
    return done("DELETE", f"datasets/{part(dataset_id)}")


def preview(dataset_id: str, *, rows: int = 20) -> Request[Preview]:
    """Return the first rows."""
    return request_for("GET", f"datasets/{part(dataset_id)}/preview", Preview.of, params={"rows": rows})


def profile(dataset_id: str) -> Request[Profile]:
    """Return every column in figures."""
    return request_for("GET", f"datasets/{part(dataset_id)}/profile", Profile.of, patient=True)


class Datasets(Resource[M]):
    """The data sets of your tenant."""

    upload = Operation(upload)
    list = Listing(list_datasets)
    get = Operation(get)
    rename = Operation(rename)
    delete = Operation(delete)
    preview = Operation(preview)
    profile = Operation(profile)
