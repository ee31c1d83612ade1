"""Values made from the JSON of an answer, by the types of their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from anomaly_detection_client.errors import ApiError

Decoder = Callable[[Any], Any]


class Decoded:
    """A value that is made from the JSON of an answer."""

    __slots__ = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Make the value from an answer.

        What a later server adds is left out; what this one leaves out takes its default.

        Raises
        ------
        TypeError, ValueError, AttributeError
            The answer is none of this kind.
        """
        value: Self = _record_decoder(cls)(body)
        return value


def _make_record_decoder(kind: Any) -> Decoder:
    hints = get_type_hints(kind)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind)}

    def make(body: Any) -> Any:
        given = {}
        for name, decoder in decoders.items():
            if name in body:
                value = body[name]
                given[name] = value if decoder is None or value is None else decoder(value)
        return kind(**given)

    return make


_record_decoder: Callable[[Any], Decoder] = cache(_make_record_decoder)


def _decoder(kind: Any) -> Decoder | None:
    """Return what turns JSON into a value of a type; None where JSON's own value is meant."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        meant = [_decoder(argument) for argument in arguments if argument is not type(None)]
        return meant[0] if len(meant) == 1 else None
    if origin is list:
        return _list_decoder(_decoder(arguments[0]))
    if kind is datetime:
        return datetime.fromisoformat
    return _record_decoder(kind) if is_dataclass(kind) else None


def _list_decoder(item: Decoder | None) -> Decoder:
    def make(body: Any) -> list[Any]:
        if not isinstance(body, list):
            raise TypeError(f"a list was expected, not {type(body).__name__}")
        return body if item is None else [None if value is None else item(value) for value in body]

    return make


@contextmanager
def answers_only(what: str, *, status: int = 0, request_id: str = "") -> Iterator[None]:
    """Say so where what is decoded is nothing that the platform would send.

    Raises
    ------
    ApiError
        ``client.unexpected_answer``.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ApiError(
            f"{what} is not one of the Anomaly Detection Platform's.",
            status=status,
            code="client.unexpected_answer",
            hint="Does the address name the platform itself, and is the client as new as the server?",
            request_id=request_id,
        ) from error
