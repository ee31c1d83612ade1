"""What all resources share on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    """A body that somebody sends: unknown fields are refused, so that a typing error is not overlooked."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """A body that we send."""

    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable identifier, `room.reason`.")
    hint: str
    request_id: str
    errors: list[dict[str, Any]]
