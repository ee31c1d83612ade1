"""How often somebody may ask: by address at the door, by user or key inside, and with bounded memory."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from anomaly_detection.presentation.api.limits import RequestLimits, WindowCounters
from anomaly_detection.shared.errors import TooManyRequests
from tests.presentation.api.running import PASSWORD, code_of, serving

WRONG = {"username": "nobody", "password": "wrong"}


def refused(answer: httpx.Response) -> None:
    assert code_of(answer, 429) == "api.too_many_requests"
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_attempts_to_sign_in_are_counted_by_address(tmp_path: Path) -> None:
    with serving(tmp_path, sign_ins_per_minute=4) as running:
        running.add_user("ada")
        client = running.client("ada")
        assert code_of(client.post("/sessions", json=WRONG), 401)
        assert code_of(client.post("/sessions/refresh", json={"refresh_token": "adr_x"}), 401)
        assert code_of(client.get("/sessions/one-time", params={"token": "x"}), 401)
        refused(client.post("/sessions", json={"username": "ada", "password": PASSWORD}))
        refused(client.post("/sessions/refresh", json={"refresh_token": "adr_x"}))
        refused(client.get("/sessions/one-time", params={"token": "x"}))
        refused(client.put("/sessions/current/password", json={"current_password": "x", "new_password": "y"}))
        # Who is inside already works on, and nobody gets around it by a header that anybody can write.
        assert client.get("/datasets").status_code == 200
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            refused(client.post("/sessions", json=WRONG, headers={header: "for=203.0.113.7"}))


def test_a_proxy_that_was_named_is_believed(tmp_path: Path) -> None:
    with serving(tmp_path, sign_ins_per_minute=1, trusted_proxies=("127.0.0.1",)) as running:
        client = running.anonymous()
        for address in ("203.0.113.7", "203.0.113.8"):
            headers = {"X-Forwarded-For": address}
            assert code_of(client.post("/sessions", json=WRONG, headers=headers), 401)
            refused(client.post("/sessions", json=WRONG, headers=headers))


def test_requests_are_counted_by_user_and_by_key(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=5) as running:
        running.add_user("ada")
        running.add_user("ben")
        ada, again, ben, program = (
            running.client("ada"),
            running.client("ada"),
            running.client("ben"),
            running.anonymous(),
        )
        secret = ada.post("/api-keys", json={"name": "nightly"}).json()["secret"]
        program.headers["Authorization"] = f"Bearer {secret}"
        for client in (ada, again, ada, again):
            assert client.get("/algorithms").status_code == 200
        refused(ada.get("/algorithms"))
        refused(again.get("/algorithms"))
        for client in (ben, program):
            for _ in range(5):
                assert client.get("/algorithms").status_code == 200
            refused(client.get("/algorithms"))
        assert httpx.get(f"{running.url}/health/liveness").status_code == 200


def test_tokens_that_prove_nothing_are_counted_by_address(tmp_path: Path) -> None:
    with serving(tmp_path, requests_per_minute=5) as running:
        running.add_user("ada")
        client, attacker = running.client("ada"), running.anonymous()
        assert client.get("/algorithms").status_code == 200
        for number in range(5):
            answer = attacker.get("/algorithms", headers={"Authorization": f"Bearer adk_{number}"})
            assert code_of(answer, 401) == "auth.token_invalid"
        refused(attacker.get("/algorithms", headers={"Authorization": "Bearer adk_6"}))
        # Whose proof was checked a moment ago is not kept out by strangers behind the same address.
        assert client.get("/algorithms").status_code == 200


def limits(requests: int = 3, sign_ins: int = 2) -> RequestLimits:
    return RequestLimits(requests_per_minute=requests, sign_ins_per_minute=sign_ins)


def test_the_error_says_the_limit_and_when_to_come_back() -> None:
    counted = limits()
    for _ in range(3):
        counted.count_request("ada")
    with pytest.raises(TooManyRequests) as caught:
        counted.count_request("ada")
    assert caught.value.details["limit_per_minute"] == 3
    assert 0 < caught.value.details["retry_after_seconds"] <= 60
    counted.count_request("ben")
    counted.count_sign_in("ada")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("local", "local", True),
    ],
)
def test_one_subscriber_is_one_address(one: str, other: str, together: bool) -> None:
    counted = limits(sign_ins=1)
    counted.count_sign_in(one)
    if together:
        with pytest.raises(TooManyRequests):
            counted.count_sign_in(other)
    else:
        counted.count_sign_in(other)


def test_a_window_ends() -> None:
    counters = WindowCounters()
    assert [counters.incr("ada", 0.1), counters.incr("ada", 0.1)] == [1, 2]
    deadline = time.monotonic() + 20
    while counters.get("ada"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert counters.incr("ada", 60) == 1
    assert counters.get_expiry("ada") > time.time()
    assert counters.get_expiry("nobody") <= time.time()


def test_memory_is_bounded() -> None:
    counters = WindowCounters(capacity=100)
    for number in range(1000):
        counters.incr(f"address {number}", 60)
    assert len(counters) == 100
    assert counters.get("address 999") == 1
    assert counters.get("address 0") == 0
    counters.clear("address 999")
    assert counters.get("address 999") == 0
    assert counters.check()
    assert counters.reset() == 99
    assert len(counters) == 0


def test_https_before_a_proxy_that_was_named(tmp_path: Path) -> None:
    with serving(tmp_path, trusted_proxies=("127.0.0.1",)) as running:
        running.add_user("ada")
        client = running.anonymous()
        body = {"username": "ada", "password": PASSWORD}
        plain = client.post("/sessions", json=body)
        secure = client.post("/sessions", json=body, headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in plain.headers
    assert "max-age=" in secure.headers["strict-transport-security"]
    assert not any("Secure" in cookie for cookie in plain.headers.get_list("set-cookie"))
    assert all("Secure" in cookie for cookie in secure.headers.get_list("set-cookie"))
