"""Users, owners, policies and groups of licenses under fire: no seat twice, nobody both owner and attached (spec
licenses.md §10, §12).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from chalicelib.licensing.user import User
from chalicelib.store import fetch
from chalicelib.store.items.license import slots
from chalicelib.store.loads import license as loads
from chalicelib.store.table import Item, Row
from tests.api.helpers import user
from tests.api.licenses.cast import count, grouped, link, links, owned, path, related
from tests.races.crowd import WRITES, Watched, crowd, feed, rows, statuses
from tests.races.test_moments import assert_armed
from tests.world import Answer, World, resource

DAY = 86_400
LIMIT = (422, "USER_LIMIT_EXCEEDED", "/data/relationships/users")
TAKEN = (422, "USER_TAKEN", "/data/relationships/user")
CONFLICT = (422, "USER_CONFLICT", "/data/relationships/user")
INVALID = (422, "OWNER_INVALID", "/data/relationships/owner")
FULL = (422, "GROUP_LICENSE_LIMIT_EXCEEDED", "/data/relationships/group")


def attach(world: World, license: Any, *users: User) -> Answer:
    return world.post(path(license, "users"), links("users", *(one.id for one in users)))


def detach(world: World, license: Any, *users: User) -> Answer:
    return world.send("DELETE", path(license, "users"), links("users", *(one.id for one in users)))


def give(world: World, license: Any, owner: User | None) -> Answer:
    return world.send("PUT", path(license, "owner"), link("users", None if owner is None else owner.id))


def move(world: World, license: Any, policy: Any) -> Answer:
    return world.send("PUT", path(license, "policy"), link("policies", policy["id"]))


def put_into(world: World, license: Any, group: Any) -> Answer:
    return world.send("PUT", path(license, "group"), link("groups", group and group["id"]))


def everybody(world: World, number: int) -> list[User]:
    return [user(world) for _ in range(number)]


def refusals(answers: list[Answer], *expected: tuple[int, str | None, str | None]) -> Counter[int]:
    """How often each status was answered; whatever is no success is one of `expected`, or gave up."""
    for answer in answers:
        assert answer.status in (200, 201, 204, 409) or answer.error in expected, answer.raw
    return statuses(answers)


def attachments(world: World, license: Any) -> list[str]:
    return [item["target_id"] for item in rows(world, Row, "attachment") if item["holder_id"] == license["id"]]


def of(world: World, kind: str, identifier: str) -> Item:
    [found] = [item for item in rows(world, Row, kind) if item["id"] == identifier]
    return found


def assert_whole(world: World, license: Any) -> None:
    """Everything stored about a license agrees: both halves, its counter, its key's hints, where it is listed."""
    account_id = world.account["account"]
    facts, meter = of(world, "license", license["id"]), of(world, "license-meter", license["id"])
    assert facts["basis"] == meter["basis"]
    attached = attachments(world, license)
    assert meter["users"] == len(attached) == len(set(attached))
    assert facts.get("owner_id") not in attached
    [guard] = [item for item in rows(world, Row, "unique") if item["target"] == license["id"]]
    names = ("policy_id", "product_id", "owner_id", "group_id")
    assert {name: guard.get(name) for name in names} == {name: facts.get(name) for name in names}
    licensed = fetch.run(world.database, loads.by_exact_id(account_id, license["id"]))
    assert licensed is not None
    listed = {name: facts[name] for name in (f"in_{number}" for number in range(1, 7)) if name in facts}
    assert listed == slots(account_id, licensed.license)
    assert_armed(world, license["id"])


def assert_counted(world: World, group: Any) -> int:
    """A group counts the licenses that are in it."""
    inside = [item for item in rows(world, Row, "license") if item.get("group_id") == group["id"]]
    [meter] = [item for item in rows(world, Row, "group-meter") if group["id"] in item["pk"]]
    assert meter["licenses"] == len(inside)
    return len(inside)


