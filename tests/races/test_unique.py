"""Names and ids that only one may have: keys, ids, codes, slugs (spec licenses.md §4.3, §12)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from chalicelib.admin.bootstrap import bootstrap, find
from chalicelib.licensing.errors import InvalidFields
from chalicelib.store.table import Row
from tests.races.crowd import SECONDS, WRITES, TickingClock, Watched, aside, crowd, rows
from tests.world import START, Answer, World, known_pairs, resource

MANY = 32
KEY_TAKEN = (422, "KEY_TAKEN", "/data/attributes/key")
KEY_CONFLICT = (422, "KEY_CONFLICT", "/data/attributes/key")
ID_CONFLICT = (422, "ID_CONFLICT", "/data/id")
CODE_TAKEN = (422, "CODE_TAKEN", "/data/attributes/code")


def create(world: World, policy_id: str, identifier: str | None = None, **attributes: Any) -> Answer:
    body = resource("licenses", attributes, policy=("policies", policy_id))
    if identifier is not None:
        body["data"]["id"] = identifier
    return world.post("/v1/licenses", body)


def one_winner(answers: list[Answer], refusal: tuple[int, str, str]) -> Answer:
    winners = [answer for answer in answers if answer.status == 201]
    assert [answer.error for answer in answers if answer.status != 201] == [refusal] * (len(answers) - 1)
    assert len(winners) == 1
    return winners[0]


def test_one_of_many_gets_the_key(world: World) -> None:
    policy_id = world.policy()["id"]
    winner = one_winner(crowd([lambda: create(world, policy_id, key="the-same-key")] * MANY), KEY_TAKEN)
    assert [item["id"] for item in rows(world, Row, "license")] == [winner.data["id"]]
    assert len(rows(world, Row, "license-meter")) == 1
    assert world.get("/v1/licenses/the-same-key").data["id"] == winner.data["id"]


def test_one_of_many_gets_the_id(world: World) -> None:
    policy_id, identifier = world.policy()["id"], str(uuid4())
    winner = one_winner(crowd([lambda: create(world, policy_id, identifier)] * MANY), ID_CONFLICT)
    assert [item["key"] for item in rows(world, Row, "license")] == [winner.attributes["key"]]
    guards = [item for item in rows(world, Row, "unique") if item["target"] == identifier]
    assert len(guards) == 1


def test_same_id_and_same_key_leave_one_license_whole(world: World) -> None:
    policy_id, identifiers = world.policy()["id"], [str(uuid4()) for _ in range(4)]
    pairs = [(identifiers[number % 4], f"key-number-{number // 4 % 4}") for number in range(16)]
    answers = crowd([lambda one=one: create(world, policy_id, one[0], key=one[1]) for one in pairs])  # type: ignore[misc]
    made = {(answer.data["id"], answer.attributes["key"]) for answer in answers if answer.status == 201}
    assert {answer.error[1] for answer in answers if answer.status != 201} <= {"ID_CONFLICT", "KEY_TAKEN"}
    assert len({one for one, _ in made}) == len({key for _, key in made}) == len(made) >= 1
    assert {(item["id"], item["key"]) for item in rows(world, Row, "license")} == made
    assert {item["id"] for item in rows(world, Row, "license-meter")} == {one for one, _ in made}


def test_a_key_never_becomes_another_license_s_id(world: World) -> None:
    policy_id = world.policy()["id"]
    for _ in range(8):
        name = str(uuid4())
        calls = [lambda name=name: create(world, policy_id, name), lambda name=name: create(world, policy_id, key=name)]
        named, keyed = crowd(calls)
        assert named.status == 201, named.raw
        assert keyed.status == 201 or keyed.error == KEY_CONFLICT


def test_an_id_taken_between_decision_and_write_refuses_the_key(world: World, watched: Watched) -> None:
    policy_id, name = world.policy()["id"], str(uuid4())
    watched.between(WRITES, lambda: create(world, policy_id, name))
    assert create(world, policy_id, key=name.upper()).error == KEY_CONFLICT
    assert [item["id"] for item in rows(world, Row, "license")] == [name]


def test_of_an_id_and_an_older_key_the_older_is_found(world: World, watched: Watched) -> None:
    """The key's license arrives first and is stored first; the id's license decided before it was stored."""
    world.clock = TickingClock(START)
    world.serve()
    policy_id, name = world.policy()["id"], str(uuid4())
    keyed_stored, named_decided = threading.Event(), threading.Event()
    named: list[Answer] = []

    def decide_named() -> None:
        def hold() -> None:
            named_decided.set()
            assert keyed_stored.wait(SECONDS)

        watched.between(WRITES, hold)
        named.append(create(world, policy_id, name))

    other = threading.Thread(target=decide_named)

    def start_named() -> None:
        other.start()
        assert named_decided.wait(SECONDS)

    watched.between(WRITES, start_named)
    keyed = create(world, policy_id, key=name)
    keyed_stored.set()
    other.join(SECONDS)
    assert (keyed.status, named[0].status) == (201, 201)
    assert keyed.attributes["created"] < named[0].attributes["created"]
    assert world.get(f"/v1/licenses/{name}").data["id"] == keyed.data["id"]


def test_one_of_many_products_gets_the_code(world: World) -> None:
    codes = ["sameCode", "samecode", "SAMECODE", "SameCode"]
    body = [resource("products", {"name": "App", "code": codes[number % 4]}) for number in range(MANY)]
    answers = crowd([lambda one=one: world.post("/v1/products", one) for one in body])  # type: ignore[misc]
    winner = one_winner(answers, CODE_TAKEN)
    assert [item["id"] for item in rows(world, Row, "product")] == [winner.data["id"]]


def test_products_that_swap_codes_never_share_one(world: World) -> None:
    products = [world.product(code=f"code-{number}")["id"] for number in range(4)]

    def change(number: int) -> list[Answer]:
        wanted = [{"code": f"code-{(number + step) % 6}"} for step in range(1, 9)]
        return [patch(world, products[number], one) for one in wanted]

    answers = [one for own in crowd([lambda n=n: change(n) for n in range(4)]) for one in own]  # type: ignore[misc]
    for answer in answers:
        assert answer.status == 200 or answer.error == CODE_TAKEN or answer.status == 409, answer.raw
    assert_codes_guarded(world)


def test_two_first_codes_of_one_product_leave_no_dead_guard(world: World, watched: Watched) -> None:
    product_id = world.product()["id"]
    watched.between(WRITES, lambda: patch(world, product_id, {"code": "first"}))
    answer = patch(world, product_id, {"code": "second"})
    assert answer.status == 200
    assert_codes_guarded(world)
    world.product(code="first")


def test_a_code_given_while_the_product_is_deleted_is_free_again(world: World, watched: Watched) -> None:
    product_id = world.product()["id"]
    watched.between(WRITES, lambda: patch(world, product_id, {"code": "late"}))
    assert world.send("DELETE", f"/v1/products/{product_id}").status == 204
    world.product(code="late")


def patch(world: World, product_id: str, attributes: Mapping[str, Any]) -> Answer:
    return world.send("PATCH", f"/v1/products/{product_id}", resource("products", attributes))


def assert_codes_guarded(world: World) -> None:
    """Every code has its guard, and no guard has a code that nobody has."""
    stored = Counter(item["id"] for item in rows(world, Row, "product") if "code" in item)
    codes = Counter(str(item["code"]).lower() for item in rows(world, Row, "product") if "code" in item)
    guards = Counter(item["target"] for item in rows(world, Row, "unique") if "#product-code#" in item["pk"])
    assert not codes or max(codes.values()) == 1
    assert guards == stored


def test_one_of_many_accounts_gets_the_slug(world: World) -> None:
    def one(number: int) -> str | tuple[str | None, ...]:
        try:
            made = bootstrap(world.tools, "popular", f"admin{number}@popular.example", pairs=known_pairs())
        except InvalidFields as refusal:
            return tuple(problem.code for problem in refusal.problems)
        return str(made["account"])

    results = crowd([lambda number=number: one(number) for number in range(8)])  # type: ignore[misc]
    made = [result for result in results if isinstance(result, str)]
    assert [result for result in results if not isinstance(result, str)] == [("SLUG_TAKEN",)] * 7
    assert len(made) == 1
    assert find(world.tools, "popular") == made[0]
    assert len(rows(world, Row, "account")) == 2
    assert len(rows(world, Row, "user")) == 2


def test_an_aside_request_does_not_disturb_the_one_it_interrupts(world: World, watched: Watched) -> None:
    """The tool itself: both requests are answered as if alone."""
    policy_id = world.policy()["id"]
    watched.between(WRITES, lambda: aside(lambda: create(world, policy_id, key="the-inner-key")))
    outer = create(world, policy_id, key="the-outer-key")
    assert outer.attributes["key"] == "the-outer-key"
    assert {item["key"] for item in rows(world, Row, "license")} == {"the-inner-key", "the-outer-key"}
