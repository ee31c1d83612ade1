"""The one table of what can be asked of the platform: each line a workflow or query behind its permission check.

API, command line and whatever else touches us from outside call these, so all of them get the same check and the same log
line. What is not here cannot be reached from outside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from anomaly_detection.enterprise.auth.roles import Permission, allows, require
from anomaly_detection.shared.errors import NotAllowed
from anomaly_detection.shared.scope import Scope

if TYPE_CHECKING:
    from anomaly_detection.configurations.basic.access import Access
    from anomaly_detection.configurations.basic.models import Models
    from anomaly_detection.configurations.basic.parts import Algorithms, Parts
    from anomaly_detection.configurations.basic.scoring import Scoring

_LOGGER = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the scope that the answer is limited to, and the role that allows it."""

    scope: Scope
    role: str


def guarded(
    name: str, permission: Permission, call: Callable[Concatenate[Scope, P], R], *, quiet: bool = False
) -> Callable[Concatenate[Caller, P], R]:
    """Return `call` behind the check of a permission, with a log line for what changes something."""

    def checked(caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> R:
        facts = {"operation": name, "tenant_id": caller.scope.tenant_id, "principal_id": caller.scope.principal_id}
        try:
            require(caller.role, permission)
        except NotAllowed:
            _LOGGER.warning("operation refused", extra={**facts, "permission": permission.value, "role": caller.role})
            raise
        if not quiet:
            _LOGGER.info("operation", extra=facts)
        return call(caller.scope, *args, **kwargs)

    return checked


class Operations:
    """Everything that a signed-in caller may ask for."""

    def __init__(self, parts: Parts) -> None:
        datasets, detections, jobs = parts.datasets, parts.detections, parts.jobs
        read, write = Permission.READ_DETECTIONS, Permission.WRITE_DETECTIONS
        data = Permission.READ_DATASETS
        self.list_algorithms = guarded("algorithms.list", Permission.READ_ALGORITHMS, parts.algorithms.list, quiet=True)
        self.begin_upload = guarded("datasets.upload", Permission.WRITE_DATASETS, datasets.begin)
        self.list_datasets = guarded("datasets.list", data, datasets.list, quiet=True)
        self.get_dataset = guarded("datasets.get", data, datasets.get, quiet=True)
        self.preview_dataset = guarded("datasets.preview", data, datasets.preview, quiet=True)
        self.profile_dataset = guarded("datasets.profile", data, datasets.profile, quiet=True)
        self.rename_dataset = guarded("datasets.rename", Permission.WRITE_DATASETS, datasets.rename)
        self.delete_dataset = guarded("datasets.delete", Permission.WRITE_DATASETS, datasets.delete)
        self.load_algorithm_to_detect = guarded("algorithms.load", write, parts.algorithms.load, quiet=True)
        self.start_detection = guarded("detections.start", write, detections.start)
        self.start_model_detection = guarded("detections.start_by_model", write, detections.start_by_model)
        self.list_detections = guarded("detections.list", read, detections.list, quiet=True)
        self.get_detection = guarded("detections.get", read, detections.get, quiet=True)
        self.cancel_detection = guarded("detections.cancel", write, detections.cancel)
        self.rename_detection = guarded("detections.rename", write, detections.rename)
        self.delete_detection = guarded("detections.delete", write, detections.delete)
        self.get_result = guarded("detections.result", read, detections.result, quiet=True)
        self.choose_threshold = guarded("detections.threshold", write, detections.choose_threshold)
        self.list_jobs = guarded("jobs.list", Permission.READ_JOBS, jobs.list, quiet=True)
        self.get_job = guarded("jobs.get", Permission.READ_JOBS, jobs.get, quiet=True)
        self.cancel_job = guarded("jobs.cancel", Permission.WRITE_JOBS, jobs.cancel)
        self.subscribe = guarded("events.subscribe", Permission.READ_EVENTS, parts.events.subscribe, quiet=True)
        self._offer_models(parts.models, parts.scoring, parts.algorithms)
        self._offer_overview(parts)
        self._offer_access(parts.access)

    def _offer_overview(self, parts: Parts) -> None:
        read, write, said = Permission.READ_FEEDBACK, Permission.WRITE_FEEDBACK, parts.feedback
        self.prepare_feedback = guarded("feedback.prepare", write, parts.detections.result, quiet=True)
        self.give_feedback = guarded("feedback.give", write, said.say)
        self.withdraw_feedback = guarded("feedback.withdraw", write, said.withdraw)
        self.get_feedback = guarded("feedback.get", read, said.get, quiet=True)
        self.get_present_feedback = guarded("feedback.present", read, said.present, quiet=True)
        self.list_feedback = guarded("feedback.list", read, said.list, quiet=True)
        self.feedback_history = guarded("feedback.history", read, said.history, quiet=True)
        self.feedback_of_rows = guarded("feedback.of_rows", read, said.of_rows, quiet=True)
        self.verdicts = guarded("feedback.verdicts", read, said.verdicts, quiet=True)
        self.get_overview = guarded("overview.get", Permission.READ_DETECTIONS, parts.overview.look, quiet=True)
        self.job_subjects = guarded("jobs.subjects", Permission.READ_JOBS, parts.overview.subjects, quiet=True)

    def _offer_models(self, models: Models, scoring: Scoring, algorithms: Algorithms) -> None:
        read, write, score = Permission.READ_MODELS, Permission.WRITE_MODELS, Permission.SCORE_MODELS
        self.load_algorithm_to_train = guarded("algorithms.load", write, algorithms.load, quiet=True)
        self.train_model = guarded("models.train", write, models.train)
        self.begin_model_import = guarded("models.import", write, models.begin_import)
        self.list_models = guarded("models.list", read, models.list, quiet=True)
        self.get_model = guarded("models.get", read, models.get, quiet=True)
        self.list_model_versions = guarded("models.versions", read, models.versions, quiet=True)
        self.get_model_version = guarded("models.version", read, models.version, quiet=True)
        self.find_model_version = guarded("models.find_version", read, models.version_by_id, quiet=True)
        self.open_model_file = guarded("models.file", read, models.open_file)
        self.promote_model_version = guarded("models.promote", write, models.set_stage)
        self.archive_model_version = guarded("models.archive_version", write, models.archive_version)
        self.cancel_training = guarded("models.cancel", write, models.cancel)
        self.delete_model_version = guarded("models.delete_version", write, models.remove_version)
        self.archive_model = guarded("models.archive", write, models.archive)
        self.restore_model = guarded("models.restore", write, models.restore)
        self.delete_model = guarded("models.delete", write, models.remove)
        self.ready_model = guarded("models.score", score, scoring.ready, quiet=True)
        self.load_model = guarded("models.score", score, scoring.load, quiet=True)

    def _offer_access(self, access: Access) -> None:
        manage, own = Permission.MANAGE_ACCOUNTS, Permission.MANAGE_OWN_KEYS
        users, keys = access.users, access.api_keys
        self.list_users = guarded("users.list", manage, users.list, quiet=True)
        self.get_user = guarded("users.get", manage, users.get, quiet=True)
        self.create_user = guarded("users.create", manage, users.create)
        self.change_user = guarded("users.change", manage, users.change)
        self.delete_user = guarded("users.delete", manage, users.delete)
        self.make_one_time_link = guarded("users.one_time_link", manage, users.make_one_time_link)
        self.list_roles = guarded("roles.list", Permission.READ_ROLES, access.roles.list, quiet=True)
        self.create_api_key = guarded("api_keys.create", own, keys.create)
        self.list_own_api_keys = guarded("api_keys.list_own", own, keys.list_own, quiet=True)
        self.list_all_api_keys = guarded("api_keys.list_all", manage, keys.list_all, quiet=True)
        self._revoke_own_api_key = guarded("api_keys.revoke_own", own, keys.revoke_own)
        self._revoke_any_api_key = guarded("api_keys.revoke_any", manage, keys.revoke_any)

    def revoke_api_key(self, caller: Caller, key_id: str) -> None:
        """End one of the caller's own API keys; whoever manages accounts may end anybody's in the tenant."""
        anybodys = allows(caller.role, Permission.MANAGE_ACCOUNTS)
        (self._revoke_any_api_key if anybodys else self._revoke_own_api_key)(caller, key_id)