# --- seats ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [False, True], ids=["no-owner", "owner"])
def test_the_last_seats_are_given_to_as_many(world: World, owner: bool) -> None:
    license = owned(world, user(world) if owner else None, world.policy(maxUsers=4)["id"])
    seats, racers = 4 - owner, everybody(world, 12)
    answers = crowd([lambda one=one: attach(world, license, one) for one in racers])  # type: ignore[misc]
    found = refusals(answers, LIMIT)
    assert found[201] == len(attachments(world, license)) <= seats
    assert found[422] == 0 or found[201] == seats
    assert found[201] >= 1
    assert_whole(world, license)


def test_seats_for_several_at_once_are_all_or_none(world: World) -> None:
    license, racers = world.license(world.policy(maxUsers=7)["id"]), everybody(world, 24)
    groups = [racers[start : start + 3] for start in range(0, 24, 3)]
    found = refusals(crowd([lambda each=each: attach(world, license, *each) for each in groups]), LIMIT)  # type: ignore[misc]
    assert 1 <= found[201] <= 2
    assert len(attachments(world, license)) == 3 * found[201]
    assert_whole(world, license)


def test_one_user_is_attached_once(world: World) -> None:
    license, ann = world.license(), user(world)
    found = refusals(crowd([lambda: attach(world, license, ann)] * 10), TAKEN)
    assert (found[201], attachments(world, license)) == (1, [ann.id])
    assert_whole(world, license)


def test_one_user_is_detached_once(world: World) -> None:
    license, [ann, bob] = world.license(), everybody(world, 2)
    attach(world, license, ann, bob)
    found = refusals(crowd([lambda: detach(world, license, ann)] * 10), (422, None, "/data/0"))
    assert (found[204], attachments(world, license)) == (1, [bob.id])
    assert_whole(world, license)


@pytest.mark.slow
def test_comings_and_goings(world: World) -> None:
    """Eight threads attach and detach the same six users of four seats, and change the owner among them."""
    license, users = world.license(world.policy(maxUsers=4)["id"]), everybody(world, 6)

    choices: tuple[Callable[[World, Any, User], Answer], ...] = (attach, attach, detach, give)

    def act(seed: int) -> list[Answer]:
        chance = Random(seed)
        found = []
        for _ in range(15):
            one = chance.choice(users)
            action = chance.choice(choices)
            found.append(action(world, license, one))
        return found

    answers = [answer for own in crowd([lambda seed=seed: act(seed) for seed in range(8)]) for answer in own]  # type: ignore[misc]
    detached, through_owner = (422, None, "/data/0"), (403, None, "/data/0")
    refusals(answers, LIMIT, TAKEN, CONFLICT, INVALID, detached, through_owner)
    assert count(world, license) <= 4
    assert_whole(world, license)


def test_a_limit_lowered_between_decision_and_write_binds(world: World, watched: Watched) -> None:
    license, [ann, bob] = world.license(world.policy(maxUsers=2)["id"]), everybody(world, 2)
    attach(world, license, ann)
    lower = resource("licenses", {"maxUsers": 1})
    watched.between(WRITES, lambda: world.send("PATCH", path(license), lower))
    assert attach(world, license, bob).error == LIMIT
    assert_whole(world, license)


def test_a_limit_raised_between_decision_and_write_counts(world: World, watched: Watched) -> None:
    license, [ann, bob, cyd] = world.license(world.policy(maxUsers=2)["id"]), everybody(world, 3)
    attach(world, license, ann)
    higher = resource("licenses", {"maxUsers": 3})

    def both() -> None:
        world.send("PATCH", path(license), higher)
        assert attach(world, license, cyd).status == 201

    watched.between(WRITES, both)
    assert attach(world, license, bob).status == 201
    assert_whole(world, license)


