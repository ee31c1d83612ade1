"""What all resources share on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""What people call a thing: without the space around it, and never mere space, which nobody could see or click."""


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
