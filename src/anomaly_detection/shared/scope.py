"""On whose behalf something is done: the first argument of every workflow and every query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """The tenant whose rows may be seen, who asks, and the request that it belongs to."""

    tenant_id: str
    principal_id: str
    request_id: str = ""