def test_attaching_while_the_limit_goes_up_and_down(world: World) -> None:
    license, racers = world.license(world.policy(maxUsers=2)["id"]), everybody(world, 8)
    calls: list[Callable[[], Answer]] = [lambda one=one: attach(world, license, one) for one in racers]  # type: ignore[misc]
    for limit in (3, 5, 1):
        body = resource("licenses", {"maxUsers": limit})
        calls.append(lambda body=body: world.send("PATCH", path(license), body))  # type: ignore[misc]
    refusals(crowd(calls), LIMIT)
    assert len(attachments(world, license)) <= 5
    assert_whole(world, license)


# --- owners -----------------------------------------------------------------------------------------------------------


def test_attached_to_become_the_owner(world: World, watched: Watched) -> None:
    license, ann = world.license(), user(world)
    watched.between(WRITES, lambda: give(world, license, ann))
    assert attach(world, license, ann).error == CONFLICT
    assert_whole(world, license)


def test_an_owner_who_was_attached_just_before(world: World, watched: Watched) -> None:
    license, ann = world.license(), user(world)
    watched.between(WRITES, lambda: attach(world, license, ann))
    assert give(world, license, ann).error == INVALID
    assert_whole(world, license)


def test_the_same_user_as_owner_and_attached_at_once(world: World) -> None:
    for _ in range(6):
        license, ann = world.license(), user(world)
        answers = crowd(
            [lambda: attach(world, license, ann), lambda: give(world, license, ann)] * 3  # noqa: B023
        )
        found = refusals(answers, TAKEN, CONFLICT, INVALID)
        assert count(world, license) == 1
        assert (found[201] > 0) != (found[200] > 0)
        assert_whole(world, license)


def test_the_last_seat_is_for_the_owner_or_a_user(world: World, watched: Watched) -> None:
    license, [ann, bob] = world.license(world.policy(maxUsers=1)["id"]), everybody(world, 2)
    watched.between(WRITES, lambda: attach(world, license, ann))
    assert give(world, license, bob).error == LIMIT
    other = world.license(world.policy(maxUsers=1)["id"])
    watched.between(WRITES, lambda: give(world, other, ann))
    assert attach(world, other, bob).error == LIMIT
    for one in (license, other):
        assert count(world, one) == 1
        assert_whole(world, one)


def test_detached_to_become_the_owner(world: World, watched: Watched) -> None:
    license, ann = world.license(), user(world)
    attach(world, license, ann)

    def promoted() -> None:
        detach(world, license, ann)
        assert give(world, license, ann).status == 200

    watched.between(WRITES, promoted)
    assert detach(world, license, ann).error == (403, None, "/data/0")
    assert_whole(world, license)


# --- policies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner_first", [True, False])
def test_owner_and_policy_change_one_after_the_other(world: World, watched: Watched, owner_first: bool) -> None:
    ann, old = user(world), world.policy(maxUsers=2, duration=DAY)
    new = world.policy(maxUsers=3, duration=2 * DAY, transferStrategy="RESET_EXPIRY")
    license = world.license(old["id"])
    changes: list[Callable[[], Answer]] = [lambda: give(world, license, ann), lambda: move(world, license, new)]
    inner, outer = changes if owner_first else changes[::-1]
    watched.between(WRITES, inner)
    answer = outer()
    assert answer.status == 200
    assert (related(answer.data, "owner"), related(answer.data, "policy")) == (ann.id, new["id"])
    assert world.get(path(license)).data == answer.data
    assert_whole(world, license)


def test_the_seats_of_the_new_policy_count(world: World, watched: Watched) -> None:
    small, [ann, bob] = world.policy(maxUsers=1), everybody(world, 2)
    license = world.license(world.policy(maxUsers=5)["id"])
    attach(world, license, ann)
    watched.between(WRITES, lambda: move(world, license, small))
    assert attach(world, license, bob).error == LIMIT
    other = world.license(world.policy(maxUsers=5)["id"])
    attach(world, other, ann)
    watched.between(WRITES, lambda: move(world, other, small))
    assert give(world, other, bob).error == LIMIT
    assert_whole(world, license)
    assert_whole(world, other)


