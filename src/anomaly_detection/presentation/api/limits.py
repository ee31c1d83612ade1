"""How often somebody may ask: requests of one user or API key, attempts to sign in of one address.

Counted in this process, in windows of a minute that begin with the first request; so up to twice the limit may pass around
the end of a window, and each server of several counts for itself. The counters are bounded: an attacker with many addresses
makes room among their own.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from anomaly_detection.shared.errors import TooManyRequests

CAPACITY = 50_000
"""So many callers are counted at the same time."""
_IPV6_NETWORK_BITS = 64


@dataclass(slots=True)
class _Window:
    count: int
    ends_at: float


class WindowCounters(Storage):
    """The counters, as the library `limits` asks for them: one lock, a bounded table, no thread of its own.

    Parameters
    ----------
    capacity : int, default 50 000
        How many are kept; the one that began first makes room.
    """

    STORAGE_SCHEME = None

    def __init__(self, capacity: int = CAPACITY) -> None:
        super().__init__()
        self._capacity = capacity
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def __len__(self) -> int:
        """Return how many counters are kept."""
        return len(self._windows)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a failing storage raises: nothing fails here."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter, which begins anew when its window of `expiry` seconds has ended; return its value."""
        now = time.time()
        with self._lock:
            window = self._windows.get(key)
            if window is None or window.ends_at <= now:
                self._windows.pop(key, None)
                window = self._windows[key] = _Window(0, now + expiry)
                if len(self._windows) > self._capacity:
                    del self._windows[next(iter(self._windows))]
            window.count += amount
            return window.count

    def get(self, key: str) -> int:
        """Return a counter's value."""
        window = self._windows.get(key)
        return 0 if window is None or window.ends_at <= time.time() else window.count

    def get_expiry(self, key: str) -> float:
        """Return when a counter's window ends, in seconds since 1970."""
        window = self._windows.get(key)
        return time.time() if window is None else window.ends_at

    def check(self) -> bool:
        """Tell that the counters can be used."""
        return True

    def reset(self) -> int | None:
        """Forget all counters; return how many there were."""
        with self._lock:
            count = len(self._windows)
            self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._windows.pop(key, None)


class RequestLimits:
    """Counts requests and refuses what is too much.

    Parameters
    ----------
    requests_per_minute : int
        For one user or API key; also for one address that shows tokens which prove nothing.
    sign_ins_per_minute : int
        For one address.
    """

    def __init__(self, *, requests_per_minute: int, sign_ins_per_minute: int) -> None:
        self.counters = WindowCounters()
        self._limiter = FixedWindowRateLimiter(self.counters)
        self._requests = RateLimitItemPerMinute(requests_per_minute)
        self._sign_ins = RateLimitItemPerMinute(sign_ins_per_minute)

    def count_request(self, principal: str) -> None:
        """Count a request of a user or API key.

        Raises
        ------
        TooManyRequests
            ``api.too_many_requests``.
        """
        self._count(self._requests, "principal", principal)

    def count_sign_in(self, address: str) -> None:
        """Count an attempt to sign in, whether it succeeds or not (error: `count_request`)."""
        self._count(self._sign_ins, "sign-in", _network(address))

    def check_stranger(self, address: str) -> None:
        """Refuse an address that has shown too many tokens that prove nothing (error: `count_request`)."""
        if not self._limiter.test(self._requests, "stranger", _network(address)):
            raise self._too_many(self._requests, "stranger", _network(address))

    def count_stranger(self, address: str) -> None:
        """Count a token that proves nothing."""
        self._limiter.hit(self._requests, "stranger", _network(address))

    def _count(self, limit: RateLimitItemPerMinute, *whose: str) -> None:
        if not self._limiter.hit(limit, *whose):
            raise self._too_many(limit, *whose)

    def _too_many(self, limit: RateLimitItemPerMinute, *whose: str) -> TooManyRequests:
        left = max(self._limiter.get_window_stats(limit, *whose).reset_time - time.time(), 0)
        return TooManyRequests(
            f"More than {limit.amount} of these requests came in a minute.",
            code="api.too_many_requests",
            hint="Wait as long as the header Retry-After says; send many rows in one request instead of one each.",
            details={"limit_per_minute": limit.amount, "retry_after_seconds": round(left, 1)},
        )


def _network(address: str) -> str:
    """Return what one subscriber holds: an IPv4 address, or a network of 2**64 IPv6 addresses."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(parsed), _IPV6_NETWORK_BITS), strict=False))
