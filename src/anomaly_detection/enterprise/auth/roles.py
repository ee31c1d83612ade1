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

ADMINISTRATOR_ROLE = "admin"
ROLES: dict[str, frozenset[Permission]] = {
    "viewer": _VIEWER,
    "analyst": _ANALYST,
    ADMINISTRATOR_ROLE: _ADMINISTRATOR,
}

ROLE_DESCRIPTIONS = {
    "viewer": "Sees data sets, detections, models and what others said about anomalies.",
    "analyst": "Works: uploads data, detects, trains and uses models, judges anomalies.",
    ADMINISTRATOR_ROLE: "Also manages the users of the tenant and everybody's API keys.",
}
PERMISSION_DESCRIPTIONS: dict[Permission, str] = {
    Permission.READ_ALGORITHMS: "See the algorithms and their parameters.",
    Permission.READ_DATASETS: "See data sets, their first rows and their profiles.",
    Permission.WRITE_DATASETS: "Upload, rename and delete data sets.",
    Permission.READ_DETECTIONS: "See detections, their results and anomalies.",
    Permission.WRITE_DETECTIONS: "Start, cancel, rename and delete detections, and move their thresholds.",
    Permission.READ_MODELS: "See models and download them.",
    Permission.WRITE_MODELS: "Train, import, promote, archive and delete models.",
    Permission.SCORE_MODELS: "Let a model judge rows.",
    Permission.READ_FEEDBACK: "See what was said about anomalies.",
    Permission.WRITE_FEEDBACK: "Confirm and dismiss anomalies, and write notes about them.",
    Permission.READ_JOBS: "See jobs and how far they are.",
    Permission.WRITE_JOBS: "Cancel jobs.",
    Permission.READ_EVENTS: "Follow changes as they happen.",
    Permission.READ_ROLES: "See the roles and what each may do.",
    Permission.MANAGE_OWN_KEYS: "Make, see and revoke one's own API keys.",
    Permission.MANAGE_ACCOUNTS: "Add, change and remove users, and revoke everybody's API keys.",
}


def check_role(role: str) -> str:
    """Return the role, or raise `InvalidInput` (``auth.unknown_role``)."""
    if role not in ROLES:
        raise InvalidInput(f"There is no role {role!r}.", code="auth.unknown_role", hint=did_you_mean(role, ROLES))
    return role


def allows(role: str, permission: Permission) -> bool:
    """Tell whether a role holds a permission; one that nobody knows holds none."""
    return permission in ROLES.get(role, frozenset())


def includes(role: str, other: str) -> bool:
    """Tell whether whoever has `role` may do all that `other` may."""
    return ROLES.get(other, frozenset()) <= ROLES.get(role, frozenset())


def lesser(role: str, other: str) -> str:
    """Return the one of two roles that may do less.

    Examples
    --------
    >>> lesser("admin", "viewer")
    'viewer'
    """
    return other if includes(role, other) else role


def require(role: str, permission: Permission) -> None:
    """Pass if the role holds the permission.

    Raises
    ------
    NotAllowed
        ``auth.not_allowed``; also for a role that nobody knows.
    """
    if not allows(role, permission):
        holders = [name for name, permissions in ROLES.items() if permission in permissions]
        raise NotAllowed(
            f"Your role {role!r} does not hold the permission {permission.value!r}.",
            code="auth.not_allowed",
            hint=f"Roles that hold it: {', '.join(holders)}. Ask an administrator.",
            details={"permission": permission.value, "role": role},
        )