def test_many_changes_of_everything_leave_one_license(world: World) -> None:
    product = world.product()["id"]
    policies = [world.policy(product, duration=day * DAY, transferStrategy="RESET_EXPIRY") for day in (1, 2, 3)]
    users, groups = everybody(world, 3), [grouped(world) for _ in range(2)]
    license = world.license(policies[0]["id"])
    calls: list[Callable[[], Answer]] = [
        *(lambda one=one: move(world, license, one) for one in policies),
        *(lambda one=one: give(world, license, one) for one in users),
        *(lambda one=one: put_into(world, license, one) for one in (*groups, None)),
        lambda: world.send("PATCH", path(license), resource("licenses", {"maxUsers": 5})),
        lambda: world.post(path(license, "actions", "renew")),
        lambda: world.post(path(license, "actions", "increment-usage")),
    ]
    found = refusals(crowd(calls))
    assert found[200] >= 3
    assert_whole(world, license)
    for group in groups:
        assert_counted(world, group)


def test_a_first_use_takes_its_expiry_from_the_policy_it_is_under(world: World, watched: Watched) -> None:
    old = world.policy(duration=DAY, expirationBasis="FROM_FIRST_VALIDATION")
    license, new = world.license(old["id"]), world.policy(transferStrategy="RESET_EXPIRY")
    watched.between(("UpdateItem",), lambda: move(world, license, new))
    assert world.post(path(license, "actions", "validate")).attributes["expiry"] is None
    assert world.get(path(license)).attributes["expiry"] is None
    assert_whole(world, license)


def test_a_check_in_is_due_as_the_policy_it_is_under_says(world: World, watched: Watched) -> None:
    yearly = world.policy(requireCheckIn=True, checkInInterval="year", checkInIntervalCount=1)
    daily = world.policy(requireCheckIn=True, checkInInterval="day", checkInIntervalCount=1)
    license = world.license(yearly["id"])
    watched.between(("UpdateItem",), lambda: move(world, license, daily))
    assert world.post(path(license, "actions", "check-in")).status == 200
    assert_whole(world, license)


# --- parents that go away ---------------------------------------------------------------------------------------------


CHANGES = ("UpdateItem", "TransactWriteItems")


class Overtaken:
    """A change that has decided, and is written only when the task of what it left has read the license."""

    def __init__(self, watched: Watched, change: Callable[[], Answer]) -> None:
        self._change, self._answers = change, list[Answer]()
        self._decided, self._go_on = threading.Event(), threading.Event()
        self._changing = threading.Thread(target=lambda: self._answers.append(self._change()))
        self._erasing: threading.Thread | None = None
        watched.before = self._before

    def _before(self, operation: str, parameters: Mapping[str, Any]) -> None:
        here = threading.current_thread()
        if here is self._changing and operation == "TransactWriteItems":
            self._decided.set()
            assert self._go_on.wait(60)
        elif here is self._erasing and operation in CHANGES and not self._go_on.is_set():
            self._go_on.set()
            self._changing.join(60)

    def run(self, delete: Callable[[], object], erase: Callable[[], object]) -> Answer:
        self._changing.start()
        assert self._decided.wait(60)
        delete()
        self._erasing = threading.Thread(target=erase)
        self._erasing.start()
        self._erasing.join(60)
        assert self._go_on.is_set(), "the task never came to the license"
        [answer] = self._answers
        return answer


def leaving(world: World, license: Any, parent: str, policy: Any, owner: User) -> Callable[[], Answer]:
    """The change that takes a license away from its parent."""
    return (lambda: move(world, license, policy)) if parent == "policy" else (lambda: give(world, license, owner))


