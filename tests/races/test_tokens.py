"""Tokens under fire: of all values a token ever had one works, or none (spec auth.md §1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chalicelib.store.items.token import TokenRow
from chalicelib.store.keys import Key
from chalicelib.store.table import Outbox, Row
from chalicelib.store.unit import Change, commit
from tests.races.crowd import WRITES, Watched, aside, crowd, rows, statuses
from tests.world import Answer, World


def token(world: World) -> tuple[str, str]:
    """Id and value of a product's token."""
    made = world.post(f"/v1/products/{world.product()['id']}/tokens")
    return made.data["id"], made.attributes["token"]


def alive(world: World, values: Sequence[str]) -> list[str]:
    return [value for value in values if world.get("/v1/profile", as_=f"Bearer {value}").status == 200]


def regenerate(world: World, identifier: str) -> Answer:
    return world.send("PUT", f"/v1/tokens/{identifier}")


def revoke(world: World, identifier: str) -> Answer:
    return world.send("DELETE", f"/v1/tokens/{identifier}")


def stored_tokens(world: World, identifier: str) -> list[Any]:
    return [item for item in rows(world, Row, "token") if item["id"] == identifier]


@pytest.mark.parametrize("count", [2, 5])
def test_of_all_new_values_one_works(world: World, count: int) -> None:
    """They happen one after the other: each answer was right for a moment, the last one stays."""
    identifier, old = token(world)
    world.listen("token.regenerated")
    answers = crowd([lambda: regenerate(world, identifier)] * count)
    done = [answer for answer in answers if answer.status == 200]
    assert statuses(answers).keys() <= {200, 409}
    values = [answer.attributes["token"] for answer in done]
    assert len(set(values)) == len(values) >= 1
    assert len(alive(world, values)) == 1
    assert alive(world, [old]) == []
    assert len(stored_tokens(world, identifier)) == 1
    assert world.get(f"/v1/tokens/{identifier}").status == 200
    assert len(rows(world, Outbox, "event")) == len(done)


def test_a_token_that_replaces_itself_does_it_once(world: World) -> None:
    """Who comes second presents a value that is dead by then."""
    identifier, old = token(world)
    answers = crowd([lambda: world.send("PUT", "/v1/tokens", as_=f"Bearer {old}")] * 6)
    assert statuses(answers) == {200: 1, 401: 5}
    [value] = [answer.attributes["token"] for answer in answers if answer.status == 200]
    assert alive(world, [old, value]) == [value]
    assert len(stored_tokens(world, identifier)) == 1


def test_of_a_token_revoked_meanwhile_no_value_works(world: World, watched: Watched) -> None:
    identifier, old = token(world)
    watched.between(WRITES, lambda: revoke(world, identifier))
    assert regenerate(world, identifier).status == 404
    assert stored_tokens(world, identifier) == alive(world, [old]) == []


def test_a_token_regenerated_meanwhile_is_revoked_with_its_new_value(world: World, watched: Watched) -> None:
    identifier, old = token(world)
    values = [old]
    watched.between(WRITES, lambda: values.append(regenerate(world, identifier).attributes["token"]))
    assert revoke(world, identifier).status == 204
    assert len(values) == 2
    assert stored_tokens(world, identifier) == alive(world, values) == []


@pytest.mark.parametrize("name", ["read", "regenerate", "revoke"])
def test_a_token_that_moves_while_it_is_looked_for_is_found(world: World, watched: Watched, name: str) -> None:
    identifier, old = token(world)
    [item], moves = stored_tokens(world, identifier), 0

    def before(operation: str, parameters: Mapping[str, Any]) -> None:
        """The pointer was read, and what it points at is about to be."""
        nonlocal moves
        if item["pk"] in str(parameters):
            watched.before, moves = None, moves + 1
            assert aside(lambda: regenerate(world, identifier)).status == 200

    watched.before = before
    method, status = {"read": ("GET", 200), "regenerate": ("PUT", 200), "revoke": ("DELETE", 204)}[name]
    assert world.send(method, f"/v1/tokens/{identifier}").status == status
    assert moves == 1
    assert len(stored_tokens(world, identifier)) == (name != "revoke")
    assert alive(world, [old]) == []


def test_what_a_token_counted_meanwhile_is_not_lost(world: World, watched: Watched) -> None:
    license = world.license()
    made = world.post(f"/v1/licenses/{license['id']}/tokens")

    def count() -> None:
        [item] = stored_tokens(world, made.data["id"])
        counted = TokenRow.activations.set(TokenRow.activations + 1)
        commit(world.database, (Change(TokenRow, Key(item["pk"], item["sk"]), (counted,)),))

    watched.between(("TransactWriteItems",), count)
    assert regenerate(world, made.data["id"]).attributes["activations"] == 1
    assert world.get(f"/v1/tokens/{made.data['id']}").attributes["activations"] == 1
