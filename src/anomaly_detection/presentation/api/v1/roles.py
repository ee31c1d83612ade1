"""What the roles may do."""

from __future__ import annotations

from fastapi import APIRouter

from anomaly_detection.presentation.api.dependencies import TheCaller, TheOperations
from anomaly_detection.presentation.api.v1.schemas.roles import Permission, Role, RoleList

router = APIRouter(prefix="/roles", tags=["users"])


@router.get("")
def list_roles(caller: TheCaller, operations: TheOperations) -> RoleList:
    """List the roles, each with more rights than the one before, and what each permission allows."""
    roles, permissions = operations.list_roles(caller)
    return RoleList(
        items=[
            Role(
                name=role.name,
                description=role.description,
                permissions=[permission for permission in permissions if permission in role.permissions],
            )
            for role in roles
        ],
        permissions=[Permission(name=name, description=meaning) for name, meaning in permissions.items()],
    )
