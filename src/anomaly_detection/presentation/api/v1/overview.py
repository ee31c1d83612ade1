"""The first page: is anything wrong?"""

from __future__ import annotations

from fastapi import APIRouter

from anomaly_detection.presentation.api.dependencies import TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.schemas.overview import Overview

router = APIRouter(prefix="/overview", tags=["overview"])


@router.get("")
def get_overview(caller: TheCaller, operations: TheOperations) -> Overview:
    """Return what there is, what runs, and of each data set the newest finished detection, at most 20."""
    return Overview.of(operations.get_overview(caller))
