"""What people say about single rows of a detection: nothing is overwritten, and of each row one opinion holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.rows import newest_first
from anomaly_detection.infrastructure.persistence.tables import detections, feedback
from anomaly_detection.shared.clock import utc_now
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope

Verdict = Literal["true", "false"]

# Accounts stand above this room; of their table a name is all that is needed here.
_users = sa.table("users", sa.column("id"), sa.column("tenant_id"), sa.column("username"))
_HOLDS = feedback.c.superseded_at.is_(None)


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """What somebody said about one row.

    Attributes
    ----------
    index : int
        Position of the row in the data that was judged.
    verdict : {"true", "false"} or None
        Whether it is an anomaly; None for a mere note.
    username : str or None
        Who said it; None once the account is gone.
    superseded_at : datetime or None
        When it was replaced or withdrawn; None while it holds.
    """

    id: str
    detection_id: str
    index: int
    verdict: Verdict | None
    note: str
    principal_id: str
    username: str | None
    created_at: datetime
    superseded_at: datetime | None = None


class FeedbackRepository:
    """Keeps what was said, with its history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(
        self, scope: Scope, detection_id: str, index: int, verdict: Verdict | None, note: str, score: float
    ) -> FeedbackRecord:
        """Keep an opinion about a row in the place of the one that held; that one becomes history.

        Parameters
        ----------
        score : float
            Of the row, so that `reviewed` needs no result.

        Raises
        ------
        NotFound
            ``detection.not_found``: the tenant has no such detection.
        """
        row_id, now = new_id(), utc_now()
        with self._database.write() as connection:
            self._lock(connection, scope, detection_id)
            connection.execute(
                sa.update(feedback)
                .where(
                    feedback.c.tenant_id == scope.tenant_id,
                    feedback.c.detection_id == detection_id,
                    feedback.c.row_index == index,
                    _HOLDS,
                )
                .values(superseded_at=now)
            )
            connection.execute(
                sa.insert(feedback).values(
                    id=row_id,
                    tenant_id=scope.tenant_id,
                    principal_id=scope.principal_id,
                    detection_id=detection_id,
                    row_index=index,
                    verdict=verdict,
                    note=note,
                    score=score,
                    created_at=now,
                )
            )
            return self.get(scope, row_id)

    def withdraw(self, scope: Scope, feedback_id: str) -> FeedbackRecord:
        """Let an opinion hold no more; one that is history already stays as it is. Errors: `get`."""
        mine = sa.and_(feedback.c.tenant_id == scope.tenant_id, feedback.c.id == feedback_id)
        with self._database.write() as connection:
            connection.execute(sa.update(feedback).where(mine, _HOLDS).values(superseded_at=utc_now()))
            return self.get(scope, feedback_id)

    def get(self, scope: Scope, feedback_id: str) -> FeedbackRecord:
        """Return one opinion of the scope's tenant, also one that is history.

        Raises
        ------
        NotFound
            ``feedback.not_found``: there is none, or another tenant has it.
        """
        query = _select().where(feedback.c.tenant_id == scope.tenant_id, feedback.c.id == feedback_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(
                f"There is no feedback {feedback_id!r}.",
                code="feedback.not_found",
                hint="List the feedback of a detection to see its ids.",
            )
        return _record_of(row)

    def list(
        self, scope: Scope, *, limit: int = 50, after: str = "", detection_id: str = "", verdict: str = ""
    ) -> Sequence[FeedbackRecord]:
        """Return what holds, newest first; with `verdict` ``none`` the mere notes."""
        query = newest_first(_select(), feedback, scope, limit=limit, after=after).where(_HOLDS)
        if detection_id:
            query = query.where(feedback.c.detection_id == detection_id)
        if verdict:
            column = feedback.c.verdict
            query = query.where(column.is_(None) if verdict == "none" else column == verdict)
        with self._database.read() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def history(self, scope: Scope, detection_id: str, index: int, *, limit: int = 100) -> Sequence[FeedbackRecord]:
        """Return what was ever said about a row, newest first."""
        query = newest_first(_select(), feedback, scope, limit=limit, after="").where(
            feedback.c.detection_id == detection_id, feedback.c.row_index == index
        )
        with self._database.read() as connection:
            return [_record_of(row) for row in connection.execute(query)]

    def of_rows(self, scope: Scope, detection_id: str, indices: Sequence[int]) -> Mapping[int, FeedbackRecord]:
        """Return what holds for some rows; for a page of them, not for thousands."""
        query = _select().where(
            feedback.c.tenant_id == scope.tenant_id,
            feedback.c.detection_id == detection_id,
            feedback.c.row_index.in_(indices),
            _HOLDS,
        )
        with self._database.read() as connection:
            return {row.row_index: _record_of(row) for row in connection.execute(query)}

    def verdicts(self, scope: Scope, detection_id: str) -> Mapping[int, tuple[Verdict | None, str]]:
        """Return verdict and note of each row of a detection about which something holds."""
        query = sa.select(feedback.c.row_index, feedback.c.verdict, feedback.c.note).where(
            feedback.c.tenant_id == scope.tenant_id, feedback.c.detection_id == detection_id, _HOLDS
        )
        with self._database.read() as connection:
            return {row.row_index: (row.verdict, row.note) for row in connection.execute(query)}

    def reviewed(self, scope: Scope, cutoffs: Mapping[str, float]) -> Mapping[str, int]:
        """Return for each detection how many rows have a verdict and score at least as high as its cutoff."""
        if not cutoffs:
            return {}
        beyond = [
            sa.and_(feedback.c.detection_id == detection_id, feedback.c.score >= cutoff)
            for detection_id, cutoff in cutoffs.items()
        ]
        query = (
            sa.select(feedback.c.detection_id, sa.func.count())
            .where(feedback.c.tenant_id == scope.tenant_id, feedback.c.verdict.is_not(None), _HOLDS, sa.or_(*beyond))
            .group_by(feedback.c.detection_id)
        )
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _lock(self, connection: sa.Connection, scope: Scope, detection_id: str) -> None:
        # Two who speak of the same row take turns: each sees what the other said.
        query = (
            sa.select(detections.c.id)
            .where(detections.c.tenant_id == scope.tenant_id, detections.c.id == detection_id)
            .with_for_update(key_share=True)
        )
        if connection.execute(query).one_or_none() is None:
            raise NotFound(
                f"There is no detection {detection_id!r}.",
                code="detection.not_found",
                hint="List the detections to see their ids.",
            )


def _select() -> sa.Select[Any]:
    joined = feedback.outerjoin(
        _users, sa.and_(_users.c.id == feedback.c.principal_id, _users.c.tenant_id == feedback.c.tenant_id)
    )
    return sa.select(feedback, _users.c.username).select_from(joined)


def _record_of(row: Any) -> FeedbackRecord:
    return FeedbackRecord(
        id=row.id,
        detection_id=row.detection_id,
        index=row.row_index,
        verdict=row.verdict,
        note=row.note,
        principal_id=row.principal_id,
        username=row.username,
        created_at=row.created_at,
        superseded_at=row.superseded_at,
    )
