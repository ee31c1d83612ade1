"""How resources offer their calls: each is described once, as a function, and both clients make it in their own way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from anomaly_detection_client.async_transport import AsyncTransport
from anomaly_detection_client.core import Core
from anomaly_detection_client.flow import Flow
from anomaly_detection_client.request import Page, Request
from anomaly_detection_client.transport import Transport

P = ParamSpec("P")
T = TypeVar("T")


class Blocking:
    """Calls return when they are done, as those of `Client` do."""


class Awaiting:
    """Calls are awaited, as those of `AsyncClient` are."""


M = TypeVar("M", Blocking, Awaiting)


class Resource(Generic[M]):
    """One kind of thing that the server has."""

    def __init__(self, transport: Transport | AsyncTransport) -> None:
        self.transport = transport

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.transport.wire.shown}>"


class _Call(Generic[P, T]):
    """A call as a resource offers it.

    Parameters
    ----------
    described : callable
        What the call does; its arguments are those of the call.
    n_own : int, default 0
        So many first arguments are given by us.
    """

    def __init__(self, described: Callable[..., Any], *, n_own: int = 0) -> None:
        self.__doc__ = described.__doc__
        self.described = described
        signature = inspect.signature(described)
        self._signature = signature.replace(
            parameters=list(signature.parameters.values())[n_own:],
            return_annotation=_given(str(signature.return_annotation)),
        )

    def offered(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with the name, the arguments and the documentation of what it does."""
        named = functools.wraps(self.described)(call)
        named.__signature__ = self._signature  # type: ignore[attr-defined]
        return named


def _given(annotation: str) -> str:
    """Return what a user of a call gets, where its description returns how it is made."""
    for before, after, shown in (
        ("Request[Page[", "]]", "Iterator[{}]"),
        ("Request[", "]", "{}"),
        ("Flow[", "]", "{}"),
    ):
        if annotation.startswith(before):
            return shown.format(annotation.removeprefix(before).removesuffix(after))
    return annotation


class Operation(_Call[P, T]):
    """A call that is one request.

    Parameters
    ----------
    build : callable
        Describes the request; its arguments are those of the call.
    """

    def __init__(self, build: Callable[P, Request[T]]) -> None:
        super().__init__(build)
        self._build = build

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: Any) -> Any:
        if instance is None:
            return self
        transport = instance.transport

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return transport.perform(self._build(*args, **kwargs))

        return self.offered(call)


class Procedure(_Call[P, T]):
    """A call of several steps.

    Parameters
    ----------
    flow : callable
        The steps; its arguments are those of the call, after the core that carries requests out.
    """

    def __init__(self, flow: Callable[Concatenate[Core, P], Flow[T]]) -> None:
        super().__init__(flow, n_own=1)
        self._flow = flow

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: Any) -> Callable[P, T]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: Any) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: Any) -> Any:
        if instance is None:
            return self
        transport = instance.transport

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return transport.run(self._flow(transport.core, *args, **kwargs))

        return self.offered(call)


class Listing(_Call[P, T]):
    """A call that yields the items of a list, page after page.

    Parameters
    ----------
    build : callable
        Describes the request for the first page; its arguments are those of the call.
    """

    def __init__(self, build: Callable[P, Request[Page[T]]]) -> None:
        super().__init__(build)
        self._build = build

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: Resource[Blocking], owner: Any) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, instance: Resource[Awaiting], owner: Any) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, instance: Resource[Any] | None, owner: Any) -> Any:
        if instance is None:
            return self
        transport = instance.transport

        def call(*args: P.args, **kwargs: P.kwargs) -> Any:
            return transport.pages(self._build(*args, **kwargs))

        return self.offered(call)
