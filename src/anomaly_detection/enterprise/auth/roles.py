"""Who may do what: three roles as data, each holding the rights of the one before. What is not listed is forbidden."""

from __future__ import annotations

from enum import StrEnum

from anomaly_detection.shared.errors import InvalidInput, NotAllowed, did_you_mean


class Permission(StrEnum):
    """The right to do one kind of thing."""

    READ_ALGORITHMS = "algorithms.read"
    READ_DATASETS = "datasets.read"
    WRITE_DATASETS = "datasets.write"
    READ_DETECTIONS = "detections.read"
    WRITE_DETECTIONS = "detections.write"
    READ_MODELS = "models.read"
    WRITE_MODELS = "models.write"
    SCORE_MODELS = "models.score"
    READ_FEEDBACK = "feedback.read"
    WRITE_FEEDBACK = "feedback.write"
    READ_JOBS = "jobs.read"
    WRITE_JOBS = "jobs.write"
    READ_EVENTS = "events.read"
    READ_ROLES = "roles.read"
    MANAGE_OWN_KEYS = "api-keys.own"
    MANAGE_ACCOUNTS = "accounts.manage"


_VIEWER = frozenset(
    {
        Permission.READ_ALGORITHMS,
        Permission.READ_DATASETS,
        Permission.READ_DETECTIONS,
        Permission.READ_MODELS,
        Permission.READ_FEEDBACK,
        Permission.READ_JOBS,
        Permission.READ_EVENTS,
        Permission.READ_ROLES,
        Permission.MANAGE_OWN_KEYS,
    }
)
_ANALYST = _VIEWER | {
    Permission.WRITE_DATASETS,
    Permission.WRITE_DETECTIONS,
    Permission.WRITE_MODELS,
    Permission.SCORE_MODELS,
    Permission.WRITE_FEEDBACK,
    Permission.WRITE_JOBS,
}
_ADMINISTRATOR = _ANALYST | {Permission.MANAGE_ACCOUNTS}

ROLES: dict[str, frozenset[Permission]] = {"viewer": _VIEWER, "analyst": _ANALYST, "admin": _ADMINISTRATOR}


def check_role(role: str) -> str:
    """Return the role, or raise `InvalidInput` (``auth.unknown_role``)."""
    if role not in ROLES:
        raise InvalidInput(f"There is no role {role!r}.", code="auth.unknown_role", hint=did_you_mean(role, ROLES))
    return role


def require(role: str, permission: Permission) -> None:
    """Pass if the role holds the permission.

    Raises
    ------
    NotAllowed
        ``auth.not_allowed``; also for a role that nobody knows.
    """
    if permission not in ROLES.get(role, frozenset()):
        holders = [name for name, permissions in ROLES.items() if permission in permissions]
        raise NotAllowed(
            f"Your role {role!r} does not hold the permission {permission.value!r}.",
            code="auth.not_allowed",
            hint=f"Roles that hold it: {', '.join(holders)}. Ask an administrator.",
            details={"permission": permission.value, "role": role},
        )
