"""Anomalous rows of a series that belong together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.domain.anomaly import AnomalyEvent
from anomaly_detection.detection.domain.severity import Severity
from anomaly_detection.detection.results.rows import iso_time

_GAP_STEPS = 6
"""Anomalies at most so many steps apart are one event."""


def group_events(
    times: NDArray[np.datetime64], indices: NDArray[np.int64], scores: NDArray[np.float64], ranks: NDArray[np.int64]
) -> tuple[AnomalyEvent, ...]:
    """Group the anomalies of a series into events, in the order of time; rows without a time belong to none.

    Parameters
    ----------
    times : array of shape (n,), datetime64[us]
        When each row of the series happened.
    indices : array of shape (k,)
        The anomalous rows.
    scores, ranks : arrays of shape (k,)
        Their scores and ranks of severity.
    """
    timed = ~np.isnat(times[indices])
    indices, scores, ranks = indices[timed], scores[timed], ranks[timed]
    if indices.size == 0:
        return ()
    steps = np.diff(np.sort(times[~np.isnat(times)]))
    step = np.median(steps[steps > np.timedelta64(0)]) if np.any(steps > np.timedelta64(0)) else np.timedelta64(1, "us")
    order = np.argsort(times[indices], kind="stable")
    moments = times[indices][order]
    breaks = np.flatnonzero(np.diff(moments) > _GAP_STEPS * step) + 1
    severities = list(Severity)
    events = []
    for group in np.split(order, breaks):
        peak = group[np.argmax(scores[group])]
        events.append(
            AnomalyEvent(
                start=iso_time(times[indices[group[0]]]) or "",
                end=iso_time(times[indices[group[-1]]]) or "",
                peak=iso_time(times[indices[peak]]) or "",
                severity=severities[int(ranks[group].max())],
                n_rows=len(group),
            )
        )
    return tuple(events)
