"""Which models a tenant has, and their versions; how far a training is, is its job's to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.model_rows import (
    ModelRecord,
    VersionRecord,
    is_finished,
    is_training,
    is_usable,
    select_versions,
    version_of,
)
from anomaly_detection.infrastructure.persistence.rows import name_contains, newest_first
from anomaly_detection.infrastructure.persistence.tables import model_versions, models
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict, NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope

Stage = Literal["none", "staging", "production", "archived"]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be kept: one whose training was ordered (`job_id`), or one that was imported (`imported`)."""

    id: str
    algorithm: str
    parameters: Mapping[str, Any]
    job_id: str | None = None
    imported: Mapping[str, Any] | None = None
    dataset_id: str | None = None
    dataset_name: str | None = None
    columns: Sequence[str] | None = None
    time_column: str | None = None
    threshold: Mapping[str, Any] | None = None


class ModelRepository:
    """Keeps models and their versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scope: Scope, name: str, new: NewVersion) -> VersionRecord:
        """Keep a version under the next number of the model of that name, which is made where there is none.

        Raises
        ------
        Conflict
            ``models.archived``: the model of that name was put away.
        """
        now = utc_now()
        with self._database.write() as connection:
            model = None
            while model is None:
                # Where another process removes the model between the two statements, the first one makes it again.
                connection.execute(
                    self._database.insert_new(
                        models,
                        id=new_id(),
                        tenant_id=scope.tenant_id,
                        principal_id=scope.principal_id,
                        name=name,
                        last_version=0,
                        created_at=now,
                    )
                )
                model = connection.execute(
                    sa.update(models)
                    .where(models.c.tenant_id == scope.tenant_id, models.c.name == name)
                    .values(last_version=models.c.last_version + 1)
                    .returning(models.c.id, models.c.last_version, models.c.archived_at)
                ).one_or_none()
            if model.archived_at is not None:
                raise archived(name)
            connection.execute(
                sa.insert(model_versions).values(
                    id=new.id,
                    tenant_id=scope.tenant_id,
                    principal_id=scope.principal_id,
                    model_id=model.id,
                    version=model.last_version,
                    stage="none",
                    source="trained" if new.imported is None else "imported",
                    dataset_id=new.dataset_id,
                    dataset_name=new.dataset_name,
                    job_id=new.job_id,
                    algorithm=new.algorithm,
                    parameters=dict(new.parameters),
                    columns=None if new.columns is None else list(new.columns),
                    time_column=new.time_column,
                    threshold=None if new.threshold is None else dict(new.threshold),
                    imported=None if new.imported is None else dict(new.imported),
                    created_at=now,
                )
            )
            return self.version_by_id(scope, new.id)

    def get(self, scope: Scope, model_id: str) -> ModelRecord:
        """Return one model of the scope's tenant.

        Raises
        ------
        NotFound
            ``models.not_found``: there is none, or another tenant has it.
        """
        query = sa.select(models).where(models.c.tenant_id == scope.tenant_id, models.c.id == model_id)
        with self._database.read() as connection:
            found = self._with_versions(connection, scope, connection.execute(query).all())
        if not found:
            raise _no_model(model_id)
        return found[0]

    def list(
        self, scope: Scope, *, limit: int = 50, after: str = "", search: str = "", archived: bool = False
    ) -> Sequence[ModelRecord]:
        """Return the tenant's models, newest first, those older than the id `after`; the archived ones or the others."""
        query = newest_first(sa.select(models), models, scope, limit=limit, after=after)
        query = query.where(models.c.archived_at.is_not(None) if archived else models.c.archived_at.is_(None))
        if search:
            query = query.where(name_contains(models.c.name, search))
        with self._database.read() as connection:
            return self._with_versions(connection, scope, connection.execute(query).all())

    def versions(self, scope: Scope, model_id: str, *, limit: int = 50, after: str = "") -> Sequence[VersionRecord]:
        """Return a model's versions, the newest first, those older than the one with the id `after`."""
        query = select_versions(scope).where(model_versions.c.model_id == model_id)
        if after:
            other = model_versions.alias()
            last = sa.select(other.c.version).where(
                other.c.tenant_id == scope.tenant_id, other.c.model_id == model_id, other.c.id == after
            )
            query = query.where(model_versions.c.version < last.scalar_subquery())
        with self._database.read() as connection:
            self._require(connection, scope, model_id)
            rows = connection.execute(query.order_by(model_versions.c.version.desc()).limit(limit))
            return [version_of(row) for row in rows]

    def version_ids(self, scope: Scope, model_id: str) -> Sequence[str]:
        """Return the ids of all versions of a model; none where the tenant has no such model."""
        query = sa.select(model_versions.c.id).where(
            model_versions.c.tenant_id == scope.tenant_id, model_versions.c.model_id == model_id
        )
        with self._database.read() as connection:
            return connection.execute(query).scalars().all()

    def version(self, scope: Scope, model_id: str, number: int) -> VersionRecord:
        """Return one version.

        Raises
        ------
        NotFound
            ``models.not_found`` or ``models.version_not_found``.
        """
        query = select_versions(scope).where(model_versions.c.model_id == model_id, model_versions.c.version == number)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                self._require(connection, scope, model_id)
                raise _no_version(f"The model has no version {number}.")
        return version_of(row)

    def version_by_id(self, scope: Scope, version_id: str) -> VersionRecord:
        """Return the version of that id, or raise `NotFound`."""
        return self._one(select_versions(scope).where(model_versions.c.id == version_id), version_id)

    def version_of_job(self, scope: Scope, job_id: str) -> VersionRecord:
        """Return the version that a job trains, or raise `NotFound`."""
        return self._one(select_versions(scope).where(model_versions.c.job_id == job_id), job_id)

    def default(self, scope: Scope, model_id: str) -> VersionRecord:
        """Return the version in production, else the newest that can judge rows and was not put away.

        Raises
        ------
        NotFound
            ``models.not_found``.
        Conflict
            ``models.archived``; ``models.no_usable_version``.
        """
        query = (
            select_versions(scope)
            .where(model_versions.c.model_id == model_id, model_versions.c.stage != "archived", is_usable())
            .order_by(sa.case((model_versions.c.stage == "production", 0), else_=1), model_versions.c.version.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            model = self._require(connection, scope, model_id)
            if model.archived_at is not None:
                raise archived(model.name)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise Conflict(
                f"The model {model.name!r} has no version that can judge rows yet.",
                code="models.no_usable_version",
                hint="Wait until a training has succeeded, or restore a version by promoting it.",
            )
        return version_of(row)

    def usable(self, scope: Scope, model_id: str, number: int | None = None) -> VersionRecord:
        """Return the version that is to judge rows: the one of that number, else that of `default`.

        Raises
        ------
        NotFound
            ``models.not_found`` or ``models.version_not_found``.
        Conflict
            ``models.archived``; ``models.no_usable_version``.
        """
        if number is None:
            return self.default(scope, model_id)
        record = self.version(scope, model_id, number)
        if self.get(scope, model_id).archived_at is not None:
            raise archived(record.model_name)
        if record.stored is None:
            raise no_use(record)
        return record

    def set_stage(self, scope: Scope, model_id: str, number: int, stage: Stage) -> Sequence[VersionRecord]:
        """Move a version to a stage; return it, and behind it the one that left production for it.

        Raises
        ------
        NotFound
            ``models.not_found`` or ``models.version_not_found``.
        Conflict
            ``models.archived``; ``models.still_training``; ``models.no_usable_version``: it failed or was cancelled.
        """
        with self._database.write() as connection:
            model = self._lock(connection, scope, model_id)
            version = self.version(scope, model_id, number)
            if is_training(version):
                raise _still_training(version)
            if stage != "archived":
                if model.archived_at is not None:
                    raise archived(model.name)
                if not is_finished(version):
                    raise no_use(version)
            changed = [version.id]
            if stage == "production":
                rows = connection.execute(
                    sa.update(model_versions)
                    .where(
                        model_versions.c.tenant_id == scope.tenant_id,
                        model_versions.c.model_id == model_id,
                        model_versions.c.stage == "production",
                        model_versions.c.id != version.id,
                    )
                    .values(stage="archived")
                    .returning(model_versions.c.id)
                )
                changed += [row.id for row in rows]
            connection.execute(
                sa.update(model_versions)
                .where(model_versions.c.tenant_id == scope.tenant_id, model_versions.c.id == version.id)
                .values(stage=stage)
            )
            return [self.version_by_id(scope, version_id) for version_id in changed]

    def put_away(self, scope: Scope, model_id: str, *, away: bool) -> ModelRecord:
        """Archive a model, or take it out again; either may be repeated.

        Raises
        ------
        NotFound
            ``models.not_found``.
        Conflict
            ``models.in_production``: one of its versions is.
        """
        with self._database.write() as connection:
            model = self._lock(connection, scope, model_id)
            if away:
                self._refuse_production(connection, scope, model)
            if away != (model.archived_at is not None):
                connection.execute(
                    sa.update(models)
                    .where(models.c.tenant_id == scope.tenant_id, models.c.id == model_id)
                    .values(archived_at=utc_now() if away else None)
                )
            return self.get(scope, model_id)

    def remove_version(self, scope: Scope, model_id: str, number: int) -> VersionRecord:
        """Remove one version's record and return it.

        Raises
        ------
        NotFound
            ``models.not_found`` or ``models.version_not_found``.
        Conflict
            ``models.in_production``; ``models.still_training``.
        """
        with self._database.write() as connection:
            self._lock(connection, scope, model_id)
            version = self.version(scope, model_id, number)
            if version.stage == "production":
                raise _in_production(version.model_name, number)
            if is_training(version):
                raise _still_training(version)
            connection.execute(
                sa.delete(model_versions).where(
                    model_versions.c.tenant_id == scope.tenant_id, model_versions.c.id == version.id
                )
            )
        return version

    def remove(self, scope: Scope, model_id: str) -> Sequence[VersionRecord]:
        """Remove a model with all its versions and return these (errors: those of `remove_version`)."""
        mine = sa.and_(model_versions.c.tenant_id == scope.tenant_id, model_versions.c.model_id == model_id)
        with self._database.write() as connection:
            model = self._lock(connection, scope, model_id)
            self._refuse_production(connection, scope, model)
            versions = [version_of(row) for row in connection.execute(select_versions(scope).where(mine))]
            for version in versions:
                if is_training(version):
                    raise _still_training(version)
            connection.execute(sa.delete(model_versions).where(mine))
            connection.execute(sa.delete(models).where(models.c.tenant_id == scope.tenant_id, models.c.id == model_id))
        return versions

    def has(self, scope: Scope, version_id: str) -> bool:
        """Tell whether the scope's tenant has a record of this version."""
        query = sa.select(model_versions.c.id).where(
            model_versions.c.tenant_id == scope.tenant_id, model_versions.c.id == version_id
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def _one(self, query: sa.Select[Any], what: str) -> VersionRecord:
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise _no_version(f"There is no version of a model for {what!r}.")
        return version_of(row)

    def _with_versions(
        self, connection: sa.Connection, scope: Scope, rows: Sequence[sa.Row[Any]]
    ) -> Sequence[ModelRecord]:
        """Add to models what their lists show: how many versions, the newest, the one in production."""
        ids = [row.id for row in rows]
        newest = (
            sa.select(
                model_versions.c.model_id,
                sa.func.max(model_versions.c.version).label("version"),
                sa.func.count().label("n_versions"),
            )
            .where(model_versions.c.tenant_id == scope.tenant_id, model_versions.c.model_id.in_(ids))
            .group_by(model_versions.c.model_id)
            .subquery()
        )
        shown = (
            select_versions(scope)
            .add_columns(newest.c.n_versions, newest.c.version.label("newest"))
            .join(newest, newest.c.model_id == model_versions.c.model_id)
            .where(sa.or_(model_versions.c.version == newest.c.version, model_versions.c.stage == "production"))
        )
        counts: dict[str, int] = {}
        latest: dict[str, VersionRecord] = {}
        production: dict[str, VersionRecord] = {}
        for row in connection.execute(shown) if ids else ():
            counts[row.model_id] = row.n_versions
            if row.version == row.newest:
                latest[row.model_id] = version_of(row)
            if row.stage == "production":
                production[row.model_id] = version_of(row)
        return [
            ModelRecord(
                id=row.id,
                name=row.name,
                created_at=row.created_at,
                archived_at=row.archived_at,
                n_versions=counts.get(row.id, 0),
                latest=latest.get(row.id),
                production=production.get(row.id),
            )
            for row in rows
        ]

    def _require(self, connection: sa.Connection, scope: Scope, model_id: str) -> sa.Row[Any]:
        query = sa.select(models).where(models.c.tenant_id == scope.tenant_id, models.c.id == model_id)
        row = connection.execute(query).one_or_none()
        if row is None:
            raise _no_model(model_id)
        return row

    def _lock(self, connection: sa.Connection, scope: Scope, model_id: str) -> sa.Row[Any]:
        """Hold a model until the transaction ends, so that stages and removals happen one after another."""
        query = sa.select(models).where(models.c.tenant_id == scope.tenant_id, models.c.id == model_id)
        row = connection.execute(query.with_for_update()).one_or_none()
        if row is None:
            raise _no_model(model_id)
        return row

    def _refuse_production(self, connection: sa.Connection, scope: Scope, model: sa.Row[Any]) -> None:
        query = sa.select(model_versions.c.version).where(
            model_versions.c.tenant_id == scope.tenant_id,
            model_versions.c.model_id == model.id,
            model_versions.c.stage == "production",
        )
        number = connection.execute(query).scalar()
        if number is not None:
            raise _in_production(model.name, number)


def archived(name: str) -> Conflict:
    """Return the error for what an archived model cannot do."""
    return Conflict(
        f"The model {name!r} is archived.",
        code="models.archived",
        hint="Restore it first, or use another name.",
    )


def _no_model(model_id: str) -> NotFound:
    return NotFound(
        f"There is no model {model_id!r}.", code="models.not_found", hint="List the models to see their ids."
    )


def _no_version(message: str) -> NotFound:
    return NotFound(message, code="models.version_not_found", hint="List the model's versions to see their numbers.")


def _in_production(name: str, number: int) -> Conflict:
    return Conflict(
        f"Version {number} of the model {name!r} is in production.",
        code="models.in_production",
        hint='Promote another version first, or take it out by promoting it to the stage "none".',
        details={"version": number},
    )


def _still_training(version: VersionRecord) -> Conflict:
    return Conflict(
        f"Version {version.version} of the model {version.model_name!r} is still being trained.",
        code="models.still_training",
        hint="Wait for its end, or cancel it.",
        details={"version": version.version},
    )


def no_use(version: VersionRecord) -> Conflict:
    """Return the error for a version whose training did not succeed."""
    return Conflict(
        f"Version {version.version} of the model {version.model_name!r} has learnt nothing: its training {version.status}.",
        code="models.no_usable_version",
        hint="Promote a version whose training succeeded.",
        details={"version": version.version, "status": version.status},
    )
