"""What a model says of rows, as JSON and as an Arrow stream; the columns have the same names in both."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import to_json

from anomaly_detection.configurations.basic.scoring import LoadedModel
from anomaly_detection.detection.domain.severity import Severity
from anomaly_detection.detection.results.tables import EXPLAINED

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

_SEVERITIES = [severity.value for severity in Severity]
_BATCH_ROWS = 1 << 16


def json_answer(model: LoadedModel, result: DetectionResult, *, explain: bool) -> bytes:
    """Return the judgement as a JSON document."""
    content = {
        **_head(model, result),
        "scores": result.scores.tolist(),
        "p_values": result.p_values.tolist(),
        "predictions": result.predictions.tolist(),
        "confidence_scores": result.confidence_scores.tolist(),
        "severities": _severities(result),
    }
    if explain:
        content["explanations"] = _explanations(result)
    return to_json(content, inf_nan_mode="null")


def arrow_answer(model: LoadedModel, result: DetectionResult, *, explain: bool) -> bytes:
    """Return the judgement as an Arrow stream; the schema's metadata ``anomaly_detection`` holds the rest as JSON."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        "scores": result.scores,
        "p_values": result.p_values,
        "predictions": result.predictions,
        "confidence_scores": result.confidence_scores,
        "severities": pa.array(_severities(result), pa.string()),
    }
    if explain:
        texts = [None if item is None else json.dumps(item) for item in _explanations(result)]
        columns["explanations"] = pa.array(texts, pa.string())
    table = pa.table(columns).replace_schema_metadata({"anomaly_detection": json.dumps(_head(model, result))})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=_BATCH_ROWS)
    return sink.getvalue()


def _head(model: LoadedModel, result: DetectionResult) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "version": model.version,
        "algorithm": model.algorithm,
        "n_rows": result.n_rows,
        "n_anomalies": result.n_anomalies,
        "threshold": result.threshold.to_dict(),
    }


def _severities(result: DetectionResult) -> list[str | None]:
    severities: list[str | None] = [None] * result.n_rows
    if result.n_anomalies:
        for index, rank in zip(result.ranking.tolist(), result.severity_ranks.tolist(), strict=True):
            severities[index] = _SEVERITIES[rank]
    return severities


def _explanations(result: DetectionResult) -> list[dict[str, Any] | None]:
    explained = result.explanations_of(np.asarray(result.ranking[:EXPLAINED]))
    explanations: list[dict[str, Any] | None] = [None] * result.n_rows
    for index, explanation in explained.items():
        explanations[index] = explanation.to_dict()
    return explanations
