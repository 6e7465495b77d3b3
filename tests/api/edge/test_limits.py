"""How often single operations may be tried (spec http.md §11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chalicelib.store.table import Row
from tests.api.helpers import NOWHERE, basic
from tests.races.crowd import crowd, rows, statuses
from tests.world import Answer, World

EMAIL, OTHER = "ann@acme.example", "bob@acme.example"
Attempt = Callable[[World, str], Answer]


def login(world: World, who: str) -> Answer:
    return world.post("/v1/tokens", as_=basic(f"{who}:wrong"))


def login_in_the_long_form(world: World, who: str) -> Answer:
    return world.post("/v1/accounts/acme/tokens", as_=basic(f"{who}:wrong"))


def forget(world: World, who: str) -> Answer:
    return world.post("/v1/passwords", {"meta": {"email": who}}, as_=None)


def update(world: World, who: str) -> Answer:
    return world.post(f"/v1/users/{who}/actions/update-password", {})


def reset(world: World, who: str) -> Answer:
    return world.post(f"/v1/users/{who}/actions/reset-password", {}, as_=None)


LIMITS = [
    (login, "auth", 60),
    (login_in_the_long_form, "auth", 60),
    (forget, "forgotten-password", 3_600),
    (update, "password", 600),
    (reset, "password", 600),
]


@pytest.mark.parametrize(("attempt", "name", "seconds"), LIMITS)
def test_five_in_a_window(world: World, attempt: Attempt, name: str, seconds: int) -> None:
    world.clock.advance(seconds=10)
    for _ in range(5):
        assert attempt(world, EMAIL).status != 429
    answer = attempt(world, EMAIL.upper())
    assert answer.document == {
        "errors": [
            {
                "title": "Too many requests",
                "detail": "Throttle limit has been reached, please try again later",
                "code": "TOO_MANY_REQUESTS",
            }
        ]
    }
    end = int(datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()) + seconds
    expected = {
        "retry-after": str(seconds - 10),
        "x-ratelimit-window": name,
        "x-ratelimit-count": "5",
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(end),
    }
    assert answer.status == 429
    assert {header: answer.headers[header] for header in expected} == expected
    assert "keygen-signature" in answer.headers
    assert attempt(world, OTHER).status != 429
    world.clock.advance(seconds=seconds - 11)
    assert attempt(world, EMAIL).status == 429
    world.clock.advance(seconds=1)
    assert attempt(world, EMAIL).status != 429


def test_what_comes_with_a_token_is_not_counted(world: World) -> None:
    for _ in range(8):
        assert world.post("/v1/tokens").status == 201
    assert rows(world, Row, "rate") == []


def test_successes_count_too(world: World) -> None:
    world.create("users", {"email": EMAIL, "password": "correct horse"})
    found = [world.post("/v1/tokens", as_=basic(f"{EMAIL}:correct horse")).status for _ in range(6)]
    assert found == [201] * 5 + [429]


def test_ids_count_in_any_form(local_world: World) -> None:
    for name in (NOWHERE, NOWHERE.replace("-", ""), NOWHERE, NOWHERE.upper(), NOWHERE):
        assert reset(local_world, name).status == 404
    assert reset(local_world, NOWHERE).status == 429
    assert update(local_world, NOWHERE).status == 429


def test_accounts_do_not_share(local_world: World) -> None:
    for _ in range(6):
        answer = login(local_world, EMAIL)
    assert answer.status == 429
    assert login(World(local_world.transport, slug="other"), EMAIL).status == 401


def test_other_refusals_carry_none_of_it(shared_world: World) -> None:
    answer = shared_world.get("/v1/users/nobody@acme.example")
    assert not [name for name in answer.headers if name.startswith("x-ratelimit") or name == "retry-after"]


def test_who_comes_at_the_same_moment(local_world: World) -> None:
    """Exactly as many as may be, however they meet."""
    answers = crowd([lambda: forget(local_world, EMAIL)] * 12)
    assert statuses(answers) == {204: 5, 429: 7}


def test_counters_go_by_themselves(world: World) -> None:
    forget(world, EMAIL)
    (row,) = rows(world, Row, "rate")
    assert row["attempts"] == 1
    assert row["ttl"] == datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    assert EMAIL not in str(row)
