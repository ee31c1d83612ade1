"""Detections: started, waited for, judged by another threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from anomaly_detection_client.core import Core
from anomaly_detection_client.errors import DetectionFailed
from anomaly_detection_client.flow import Flow
from anomaly_detection_client.operations import Listing, M, Operation, Procedure, Resource
from anomaly_detection_client.request import Page, Request, creation, done, given, pages_of, part, request_for
from anomaly_detection_client.resources import results
from anomaly_detection_client.resources.anomalies import get_anomaly, list_anomalies
from anomaly_detection_client.values.detections import Detection, Threshold
from anomaly_detection_client.waiting import ProgressTold, ended


def start(
    dataset_id: str,
    *,
    algorithm: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    columns: Sequence[str] | None = None,
    time_column: str | None = None,
    threshold: Threshold | None = None,
    name: str | None = None,
    priority: str | None = None,
    model_id: str | None = None,
    model_version: int | None = None,
    idempotency_key: str | None = None,
) -> Request[Detection]:
    """Order a detection; it runs on the server, also when you go away.

    Parameters
    ----------
    algorithm : str, optional
        By default the one that fits the kind of data.
    columns : sequence of str, optional
        The features; by default those that were recognised.
    threshold : Threshold, optional
        By default one that bounds the share of false alarms, and may find nothing.
    priority : {"high", "normal", "low"}, optional
        Which jobs come first; normal by default.
    model_id : str, optional
        A stored model that judges the data, in the place of an algorithm that is fitted to them.
    model_version : int, optional
        Of that model; by default the one in production, else the newest.
    idempotency_key : str, optional
        Makes calls with the same key one detection, also those of different processes.
    """
    body = given(
        {
            "dataset_id": dataset_id,
            "algorithm": algorithm,
            "parameters": None if parameters is None else dict(parameters),
            "columns": None if columns is None else list(columns),
            "time_column": time_column,
            "threshold": line(threshold),
            "name": name,
            "priority": priority,
            "model_id": model_id,
            "model_version": model_version,
        }
    )
    return creation("detections", Detection.of, body=body, idempotency_key=idempotency_key)


def line(threshold: Threshold | None) -> dict[str, Any] | None:
    """Return a threshold as it is sent."""
    return None if threshold is None else {"kind": threshold.kind, "value": threshold.value}


def get(detection_id: str) -> Request[Detection]:
    """Return one detection."""
    return request_for("GET", f"detections/{part(detection_id)}", Detection.of)


def list_detections(
    *,
    dataset_id: str | None = None,
    status: str | None = None,
    algorithm: str | None = None,
    model_id: str | None = None,
    q: str | None = None,
    page_size: int = 50,
) -> Request[Page[Detection]]:
    """Yield detections, newest first; `q` is a part of the name."""
    return pages_of(
        "detections",
        Detection.of,
        limit=page_size,
        dataset_id=dataset_id,
        status=status,
        algorithm=algorithm,
        model_id=model_id,
        q=q,
    )


def rename(detection_id: str, name: str) -> Request[Detection]:
    """Call a detection otherwise."""
    return request_for("PATCH", f"detections/{part(detection_id)}", Detection.of, body={"name": name})


def delete(detection_id: str) -> Request[None]:
    """Remove a detection with its result and the feedback on it.

    Raises
    ------
    Conflict
        ``detection.still_running``: cancel it first.
    """
    return done("DELETE", f"detections/{part(detection_id)}")


def cancel(detection_id: str) -> Request[Detection]:
    """Ask a detection to stop; one that has ended stays as it is."""
    return request_for("POST", f"detections/{part(detection_id)}/cancel", Detection.of, repeatable=True)


def wait(
    core: Core, detection_id: str, *, timeout: float = 600.0, progress: ProgressTold | None = None
) -> Flow[Detection]:
    """Wait until a detection has succeeded, by asking: first after 50 ms, later each second.

    Parameters
    ----------
    timeout : float, default 600
        Seconds to wait at most; a server that restarts meanwhile is waited for.
    progress : callable, optional
        Is called with a fraction in [0, 1] and the name of the stage, when they change.

    Raises
    ------
    DetectionFailed
        It failed or was cancelled; ``code`` and ``hint`` are those of the failure.
    TimeoutError
        It has not ended in time; it goes on on the server.
    """
    return (
        yield from ended(
            core,
            get(detection_id),
            what=f"Detection {detection_id}",
            failed=DetectionFailed,
            timeout=timeout,
            progress=progress,
        )
    )


def choose_threshold(detection_id: str, kind: str, value: float) -> Request[Detection]:
    """Judge the same scores by another threshold; nothing is fitted again.

    Parameters
    ----------
    kind : {"fdr", "p_value", "score", "contamination", "alert_rate"}
        Unit of `value`.
    """
    body = {"kind": kind, "value": value}
    return request_for("PUT", f"detections/{part(detection_id)}/threshold", Detection.of, body=body)


class Detections(Resource[M]):
    """The detections of your tenant."""

    start = Operation(start)
    get = Operation(get)
    list = Listing(list_detections)
    rename = Operation(rename)
    delete = Operation(delete)
    cancel = Operation(cancel)
    wait = Procedure(wait)
    choose_threshold = Operation(choose_threshold)
    anomalies = Listing(list_anomalies)
    anomaly = Operation(get_anomaly)
    result = Operation(results.result)
    scores = Operation(results.scores)
    series = Operation(results.series)
    distribution = Operation(results.distribution)
    scatter = Operation(results.scatter)
    importance = Operation(results.importance)
    export = Procedure(results.export)