@pytest.mark.parametrize("parent", ["policy", "owner"])
def test_a_license_that_left_just_before_survives(world: World, watched: Watched, parent: str) -> None:
    ann, bob = everybody(world, 2)
    old, new = world.policy(), world.policy()
    license = owned(world, ann, old["id"])
    token, guest = world.token(path(license)), user(world)
    attach(world, license, guest)
    leave = leaving(world, license, parent, new, bob)
    gone = f"/v1/policies/{old['id']}" if parent == "policy" else f"/v1/users/{ann.id}"
    # The request itself begins the task of a deleted user: here it comes to the license later, in the stream.
    overtaken = Overtaken(watched, leave)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("chalicelib.store.tasks.start", lambda *anything: None)
        answer = overtaken.run(lambda: world.send("DELETE", gone), lambda: world.stream().handle(feed(world, "task")))
    watched.before = None
    assert answer.status == 200
    assert world.get(path(license)).data == answer.data
    assert world.get(path(license), as_=token).status in (200, 403)
    assert attachments(world, license) == [guest.id]
    assert_whole(world, license)


@pytest.mark.parametrize("parent", ["policy", "owner"])
def test_a_license_that_was_erased_just_before_is_not_moved(world: World, watched: Watched, parent: str) -> None:
    ann, bob = everybody(world, 2)
    old, new = world.policy(), world.policy()
    license = owned(world, ann, old["id"])
    leave = leaving(world, license, parent, new, bob)
    gone = f"/v1/policies/{old['id']}" if parent == "policy" else f"/v1/users/{ann.id}"

    def erased() -> None:
        world.send("DELETE", gone)
        world.stream().handle(feed(world, "task"))

    watched.between(("TransactWriteItems",), erased)
    assert leave().status == 404
    assert rows(world, Row, "license") == []


# --- groups -----------------------------------------------------------------------------------------------------------


def test_the_last_places_of_a_group_are_given_to_as_many(world: World) -> None:
    """Licenses are made in it, by name and through their owner, and come into it."""
    policy, group = world.policy()["id"], grouped(world, maxLicenses=4)
    owner = user(world, group_id=group["id"])
    others = [world.license(policy) for _ in range(8)]
    named = resource("licenses", {}, policy=("policies", policy), group=("groups", group["id"]))
    inherited = resource("licenses", {}, policy=("policies", policy), owner=("users", owner.id))
    calls: list[Callable[[], Answer]] = [
        *[lambda: world.post("/v1/licenses", named)] * 4,
        *[lambda: world.post("/v1/licenses", inherited)] * 4,
        *(lambda one=one: put_into(world, one, group) for one in others[:4]),
        *(lambda one=one: give(world, one, owner) for one in others[4:]),
    ]
    found = refusals(crowd(calls), FULL)
    assert found[200] + found[201] == assert_counted(world, group) <= 4
    assert found[422] == 0 or found[200] + found[201] == 4
    for license in others:
        assert_whole(world, license)


def test_licenses_that_change_places(world: World) -> None:
    groups = [grouped(world, maxLicenses=3) for _ in range(2)]
    licenses = [world.license() for _ in range(5)]

    def wander(seed: int) -> list[Answer]:
        chance = Random(seed)
        return [put_into(world, chance.choice(licenses), chance.choice((*groups, None))) for _ in range(8)]

    answers = [one for own in crowd([lambda seed=seed: wander(seed) for seed in range(6)]) for one in own]  # type: ignore[misc]
    refusals(answers, FULL)
    for group in groups:
        assert assert_counted(world, group) <= 3
    for license in licenses:
        assert_whole(world, license)


def test_a_group_deleted_between_decision_and_write_is_not_entered(world: World, watched: Watched) -> None:
    license, group = world.license(), grouped(world)
    watched.between(WRITES, lambda: world.send("DELETE", f"/v1/groups/{group['id']}"))
    assert put_into(world, license, group).error == (422, "GROUP_NOT_FOUND", "/data/relationships/group")
    assert_whole(world, license)
