"""What users may do."""

from __future__ import annotations

from anomaly_detection_client.operations import M, Operation, Resource
from anomaly_detection_client.request import Request, request_for
from anomaly_detection_client.values import accounts


def list_roles() -> Request[accounts.Roles]:
    """Return all roles and the permissions that they are made of."""
    return request_for("GET", "roles", accounts.Roles.of)


class Roles(Resource[M]):
    """The roles that users have."""

    list = Operation(list_roles)
