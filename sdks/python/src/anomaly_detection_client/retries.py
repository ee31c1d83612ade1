"""When a request is sent again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import SystemRandom

from anomaly_detection_client.errors import ApiError

PASSING = frozenset({429, 502, 503, 504})
"""Answers that another attempt may change."""
IN_PROGRESS = "api.idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently.

    Attributes
    ----------
    limit : int
        Attempts after the first one.
    first_pause, longest_pause : float
        Seconds; each pause is up to twice as long as the one before. Half of it is left to chance, so that many clients
        that failed together do not come back together.
    longest_wish : float
        Longest Retry-After that is obeyed; a longer one is left to the caller.
    longest_progress : float
        How long an answer is waited for that an earlier attempt is still making.
    """

    limit: int = 3
    first_pause: float = 0.25
    longest_pause: float = 8.0
    longest_wish: float = 60.0
    longest_progress: float = 600.0
    chance: SystemRandom = field(default_factory=SystemRandom, repr=False, compare=False)

    def pause_before(self, attempt: int) -> float:
        """Return the seconds to wait before an attempt, counted from 1 after the first one."""
        longest = min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
        return self.chance.uniform(longest / 2, longest)

    def after(
        self, error: ApiError, *, attempt: int, waited: float, repeatable: bool, unsent: bool = False
    ) -> float | None:
        """Return the seconds until the next attempt, or None for no further one.

        Parameters
        ----------
        error : ApiError
            What became of the last attempt; its status is 0 where no answer came.
        attempt : int
            Number of the next attempt, from 1.
        waited : float
            Seconds since the first one.
        repeatable : bool
            Whether sending twice does no more than sending once.
        unsent : bool, default False
            Whether the server surely did not get the last attempt.
        """
        if error.code == IN_PROGRESS and repeatable:
            wish = 1.0 if error.retry_after is None else error.retry_after
            return wish if waited + wish <= self.longest_progress else None
        passing = error.status in PASSING or error.status == 0
        if not passing or not (repeatable or unsent) or attempt > self.limit:
            return None
        if error.retry_after is not None and error.retry_after > self.longest_wish:
            return None
        return max(self.pause_before(attempt), error.retry_after or 0.0)
