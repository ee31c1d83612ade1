"""The tables that every edition has, and the metadata on which other rooms declare theirs.

Each table carries the tenant that a row belongs to. Times are UTC, identifiers UUIDv7 strings: the newest sorts last.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment, aware and in UTC on the way in and on the way out; SQLite itself knows no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse a naive time, turn the others into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"A naive time cannot be stored: {value.isoformat()}.")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


# Text and not JSONB: JSONB reorders the keys of a document and refuses characters that a user's column name may have.
Json = sa.JSON(none_as_null=True)

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("n_rows", sa.BigInteger, nullable=False),
    sa.Column("n_columns", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("fingerprint", sa.String(128), nullable=False),
    sa.Column("roles", Json, nullable=False),
    sa.Column("columns", Json, nullable=False),
    sa.Column("warnings", Json, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index(None, "tenant_id", "id"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("rank", sa.SmallInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("max_attempts", sa.Integer, nullable=False),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("outcome", Json),
    # A copy of the outcome's "summary": lists need no more, and an outcome may be megabytes long.
    sa.Column("summary", Json),
    sa.Column("error", Json),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("not_before", UtcDateTime),
    sa.Column("lease_owner", sa.String(128)),
    sa.Column("lease_token", sa.String(36)),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("heartbeat_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    # When anything of the row last changed: how a server hears of what the workers of other processes do.
    sa.Column("changed_at", UtcDateTime, index=True),
    sa.CheckConstraint("status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="status"),
    sa.Index(None, "tenant_id", "id"),
    sa.Index(None, "status", "rank", "created_at", "id"),
)

detections = sa.Table(
    "detections",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("dataset_id", sa.String(36), sa.ForeignKey("datasets.id"), nullable=False, index=True),
    sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.id"), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("algorithm", sa.String(200), nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("columns", Json),
    sa.Column("time_column", sa.Text),
    sa.Column("threshold", Json),
    sa.Column("chosen_threshold", Json),
    sa.Column("chosen_summary", Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # The stored model that judged the data, where none was fitted for it; without a foreign key, so that a model may go.
    sa.Column("model_version_id", sa.String(36)),
    sa.Index(None, "tenant_id", "id"),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    # The number given last: one that was deleted is never given again, so that a number always means the same model.
    sa.Column("last_version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("archived_at", UtcDateTime),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.Index(None, "tenant_id", "id"),
)

model_versions = sa.Table(
    "model_versions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("model_id", sa.String(36), sa.ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    # The data may go while what was learnt from them stays, so their name and fingerprint are kept here too.
    sa.Column("dataset_id", sa.String(36)),
    sa.Column("dataset_name", sa.Text),
    sa.Column("job_id", sa.String(36), sa.ForeignKey("jobs.id"), unique=True),
    sa.Column("algorithm", sa.String(200), nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("columns", Json),
    sa.Column("time_column", sa.Text),
    sa.Column("threshold", Json),
    # What an import says of itself; of a trained version its job's outcome says it.
    sa.Column("imported", Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("stage IN ('none', 'staging', 'production', 'archived')", name="stage"),
    sa.CheckConstraint("source IN ('trained', 'imported')", name="source"),
    sa.UniqueConstraint("model_id", "version"),
    sa.Index(None, "tenant_id", "id"),
    sa.Index(
        "ix_model_versions_in_production",
        "model_id",
        unique=True,
        sqlite_where=sa.text("stage = 'production'"),
        postgresql_where=sa.text("stage = 'production'"),
    ),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("principal_id", sa.String(36), nullable=False),
    sa.Column("detection_id", sa.String(36), sa.ForeignKey("detections.id", ondelete="CASCADE"), nullable=False),
    sa.Column("row_index", sa.BigInteger, nullable=False),
    sa.Column("verdict", sa.String(16)),
    sa.Column("note", sa.Text, nullable=False),
    # The row's score: what is judged and flagged can be counted by a threshold without opening the result.
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # Nothing is overwritten: what somebody said before stays as history, the row without this is what holds.
    sa.Column("superseded_at", UtcDateTime),
    sa.CheckConstraint("verdict IN ('true', 'false')", name="verdict"),
    sa.Index(None, "tenant_id", "id"),
    sa.Index(None, "detection_id", "row_index"),
    # Of each row one opinion holds, whoever speaks at the same time.
    sa.Index(
        "uq_feedback_holding",
        "detection_id",
        "row_index",
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    ),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("tenant_id", sa.String(36), sa.ForeignKey("tenants.id"), primary_key=True),
    sa.Column("principal_id", sa.String(36), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("operation", sa.String(64), nullable=False),
    sa.Column("request_hash", sa.String(64), nullable=False),
    # What was made, or what is being made by the process that `claimed_by` names until it is there.
    sa.Column("resource_id", sa.String(36), nullable=False),
    sa.Column("claimed_by", sa.String(128)),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
)

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

processes = sa.Table(
    "processes",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("queues", Json, nullable=False),
    sa.Column("concurrency", sa.Integer, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("role IN ('server', 'worker')", name="role"),
)
