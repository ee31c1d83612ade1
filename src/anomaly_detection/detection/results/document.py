"""A result in the published format, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.detection.calibration.calibrator import METHOD, VERSION, Calibrator
from anomaly_detection.detection.calibration.threshold import Threshold
from anomaly_detection.detection.domain.explanation import Contribution, Explanation
from anomaly_detection.detection.results.judged import Judged
from anomaly_detection.detection.results.rows import Rows
from anomaly_detection.shared.clock import to_iso

SCHEMA_VERSION = 1


def to_document(result: Judged, *, arrays: bool, limit: int | None) -> dict[str, Any]:
    """Return the published format; `DetectionResult.to_dict` says what the parameters mean."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": result.id,
        "created_at": to_iso(result.created_at),
        "kind": result.kind,
        "algorithm": result.algorithm,
        "parameters": dict(result.parameters),
        "model_id": result.model_id,
        "dataset": dict(result.dataset),
        "calibration": {
            "method": METHOD,
            "n": result.calibrator.n,
            "version": VERSION,
            "state_ref": result.calibrator.reference,
        },
        "threshold": result.threshold.to_dict(),
        "n_rows": result.n_rows,
        "n_anomalies": result.n_anomalies,
        "anomalies": [item.to_dict() for item in result.top(result.n_anomalies if limit is None else limit)],
        "events": [item.to_dict() for item in result.events],
        "metadata": dict(result.metadata),
    }
    if arrays:
        document["scores"] = result.scores.tolist()
        document["p_values"] = result.p_values.tolist()
        document["predictions"] = result.predictions.tolist()
        document["confidence_scores"] = result.confidence_scores.tolist()
    else:
        document["calibration"]["state"] = result.calibrator.to_dict()
        document["column_names"] = dict(result.rows.names)
        document["explanations"] = {str(index): item.to_dict() for index, item in result.explanations.items()}
    return document


def from_document(document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Return the attributes of a result from `to_document` without arrays, and the arrays."""
    return dict(
        scores=np.asarray(arrays["score"], dtype=np.float64),
        calibrator=Calibrator.from_dict(document["calibration"]["state"]),
        threshold=Threshold(**document["threshold"]),
        algorithm=document["algorithm"],
        parameters=document["parameters"],
        rows=Rows.from_arrays(arrays, document.get("column_names")),
        dataset=document["dataset"],
        kind=document["kind"],
        id=document["id"],
        created_at=datetime.fromisoformat(document["created_at"]).astimezone(UTC),
        model_id=document["model_id"],
        metadata=document["metadata"],
        explanations={int(index): _explanation(item) for index, item in document["explanations"].items()},
    )


def _explanation(state: Mapping[str, Any]) -> Explanation:
    return Explanation(
        method=state["method"],
        contributions=tuple(Contribution(**item) for item in state["contributions"]),
        sentence=state["sentence"],
        counterfactual=state["counterfactual"],
        neighbours=None if state["neighbours"] is None else tuple(state["neighbours"]),
    )
