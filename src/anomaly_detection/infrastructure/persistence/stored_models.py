"""The models that are kept, opened: the record says who may have one, the file holds it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from anomaly_detection.infrastructure.persistence.model_files import ModelFiles
from anomaly_detection.infrastructure.persistence.model_rows import VersionRecord
from anomaly_detection.infrastructure.persistence.models import ModelRepository, no_use
from anomaly_detection.shared.errors import Conflict, InvalidInput, NotFound
from anomaly_detection.shared.scope import Scope
from anomaly_detection.workflows.ports import StoredModel

if TYPE_CHECKING:
    from anomaly_detection.detection.detector import Detector

_LOGGER = logging.getLogger(__name__)


class StoredModels:
    """Fills the port `workflows.ports.ModelStore`."""

    def __init__(self, records: ModelRepository, files: ModelFiles) -> None:
        self._records = records
        self._files = files

    def save(self, scope: Scope, version_id: str, detector: Detector) -> StoredModel:
        """Write a fitted detector under a new name, all or nothing, and return where (errors: `ModelFiles.save`)."""
        return self._files.save(scope, version_id, detector)

    def open(self, scope: Scope, version_id: str) -> Detector:
        """Read the detector of one version of the scope's tenant (errors: `read`, and `NotFound`)."""
        return self.read(scope, self._records.version_by_id(scope, version_id))

    def read(self, scope: Scope, version: VersionRecord) -> Detector:
        """Read the detector of a version.

        Raises
        ------
        Conflict
            ``models.no_usable_version``: it has learnt nothing. ``models.damaged``: its file is gone, or was changed.
        """
        from anomaly_detection.detection.detector import load_detector

        if version.stored is None:
            raise no_use(version)
        try:
            return load_detector(self._files.path(scope, version.id, version.stored))
        except (InvalidInput, NotFound, Conflict) as error:
            # Which place it was is the log's to know.
            _LOGGER.error("a stored model cannot be read", extra={"version_id": version.id, "error": error.message})
            raise Conflict(
                f"The file of version {version.version} of the model {version.model_name!r} is gone or was changed.",
                code="models.damaged",
                hint="Use another version, or train or import it again.",
                details={"version": version.version},
            ) from error
