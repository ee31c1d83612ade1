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


class Operation(Generic[P, T]):
    """A call that is one request.

    Parameters
    ----------
    build : callable
        Describes the request; its arguments are those of the call.
    """

    def __init__(self, build: Callable[P, Request[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

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
            return transport.perform(self.build(*args, **kwargs))

        return functools.wraps(self.build)(call)


class Procedure(Generic[P, T]):
    """A call of several steps.

    Parameters
    ----------
    flow : callable
        The steps; its arguments are those of the call, after the core that carries requests out.
    """

    def __init__(self, flow: Callable[Concatenate[Core, P], Flow[T]]) -> None:
        self.flow = flow
        self.__doc__ = flow.__doc__

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
            return transport.run(self.flow(transport.core, *args, **kwargs))

        wrapped = functools.wraps(self.flow)(call)
        signature = inspect.signature(self.flow)
        wrapped.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
        return wrapped


class Listing(Generic[P, T]):
    """A call that yields the items of a list, page after page.

    Parameters
    ----------
    build : callable
        Describes the request for the first page; its arguments are those of the call.
    """

    def __init__(self, build: Callable[P, Request[Page[T]]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

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
            return transport.pages(self.build(*args, **kwargs))

        return functools.wraps(self.build)(call)
