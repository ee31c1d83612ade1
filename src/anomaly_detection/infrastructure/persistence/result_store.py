"""The results: each row's score as an Arrow file, under a new name for each attempt, so that a repeat harms nothing.

The document without the long arrays travels in the job's outcome and becomes visible with the job's success; a file that no
outcome names is never read.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from anomaly_detection.infrastructure.persistence.arrays import read_arrays, write_arrays
from anomaly_detection.infrastructure.persistence.files import disk_errors, folder
from anomaly_detection.shared.errors import NotFound
from anomaly_detection.shared.identity import new_id
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import StoredResult

if TYPE_CHECKING:
    from anomaly_detection.detection.results import DetectionResult

_NOT_FOUND = "detection.result_not_found"
_GOING = ".going"
"""Marks the folder of a detection that is about to be deleted."""


class FileResultStore:
    """Fills the port `workflows.ports.ResultStore` with files below ``<root>/<tenant>/<detection>/``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, scope: Scope, detection_id: str, result: DetectionResult) -> StoredResult:
        """Write a result under a new name, all or nothing, and return where.

        Raises
        ------
        Unavailable
            ``platform.disk_full``; nothing half-written stays.
        """
        place = folder(self._root, scope.tenant_id, detection_id, code=_NOT_FOUND)
        name = f"{new_id()}.arrow"
        write_arrays(place / name, result.arrays())
        # Anomalies and events follow from the arrays: tens of thousands of them would be kept and read twice.
        document = {**result.to_dict(arrays=False, limit=0), "events": []}
        return StoredResult(document=document, arrays=f"{detection_id}/{name}")

    def load(self, scope: Scope, stored: StoredResult) -> DetectionResult:
        """Read back what `save` wrote.

        Raises
        ------
        NotFound
            ``detection.result_not_found``: the tenant has no such file.
        """
        from anomaly_detection.detection.results import DetectionResult

        return DetectionResult.from_parts(dict(stored.document), read_arrays(self.path(scope, stored)))

    def path(self, scope: Scope, stored: StoredResult) -> Path:
        """Return the Arrow file of a stored result, for those who hand it on as it is."""
        detection_id, _, name = stored.arrays.partition("/")
        place = folder(self._root, scope.tenant_id, detection_id, code=_NOT_FOUND)
        path = folder(place, name.removesuffix(".arrow"), code=_NOT_FOUND).with_suffix(".arrow")
        if not path.is_file():
            raise NotFound(f"There is no result {stored.arrays!r}.", code=_NOT_FOUND)
        return path

    def prune(self, scope: Scope, detection_id: str, *, attempt_id: str) -> int:
        """Remove what earlier attempts left behind, which no outcome names; return how many files.

        Parameters
        ----------
        attempt_id : str
            The present attempt's id. A worker that was paused right after its claim, for so long that another one has done the
            job meanwhile, would else remove the other's result: names are UUIDv7 too, so later files have larger ones.
        """
        place = folder(self._root, scope.tenant_id, detection_id, code=_NOT_FOUND)
        stale = [path for path in place.glob("*") if path.name.lstrip(".") < attempt_id]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def begin_removal(self, scope: Scope, detection_id: str) -> None:
        """Say that a detection is about to go: if the process dies between its row and its files, `sweep` finds these."""
        place = self._place(scope, detection_id)
        with disk_errors(place):
            if place.is_dir():
                (place / _GOING).touch()

    def end_removal(self, scope: Scope, detection_id: str, *, kept: bool = False) -> None:
        """Remove a detection's files after its row went, or keep both after all."""
        place = self._place(scope, detection_id)
        if kept:
            (place / _GOING).unlink(missing_ok=True)
        else:
            shutil.rmtree(place, ignore_errors=True)

    def sweep(self, statuses: Mapping[tuple[str, str], str]) -> int:
        """Remove the files that nothing can name any more; return of how many detections.

        These are those of detections whose deletion a crash cut short, and what failed and cancelled attempts left. A folder
        that merely has no row is left alone: the database may be another one, or an older copy.

        Parameters
        ----------
        statuses : mapping of (tenant, detection) to str
            Of each detection that there is.
        """
        stale = []
        for place in self._root.glob("*/*"):
            status = statuses.get((place.parent.name, place.name))
            going = (place / _GOING).exists()
            if (going and status is None) or status in {"failed", "cancelled"}:
                stale.append(place)
            elif going:
                (place / _GOING).unlink(missing_ok=True)
        for place in stale:
            shutil.rmtree(place, ignore_errors=True)
        return len(stale)

    def _place(self, scope: Scope, detection_id: str) -> Path:
        return folder(self._root, scope.tenant_id, detection_id, code=_NOT_FOUND)
