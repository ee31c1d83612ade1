"""Who may do what to whose things: every operation, asked by everybody, each cell with the answer that it must give.

Nobody sees another tenant's things, and each role may do what its table says and nothing else; by a session and by an API key.
"""

from __future__ import annotations

import httpx
import pytest

from anomaly_detection.enterprise.auth.roles import ROLES
from anomaly_detection.presentation.api.openapi import OPEN_OPERATIONS
from tests.presentation.api.matrix import (
    ABOUT_ONESELF,
    NEEDS,
    NOBODYS,
    OPERATIONS,
    REFERRING,
    SESSION_NEEDED,
    Cast,
    Things,
    ask,
    state_of,
)
from tests.presentation.api.running import Running, code_of

ENDING = ABOUT_ONESELF - {"get_current_session"}
CLOSED = [*NEEDS, *sorted(ABOUT_ONESELF)]


@pytest.fixture(scope="module")
def cast(running: Running) -> Cast:
    return Cast(running)


@pytest.fixture(scope="module")
def things(cast: Cast) -> Things:
    return Things(cast)


def refusal(operation: str, who: str) -> str:
    """Return the code with which somebody is refused whatever they ask about, or nothing."""
    if who.endswith("'s key") and operation in SESSION_NEEDED:
        return "auth.session_needed"
    role = who.removeprefix("foreign ").removesuffix("'s key")
    return "auth.not_allowed" if operation in NEEDS and NEEDS[operation] not in ROLES[role] else ""


def test_every_operation_has_a_line_in_this_test() -> None:
    assert set(OPERATIONS) == set(NEEDS) | OPEN_OPERATIONS | ABOUT_ONESELF


@pytest.mark.parametrize("who", Cast.OURS)
@pytest.mark.parametrize("operation", CLOSED)
def test_ours(running: Running, cast: Cast, things: Things, operation: str, who: str) -> None:
    expected = refusal(operation, who)
    if expected:
        before = state_of(running, operation)
        assert code_of(ask(cast.client(who), operation, things.ids), 403) == expected
        assert state_of(running, operation) == before
    else:
        client = cast.passing(who) if operation in ENDING else cast.client(who)
        answer = ask(client, operation, things.spare(operation, who))
        assert 200 <= answer.status_code < 300, answer.text


@pytest.mark.parametrize("who", Cast.THEIRS)
@pytest.mark.parametrize("operation", [name for name in CLOSED if name in REFERRING])
def test_anothers_things_do_not_exist(running: Running, cast: Cast, things: Things, operation: str, who: str) -> None:
    before, expected = state_of(running, operation), refusal(operation, who)
    unknown = {**dict.fromkeys(things.ids, NOBODYS), "version": "1", "row": "3"}
    foreign, nobodys = (ask(cast.client(who), operation, ids) for ids in (things.ids, unknown))
    if expected:
        assert code_of(foreign, 403) == code_of(nobodys, 403) == expected
    else:
        assert code_of(foreign, 404) == code_of(nobodys, 404)
        said = foreign.json()["detail"]
        for name, value in things.ids.items():
            said = said.replace(value, NOBODYS) if name.endswith("_id") else said
        assert said == nobodys.json()["detail"]
        assert foreign.json()["hint"] == nobodys.json()["hint"]
        assert foreign.json()["errors"] == nobodys.json()["errors"]
    assert state_of(running, operation) == before


@pytest.mark.parametrize("who", Cast.THEIRS)
@pytest.mark.parametrize("operation", [name for name in CLOSED if name not in REFERRING])
def test_what_others_do_stays_with_them(running: Running, cast: Cast, things: Things, operation: str, who: str) -> None:
    expected = refusal(operation, who)
    client = cast.passing(who) if operation in ENDING and not expected else cast.client(who)
    answer = ask(client, operation, things.ids)
    if expected:
        assert code_of(answer, 403) == expected
    else:
        assert 200 <= answer.status_code < 300
        if operation != "listen":
            assert not [value for name, value in things.ids.items() if name.endswith("_id") and value in answer.text]


@pytest.mark.parametrize("who", Cast.NOBODY)
@pytest.mark.parametrize("operation", CLOSED)
def test_without_a_proof_nothing_is_told(
    running: Running, cast: Cast, things: Things, operation: str, who: str
) -> None:
    before = state_of(running, operation)
    expected = {"nobody": "auth.not_signed_in", "forger": "auth.token_invalid"}[who]
    unknown = dict.fromkeys(things.ids, NOBODYS)
    for ids in (things.ids, {**unknown, "version": "1", "row": "3"}):
        assert code_of(ask(cast.client(who), operation, ids), 401) == expected
    assert state_of(running, operation) == before


@pytest.mark.parametrize("operation", sorted(OPEN_OPERATIONS))
def test_what_is_open_answers_everybody_alike(cast: Cast, operation: str) -> None:
    answers = {ask(cast.client(who), operation, {}).status_code for who in ("nobody", "viewer", "admin's key")}
    assert len(answers) == 1
    assert answers <= {200, 401}


@pytest.mark.parametrize(
    "listing", ["/datasets", "/detections", "/models", "/feedback", "/jobs", "/users", "/api-keys"]
)
def test_lists_hold_ones_own_things_alone(cast: Cast, things: Things, listing: str) -> None:
    ours, theirs = (
        {item["id"] for item in cast.client(who).get(listing, params={"limit": 200}).json()["items"]}
        for who in ("admin", "foreign admin")
    )
    assert ours
    assert not ours & theirs
    foreign = cast.client("foreign admin").get("/detections", params={"dataset_id": things.ids["dataset_id"]})
    assert foreign.json()["items"] == []


@pytest.mark.parametrize("identifier", ["nothing", "..", "%2e%2e%2f", "' OR 1=1 --", "x" * 64, "\u00e4"])
def test_what_is_no_id_names_nothing(client: httpx.Client, identifier: str) -> None:
    for path in (
        "/datasets/{}",
        "/datasets/{}/preview",
        "/detections/{}",
        "/detections/{}/result",
        "/jobs/{}",
        "/models/{}",
    ):
        answer = client.get(path.format(identifier.replace("..", "%2e%2e").replace(" ", "%20").replace("'", "%27")))
        code_of(answer, 404)
