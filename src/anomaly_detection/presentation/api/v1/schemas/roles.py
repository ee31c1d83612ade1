"""Roles on the wire."""

from __future__ import annotations

from anomaly_detection.presentation.api.v1.schemas.common import Answer


class Role(Answer):
    """What somebody may do, under one name."""

    name: str
    description: str
    permissions: list[str]


class Permission(Answer):
    """The right to do one kind of thing."""

    name: str
    description: str


class RoleList(Answer):
    """All roles, each with more rights than the one before, and all permissions."""

    items: list[Role]
    permissions: list[Permission]
