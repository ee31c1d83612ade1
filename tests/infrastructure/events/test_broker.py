"""Events: to the right tenant, from any thread, without growing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from anomaly_detection.infrastructure.events import Event, EventBroker
from anomaly_detection.infrastructure.events.broker import MAXIMUM_LISTENERS, MAXIMUM_PENDING, Subscription
from anomaly_detection.shared.errors import TooManyRequests
from anomaly_detection.shared.scope import Scope

OURS, THEIRS = Scope("ours", "p"), Scope("theirs", "p")


Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(asyncio.wait_for(work, 20))


def test_events_reach_their_tenant_alone() -> None:
    async def work() -> None:
        broker = EventBroker()
        ours, theirs = broker.subscribe("ours", "s1"), broker.subscribe("theirs", "s2")
        threading.Thread(target=broker.publish, args=(OURS, "detection", {"id": "d1"})).start()
        assert await ours.next(5) == Event("detection", "d1")
        assert await theirs.next(0.05) is None

    run(work())


def test_what_changes_often_is_told_once() -> None:
    async def work() -> None:
        broker = EventBroker()
        subscription = broker.subscribe("ours", "s1")
        for number in range(5000):
            broker.publish(OURS, "detection", {"id": f"d{number % 2}"})
        got = [await subscription.next(5), await subscription.next(5), await subscription.next(0.05)]
        assert got == [Event("detection", "d0"), Event("detection", "d1"), None]
        assert not subscription.ended

    run(work())


def test_who_falls_far_behind_is_sent_away() -> None:
    async def work() -> None:
        broker = EventBroker()
        subscription = broker.subscribe("ours", "s1")
        for number in range(MAXIMUM_PENDING + 1):
            broker.publish(OURS, "detection", {"id": str(number)})
        await asyncio.sleep(0)
        assert await subscription.next(5) is None
        assert subscription.ended

    run(work())


def test_ending_a_session_ends_its_listeners() -> None:
    async def work() -> None:
        broker = EventBroker()
        mine, other = broker.subscribe("ours", "s1"), broker.subscribe("ours", "s2")
        broker.end("s1")
        assert await mine.next(5) is None
        assert mine.ended
        assert not other.ended
        broker.end()
        assert await other.next(5) is None
        assert other.ended

    run(work())


def test_nobody_is_told_after_the_end() -> None:
    broker = EventBroker()

    async def work() -> tuple[Subscription, Event | None]:
        gone, left = broker.subscribe("ours", "s1"), broker.subscribe("ours", "s2")
        broker.unsubscribe(gone)
        broker.publish(OURS, "detection", {"id": "d1"})
        assert await left.next(5) == Event("detection", "d1")
        return left, await gone.next(0.01)

    left, heard = run(work())
    assert heard is None
    assert not left.ended
    # The event loop is closed now: whoever is told finds that nobody listens any more.
    broker.publish(OURS, "detection", {"id": "d2"})
    assert left.ended


def test_one_user_has_so_many_listeners_and_no_more() -> None:
    async def work() -> None:
        broker = EventBroker()
        kept = [broker.subscribe("ours", "s1", "someone") for _ in range(MAXIMUM_LISTENERS)]
        with pytest.raises(TooManyRequests) as caught:
            broker.subscribe("ours", "s2", "someone")
        assert caught.value.code == "api.too_many_streams"
        broker.subscribe("ours", "s3", "another")
        broker.subscribe("ours", "s4")
        broker.unsubscribe(kept.pop())
        kept.append(broker.subscribe("ours", "s1", "someone"))
        # Those that were told to end make room although nobody has cleared them away yet.
        broker.end("s1")
        await asyncio.sleep(0)
        broker.subscribe("ours", "s5", "someone")

    run(work())
