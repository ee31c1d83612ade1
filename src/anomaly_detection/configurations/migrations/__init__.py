"""The database's schema through the releases; every start brings it up to date.

Alembic is driven from here and not from its command line, so that an installed wheel can do it. For a developer:
``python -m anomaly_detection.configurations.migrations "message"`` writes a new version from the tables' difference.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from anomaly_detection.enterprise.auth import tables as auth_tables
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.tables import metadata
from anomaly_detection.shared.errors import Conflict

TABLES = (metadata, auth_tables.users)
"""What is migrated: the metadata, with every room's tables declared on it."""

_LOCK = 0x616E6F6D616C79
"""PostgreSQL's advisory lock that lets one process migrate at a time ("anomaly" in ASCII)."""


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema to a revision, in one transaction; processes that start together wait for each other.

    Raises
    ------
    Conflict
        ``platform.database_newer``: a later release has migrated this database.
    """
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config = configuration(connection)
        current = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current is not None and current not in known:
            raise Conflict(
                f"The database has the schema {current}, this release knows up to {max(known)}.",
                code="platform.database_newer",
                hint="Start the release that has used this database last, or a later one.",
            )
        if revision == "base" or (current is not None and revision != "head" and revision < current):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def configuration(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config
