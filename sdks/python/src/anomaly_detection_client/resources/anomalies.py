"""The anomalies of a detection."""

from __future__ import annotations

from anomaly_detection_client.operations import Listing, M, Operation, Resource
from anomaly_detection_client.request import Page, Request, pages_of, part, request_for
from anomaly_detection_client.values.detections import Anomaly, AnomalyDetail


def list_anomalies(
    detection_id: str, *, min_severity: str | None = None, verdict: str | None = None, page_size: int = 50
) -> Request[Page[Anomaly]]:
    """Yield the anomalies, most severe first.

    Parameters
    ----------
    min_severity : {"low", "medium", "high", "critical"}, optional
        Only those that are at least so severe.
    verdict : {"none", "true", "false"}, optional
        Only those on which this feedback was given.
    """
    return pages_of(
        f"detections/{part(detection_id)}/anomalies",
        Anomaly.of,
        limit=page_size,
        min_severity=min_severity,
        verdict=verdict,
    )


def get_anomaly(detection_id: str, row: int) -> Request[AnomalyDetail]:
    """Return one row with its explanation and what is around it; also a row that is no anomaly.

    Parameters
    ----------
    row : int
        Index of the row in the data, from 0.
    """
    return request_for("GET", f"detections/{part(detection_id)}/anomalies/{part(row)}", AnomalyDetail.of)


class Anomalies(Resource[M]):
    """What detections found."""

    list = Listing(list_anomalies)
    get = Operation(get_anomaly)
