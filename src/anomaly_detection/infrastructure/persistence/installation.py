"""A data folder and a database belong together: both carry the installation's id."""

from __future__ import annotations

import os
from pathlib import Path

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.files import disk_errors, sync_folder
from anomaly_detection.infrastructure.persistence.tables import installation
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import Conflict
from anomaly_detection.shared.identity import new_id

FILE_NAME = "installation.id"

_LOCK = 0x696E7374616C6C
"""PostgreSQL's advisory lock that lets one process join at a time ("install" in ASCII)."""


def join_installation(database: Database, root: Path) -> str:
    """Make sure that a data folder is the database's own, and return the installation's id.

    The first to come gives both an id. Where neither has one yet, or only the folder has (the database is new: it was SQLite and
    is PostgreSQL now), they belong together from then on.

    Raises
    ------
    Conflict
        ``platform.other_data_folder``: the database was begun with another folder.
    Unavailable
        The folder cannot be read or written.
    """
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        kept = connection.execute(sa.select(installation.c.id)).scalar()
        found = _read(root)
        if kept is not None:
            if found != kept:
                raise _other_folder(root, found, kept)
            return str(kept)
        chosen = found or new_id()
        if not found:
            # The file first: a crash between the two leaves a folder with an id, which the next start takes over.
            _write(root, chosen)
        connection.execute(sa.insert(installation).values(id=chosen, created_at=utc_now()))
        return chosen


def _read(root: Path) -> str:
    with disk_errors(root):
        try:
            return (root / FILE_NAME).read_text("ascii", errors="replace").strip()[:36]
        except FileNotFoundError:
            return ""


def _write(root: Path, identifier: str) -> None:
    temporary = root / f".{FILE_NAME}.{os.getpid()}"
    with disk_errors(root):
        temporary.write_text(f"{identifier}\n", "ascii")
        temporary.chmod(0o600)
        temporary.rename(root / FILE_NAME)
        sync_folder(root)


def _other_folder(root: Path, found: str, kept: str) -> Conflict:
    says = f"belongs to the installation {found}" if found else "belongs to no installation"
    return Conflict(
        f"The data folder {root} {says}, and the database to {kept}: its files lie in another folder.",
        code="platform.other_data_folder",
        hint=f"Name the folder that this database was begun with by --data-dir, or another database. If this is that folder, "
        f"restored without its file {FILE_NAME}, write {kept} into that file.",
    )
