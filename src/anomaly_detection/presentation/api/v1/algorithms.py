"""The catalogue of algorithms."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from anomaly_detection.presentation.api.dependencies import TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.schemas.algorithms import Algorithm, AlgorithmList

router = APIRouter(prefix="/algorithms", tags=["algorithms"])


@router.get("")
def list_algorithms(
    caller: TheCaller,
    operations: TheOperations,
    kind: Annotated[Literal["table", "series", "image", "text"] | None, Query()] = None,
    family: Annotated[
        str | None,
        Query(max_length=50, description="Such as trees; sklearn and pyod are the detectors of those libraries."),
    ] = None,
) -> AlgorithmList:
    """List the algorithms, or those for one kind of data or of one family."""
    found = operations.list_algorithms(caller, kind, family)
    return AlgorithmList(items=[Algorithm.model_validate(item.to_dict()) for item in found])
