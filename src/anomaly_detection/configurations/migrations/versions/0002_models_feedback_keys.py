"""Models, feedback, API keys, refresh tokens, idempotency keys, and the processes of an installation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from anomaly_detection.infrastructure.persistence import tables as persistence

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("queues", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("started_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('server', 'worker')", name=op.f("ck_processes_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("claimed_by", sa.String(length=128), nullable=True),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("tenant_id", "principal_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])

    op.create_table(
        "models",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.Column("archived_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_models_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_models_tenant_id_name")),
    )
    op.create_index(op.f("ix_models_tenant_id_id"), "models", ["tenant_id", "id"])

    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_keys_tenant_id_tenants")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index(op.f("ix_api_keys_tenant_id"), "api_keys", ["tenant_id"])
    op.create_index(op.f("ix_api_keys_user_id"), "api_keys", ["user_id"])

    op.create_table(
        "model_versions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("model_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=True),
        sa.Column("dataset_name", sa.Text(), nullable=True),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("algorithm", sa.String(length=200), nullable=False),
        sa.Column("parameters", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("time_column", sa.Text(), nullable=True),
        sa.Column("threshold", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("imported", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('trained', 'imported')", name=op.f("ck_model_versions_source")),
        sa.CheckConstraint(
            "stage IN ('none', 'staging', 'production', 'archived')", name=op.f("ck_model_versions_stage")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_model_versions_job_id_jobs")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_model_versions_model_id_models"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_model_versions_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("job_id", name=op.f("uq_model_versions_job_id")),
        sa.UniqueConstraint("model_id", "version", name=op.f("uq_model_versions_model_id_version")),
    )
    op.create_index(op.f("ix_model_versions_tenant_id_id"), "model_versions", ["tenant_id", "id"])
    op.create_index(
        "ix_model_versions_in_production",
        "model_versions",
        ["model_id"],
        unique=True,
        sqlite_where=sa.text("stage = 'production'"),
        postgresql_where=sa.text("stage = 'production'"),
    )

    op.create_table(
        "feedback",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("detection_id", sa.String(length=36), nullable=False),
        sa.Column("row_index", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("verdict IN ('true', 'false')", name=op.f("ck_feedback_verdict")),
        sa.ForeignKeyConstraint(
            ["detection_id"], ["detections.id"], name=op.f("fk_feedback_detection_id_detections"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_feedback_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_detection_id_row_index"), "feedback", ["detection_id", "row_index"])
    op.create_index(op.f("ix_feedback_tenant_id_id"), "feedback", ["tenant_id", "id"])
    op.create_index(
        "uq_feedback_holding",
        "feedback",
        ["detection_id", "row_index"],
        unique=True,
        sqlite_where=sa.text("superseded_at IS NULL"),
        postgresql_where=sa.text("superseded_at IS NULL"),
    )

    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", persistence.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", persistence.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id_sessions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_refresh_tokens_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    op.create_index(op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"])
    op.create_index(op.f("ix_refresh_tokens_tenant_id"), "refresh_tokens", ["tenant_id"])

    op.add_column("detections", sa.Column("model_version_id", sa.String(length=36), nullable=True))

    op.add_column("jobs", sa.Column("changed_at", persistence.UtcDateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_jobs_changed_at"), "jobs", ["changed_at"])

    op.add_column("users", sa.Column("disabled_at", persistence.UtcDateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("last_sign_in_at", persistence.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "last_sign_in_at")
    op.drop_column("users", "disabled_at")

    op.drop_index(op.f("ix_jobs_changed_at"), "jobs")
    op.drop_column("jobs", "changed_at")

    op.drop_column("detections", "model_version_id")

    op.drop_table("refresh_tokens")

    op.drop_table("feedback")

    op.drop_table("model_versions")

    op.drop_table("api_keys")

    op.drop_table("models")

    op.drop_table("idempotency_keys")
    op.drop_table("processes")
    op.drop_table("installation")
