"""What people say about single rows of a detection, and who is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anomaly_detection.configurations.basic.detections import Detections
from anomaly_detection.infrastructure.persistence.engine import Database
from anomaly_detection.infrastructure.persistence.feedback import FeedbackRecord, FeedbackRepository, Verdict
from anomaly_detection.shared.errors import InvalidInput
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import EventPublisher


class Feedback:
    """What the outside may say and ask about single rows."""

    def __init__(
        self, database: Database, records: FeedbackRepository, detections: Detections, events: EventPublisher
    ) -> None:
        self._database = database
        self._records = records
        self._detections = detections
        self._events = events

    def say(
        self, scope: Scope, detection_id: str, index: int, verdict: Verdict | None, note: str = ""
    ) -> FeedbackRecord:
        """Keep an opinion about a row in the place of the one that held.

        Raises
        ------
        NotFound
            ``detection.not_found``.
        Conflict
            ``detection.not_finished``.
        InvalidInput
            ``detection.no_such_row``.
        """
        result = self._detections.result(scope, detection_id)
        check_row(index, result.n_rows)
        with self._database.write():
            said = self._records.say(scope, detection_id, index, verdict, note, float(result.scores[index]))
            self._tell(scope, said)
        return said

    def withdraw(self, scope: Scope, feedback_id: str) -> None:
        """Let an opinion hold no more; it stays in the history. Errors: `get`."""
        with self._database.write():
            self._tell(scope, self._records.withdraw(scope, feedback_id))

    def get(self, scope: Scope, feedback_id: str) -> FeedbackRecord:
        """Return what was said, or raise `NotFound` (``feedback.not_found``)."""
        return self._records.get(scope, feedback_id)

    def present(self, scope: Scope, feedback_id: str) -> FeedbackRecord:
        """Return what holds now for the row that an opinion is about; without verdict and note where nothing does."""
        said = self._records.get(scope, feedback_id)
        if said.superseded_at is None:
            return said
        held = self._records.of_rows(scope, said.detection_id, [said.index])
        return held.get(said.index, replace(said, verdict=None, note=""))

    def list(
        self, scope: Scope, *, limit: int, after: str, detection_id: str = "", verdict: str = ""
    ) -> Sequence[FeedbackRecord]:
        """Return one page of what holds, newest first."""
        return self._records.list(scope, limit=limit, after=after, detection_id=detection_id, verdict=verdict)

    def history(self, scope: Scope, detection_id: str, index: int) -> Sequence[FeedbackRecord]:
        """Return what was said about a row, newest first, at most the last 100."""
        return self._records.history(scope, detection_id, index)

    def of_rows(self, scope: Scope, detection_id: str, indices: Sequence[int]) -> Mapping[int, FeedbackRecord]:
        """Return what holds for some rows."""
        return self._records.of_rows(scope, detection_id, indices)

    def verdicts(self, scope: Scope, detection_id: str) -> Mapping[int, tuple[Verdict | None, str]]:
        """Return verdict and note of each row about which something holds."""
        return self._records.verdicts(scope, detection_id)

    def _tell(self, scope: Scope, said: FeedbackRecord) -> None:
        self._database.after_commit(lambda: self._events.publish(scope, "feedback", {"id": said.id}))


def check_row(index: int, n_rows: int) -> None:
    """Refuse what is no row of the data.

    Raises
    ------
    InvalidInput
        ``detection.no_such_row``.
    """
    if not 0 <= index < n_rows:
        raise InvalidInput(
            f"There is no row {index}; the data have the rows 0 to {n_rows - 1}.",
            code="detection.no_such_row",
            hint="Take the index of an anomaly.",
            details={"index": index, "n_rows": n_rows},
        )
