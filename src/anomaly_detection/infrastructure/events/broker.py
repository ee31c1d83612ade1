"""Events inside one process: any thread announces, listeners of the same tenant wait in the event loop.

An event names a thing that changed and not its content: the listener reads the present state with its own rights. So
what is pending can never grow beyond the number of things, and a slow listener loses steps but never the last state.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anomaly_detection.shared.errors import TooManyRequests
from anomaly_detection.shared.scope import Scope

MAXIMUM_PENDING = 1000
"""A listener this far behind is sent away; it comes back and reads everything anew."""
MAXIMUM_LISTENERS = 20
"""So many listeners one user may have: a browser's tabs, and no more."""
RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Event:
    """Something of this topic, with this id, changed."""

    topic: str
    id: str


class Subscription:
    """One listener; made by `EventBroker.subscribe` inside a running event loop."""

    def __init__(self, tenant_id: str, session_id: str, principal_id: str = "") -> None:
        self.tenant_id = tenant_id
        self.session_id = session_id
        self.principal_id = principal_id
        self._loop = asyncio.get_running_loop()
        self._pending: dict[Event, None] = {}
        self._wake = asyncio.Event()
        self.ended = False

    async def next(self, timeout_seconds: float) -> Event | None:
        """Return the oldest pending event, or None when the time is up or the subscription has ended."""
        if not self._pending and not self.ended:
            try:
                await asyncio.wait_for(self._wake.wait(), timeout_seconds)
            except TimeoutError:
                return None
        self._wake.clear()
        if self.ended or not self._pending:
            return None
        event = next(iter(self._pending))
        del self._pending[event]
        return event

    def notify(self, event: Event | None) -> None:
        """Hand over an event, or None to end; callable from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._take, event)
        except RuntimeError:
            # The loop is closed: nobody listens any more.
            self.ended = True

    def _take(self, event: Event | None) -> None:
        if event is None or len(self._pending) >= MAXIMUM_PENDING:
            self.ended = True
        else:
            self._pending[event] = None
        self._wake.set()


class EventBroker:
    """Hands events to the listeners of their tenant; fills the workflows' port for events."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A listener that went away before its stream began is forgotten by itself.
        self._subscriptions: weakref.WeakSet[Subscription] = weakref.WeakSet()

    def publish(self, scope: Scope, topic: str, payload: Mapping[str, Any]) -> None:
        """Announce that the thing ``payload["id"]`` changed."""
        event = Event(topic, str(payload["id"]))
        for subscription in self._matching(tenant_id=scope.tenant_id):
            subscription.notify(event)

    def subscribe(self, tenant_id: str, session_id: str, principal_id: str = "") -> Subscription:
        """Return a new listener for a tenant's events; call it inside the event loop, and `unsubscribe` at the end.

        Parameters
        ----------
        tenant_id : str
            Whose events.
        session_id : str
            With whose end the listener ends.
        principal_id : str, optional
            Who listens; those without one are not counted.

        Raises
        ------
        TooManyRequests
            ``api.too_many_streams``: this user has as many listeners as one may have.
        """
        subscription = Subscription(tenant_id, session_id, principal_id)
        with self._lock:
            theirs = [known for known in self._subscriptions if known.principal_id == principal_id and not known.ended]
            if principal_id and len(theirs) >= MAXIMUM_LISTENERS:
                raise TooManyRequests(
                    f"You have {len(theirs)} open streams of events; {MAXIMUM_LISTENERS} are allowed.",
                    code="api.too_many_streams",
                    hint="Close some pages of the dashboard, or share one stream.",
                    details={"limit": MAXIMUM_LISTENERS, "retry_after_seconds": RETRY_SECONDS},
                )
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a listener."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def end(self, session_id: str | None = None) -> None:
        """End the listeners of one session, or all of them."""
        for subscription in self._matching(session_id=session_id):
            subscription.notify(None)

    def _matching(self, tenant_id: str | None = None, session_id: str | None = None) -> list[Subscription]:
        with self._lock:
            return [
                subscription
                for subscription in self._subscriptions
                if tenant_id in {None, subscription.tenant_id} and session_id in {None, subscription.session_id}
            ]
