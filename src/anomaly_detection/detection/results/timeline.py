"""A judged series as a strip of a few buckets: how many anomalies each holds, and the worst of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.rows import iso_time

BUCKETS = 60


def timeline(result: Judged, buckets: int = BUCKETS) -> dict[str, Any] | None:
    """Return where in time the anomalies lie, or None for what is no series with times.

    Parameters
    ----------
    result : DetectionResult
        What was found.
    buckets : int, default 60
        Stretches of equal length from the first moment to the last.

    Returns
    -------
    dict
        ``start`` and ``end`` (ISO 8601), and for each bucket ``n``, its anomalies, and ``severity``, the rank of the worst of
        them from 0 (low) to 3 (critical), or -1.

    Notes
    -----
    O(n) for the ends, O(k) for k anomalies. Some 400 bytes as JSON, so that it can stand in every summary.

    Examples
    --------
    >>> from anomaly_detection import create_detector, load_dataset
    >>> strip = timeline(create_detector("stl").detect(load_dataset("nyc_taxi")), 4)
    >>> strip["start"], strip["end"], len(strip["n"])
    ('2014-07-01T00:00:00Z', '2015-01-31T23:30:00Z', 4)
    """
    times = result.rows.time
    if result.kind != "series" or times is None:
        return None
    known = times[~np.isnat(times)].astype("datetime64[us]")
    if not known.size:
        return None
    start, end = known.min(), known.max()
    moments = times[result.ranking].astype("datetime64[us]")
    timed = ~np.isnat(moments)
    span = max(float((end - start).astype(np.int64)), 1.0)
    place = ((moments[timed] - start).astype(np.int64) / span * buckets).astype(np.int64).clip(0, buckets - 1)
    worst = np.full(buckets, -1, dtype=np.int64)
    np.maximum.at(worst, place, result.severity_ranks[timed])
    return {
        "start": iso_time(start),
        "end": iso_time(end),
        "n": np.bincount(place, minlength=buckets).tolist(),
        "severity": worst.tolist(),
    }


def summary_with_timeline(result: Judged) -> dict[str, Any]:
    """Return what is kept of a result beside its name: the counts, and where in time the anomalies lie."""
    return {**result.summary(), "timeline": timeline(result)}
