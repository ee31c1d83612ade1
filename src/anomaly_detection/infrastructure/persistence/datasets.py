"""Which data sets a tenant has; the bytes themselves lie in files (`dataset_files`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.dataset_files import DatasetFiles
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import name_contains, newest_first
from anomaly_detection.infrastructure.persistence.tables import datasets, detections
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.scope import Scope

if TYPE_CHECKING:
    from anomaly_detection.data_platform.dataset import Dataset


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """What is known of an uploaded data set without opening it; `roles`, `columns` and `warnings` as the API says them."""

    id: str
    name: str
    filename: str
    kind: str
    n_rows: int
    n_columns: int
    size_bytes: int
    fingerprint: str
    roles: Mapping[str, Any]
    columns: Sequence[Mapping[str, Any]]
    warnings: Sequence[str]
    created_at: datetime


class DatasetRepository:
    """Keeps the records of data sets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scope: Scope, record: DatasetRecord) -> DatasetRecord:
        """Keep a new record for the scope's tenant."""
        with self._database.write() as connection:
            connection.execute(
                sa.insert(datasets).values(
                    tenant_id=scope.tenant_id,
                    principal_id=scope.principal_id,
                    **{name: getattr(record, name) for name in DatasetRecord.__slots__},
                )
            )
        return record

    def get(self, scope: Scope, dataset_id: str) -> DatasetRecord:
        """Return one record of the scope's tenant.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``: there is none, or another tenant has it.
        """
        query = sa.select(datasets).where(datasets.c.tenant_id == scope.tenant_id, datasets.c.id == dataset_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                f"There is no data set {dataset_id!r}.",
                code="data.dataset_not_found",
                hint="List the data sets to see their ids.",
            )
        return _record_of(row)

    def has(self, scope: Scope, dataset_id: str) -> bool:
        """Tell whether the scope's tenant has this record."""
        query = sa.select(datasets.c.id).where(datasets.c.tenant_id == scope.tenant_id, datasets.c.id == dataset_id)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def list(
        self, scope: Scope, *, limit: int = 50, after: str = "", q: str = "", kind: str = ""
    ) -> Sequence[DatasetRecord]:
        """Return the tenant's records, newest first, those older than the id `after`; an empty filter lets all pass.

        Their ``columns`` are left out: of a page of wide data they are megabytes, and reading them takes seconds.

        Parameters
        ----------
        q : str
            Part of the name, in any case.
        kind : {"", "series", "table"}
            Kind of the data.
        """
        brief = sa.select(*(column for column in datasets.c if column.name != "columns"))
        query = newest_first(brief, datasets, scope, limit=limit, after=after)
        if q:
            query = query.where(name_contains(datasets.c.name, q))
        if kind:
            query = query.where(datasets.c.kind == kind)
        with self._database.read() as connection:
            return [_record_of(row, columns=()) for row in connection.execute(query)]

    def rename(self, scope: Scope, dataset_id: str, name: str) -> DatasetRecord:
        """Give a data set another name, or raise `NotFound`."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(datasets)
                .where(datasets.c.tenant_id == scope.tenant_id, datasets.c.id == dataset_id)
                .values(name=name)
            )
            return self.get(scope, dataset_id)

    def delete(self, scope: Scope, dataset_id: str) -> None:
        """Remove a record that nothing uses.

        Raises
        ------
        NotFound
            ``data.dataset_not_found``.
        Conflict
            ``data.in_use``: detections judged these data.
        """
        mine = sa.and_(datasets.c.tenant_id == scope.tenant_id, datasets.c.id == dataset_id)
        uses = sa.select(sa.func.count()).where(
            detections.c.tenant_id == scope.tenant_id, detections.c.dataset_id == dataset_id
        )
        with self._database.write() as connection:
            # Held, so that no detection begins to use it meanwhile.
            connection.execute(sa.select(datasets.c.id).where(mine).with_for_update())
            record = self.get(scope, dataset_id)
            n_detections = connection.execute(uses).scalar_one()
            if n_detections:
                raise Conflict(
                    f"{record.name!r} is used by {n_detections} {'detection' if n_detections == 1 else 'detections'}.",
                    code="data.in_use",
                    hint="Delete these detections first.",
                    details={"n_detections": n_detections},
                )
            connection.execute(sa.delete(datasets).where(mine))


class StoredDatasets:
    """Fills the port `workflows.ports.DatasetStore`: the record says who may see it, the file holds it."""

    def __init__(self, records: DatasetRepository, files: DatasetFiles, *, max_decompressed_bytes: int) -> None:
        self._records = records
        self._files = files
        self._max_bytes = max_decompressed_bytes

    def open(self, scope: Scope, dataset_id: str) -> Dataset:
        """Read one data set of the scope's tenant, or raise `NotFound`."""
        from anomaly_detection.data_platform.loading import load_dataset

        record = self._records.get(scope, dataset_id)
        return load_dataset(self._files.path(scope, dataset_id), name=record.name, max_bytes=self._max_bytes)


def _record_of(row: Any, **known: Any) -> DatasetRecord:
    read = {name: getattr(row, name) for name in DatasetRecord.__slots__ if name not in known}
    return DatasetRecord(**read, **known)
