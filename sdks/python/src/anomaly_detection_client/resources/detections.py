"""Detections: started, waited for, looked at, judged by another threshold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from anomaly_detection_client.errors import DetectionFailed, Unavailable
from anomaly_detection_client.models import Anomaly, Detection, Threshold
from anomaly_detection_client.transport import Transport

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
ARROW = "application/vnd.apache.arrow.stream"


class Detections:
    """The detections of your tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        dataset_id: str,
        *,
        algorithm: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        columns: Sequence[str] | None = None,
        time_column: str | None = None,
        threshold: Threshold | None = None,
        name: str | None = None,
    ) -> Detection:
        """Order a detection; it runs on the server, also when you go away.

        Parameters
        ----------
        algorithm : str, optional
            By default the one that fits the kind of data.
        threshold : Threshold, optional
            By default one that bounds the share of false alarms, and may find nothing.
        """
        body = {
            "dataset_id": dataset_id,
            "algorithm": algorithm,
            "parameters": dict(parameters or {}),
            "columns": None if columns is None else list(columns),
            "time_column": time_column,
            "threshold": None if threshold is None else {"kind": threshold.kind, "value": threshold.value},
            "name": name,
        }
        return self._transport.read("POST", "detections", Detection.of, json=body)

    def get(self, detection_id: str) -> Detection:
        """Return one detection."""
        return self._transport.read("GET", f"detections/{detection_id}", Detection.of)

    def list(self, *, dataset_id: str | None = None, page_size: int = 50) -> Iterator[Detection]:
        """Yield all detections, newest first."""
        return self._transport.pages("detections", Detection.of, {"limit": page_size, "dataset_id": dataset_id})

    def wait(
        self, detection_id: str, *, timeout: float = 600.0, progress: Callable[[float, str], None] | None = None
    ) -> Detection:
        """Wait until a detection has succeeded.

        Parameters
        ----------
        timeout : float, default 600
            Seconds to wait at most.
        progress : callable, optional
            Called with a fraction in [0, 1] and the name of the stage, when they change.

        Raises
        ------
        DetectionFailed
            It failed or was cancelled; ``code`` and ``hint`` are those of the failure.
        TimeoutError
            It has not ended in time; it goes on on the server.
        """
        end, pause, seen = time.monotonic() + timeout, _FIRST_PAUSE, None
        while True:
            detection = self._look(detection_id, until=end)
            state = (detection.progress["fraction"], detection.progress["stage"])
            if progress is not None and state != seen:
                progress(*state)
            seen = state
            if detection.ended:
                return _succeeded(detection)
            if time.monotonic() + pause > end:
                raise TimeoutError(f"Detection {detection_id} has not ended within {timeout:g} seconds; it goes on.")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def cancel(self, detection_id: str) -> Detection:
        """Ask a detection to stop; one that has ended stays as it is."""
        return self._transport.read("POST", f"detections/{detection_id}/cancel", Detection.of)

    def result(self, detection_id: str) -> dict[str, Any]:
        """Return the result's document, without the long arrays and with its first 100 anomalies."""
        return self._transport.read("GET", f"detections/{detection_id}/result", dict)

    def scores(self, detection_id: str) -> bytes:
        """Return the scores of all rows as an Arrow stream (``pyarrow.ipc.open_stream`` reads it)."""
        response = self._transport.send("GET", f"detections/{detection_id}/result", headers={"Accept": ARROW})
        return response.content

    def anomalies(self, detection_id: str, *, page_size: int = 50) -> Iterator[Anomaly]:
        """Yield the anomalies, most severe first."""
        return self._transport.pages(f"detections/{detection_id}/anomalies", Anomaly.of, {"limit": page_size})

    def choose_threshold(self, detection_id: str, kind: str, value: float) -> Detection:
        """Judge the same scores by another threshold; nothing is fitted again."""
        body = {"kind": kind, "value": value}
        return self._transport.read("PUT", f"detections/{detection_id}/threshold", Detection.of, json=body)

    def _look(self, detection_id: str, *, until: float) -> Detection:
        """Return the detection; a server that restarts meanwhile is waited for."""
        while True:
            try:
                return self.get(detection_id)
            except Unavailable:
                if time.monotonic() + _LONGEST_PAUSE > until:
                    raise
                time.sleep(_LONGEST_PAUSE)


def _succeeded(detection: Detection) -> Detection:
    if detection.status == "succeeded":
        return detection
    error = detection.error or {}
    raise DetectionFailed(
        str(error.get("message") or f"Detection {detection.id} was {detection.status}."),
        code=str(error.get("code", f"detection.{detection.status}")),
        hint=str(error.get("hint", "")),
    )
