"""Write a new migration from the difference between the tables in the code and the migrated schema."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from anomaly_detection.configurations.migrations import configuration, migrate
from anomaly_detection.infrastructure.persistence.engine import Database


def write(message: str) -> None:
    """Write ``versions/NNNN_message.py``; read it before you commit it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'scratch.db'}")
        migrate(database)
        with database.write() as connection:
            config = configuration(connection)
            count = len(list(ScriptDirectory.from_config(config).walk_revisions()))
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04d}")
        database.dispose()


if __name__ == "__main__":
    write(sys.argv[1])
