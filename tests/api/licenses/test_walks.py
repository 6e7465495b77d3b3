"""Walks over lists while licenses come, go and move: who was there before and stays is seen exactly once.

New licenses come before the cursor of a walk that shows the newest first, and behind all pages of the other order.
Numbered pages are only as steady as what lies before them, so what leaves or enters there lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.listing import ids
from tests.api.stock import policy_of, put, put_group, put_user
from tests.world import World, resource

DAY = timedelta(days=1)
SIZE = 3
PLAN, OTHER = {"plan": "pro", "seats": 1}, {"plan": "free", "seats": 1}


class Place:
    """Whom licenses may move between, and the requests that move them."""

    def __init__(self, world: World) -> None:
        self.world, self.now = world, world.clock.now()
        first = world.policy(duration=86_400)
        self.product = first["relationships"]["product"]["data"]["id"]
        ids_ = [first["id"], *(world.policy(self.product, duration=86_400)["id"] for _ in range(2))]
        self.policies = [policy_of(world, one) for one in ids_]
        self.users = [put_user(world) for _ in range(3)]
        self.groups = [put_group(world, "group").id for _ in range(3)]
        self.turn = 0

    def put(self, number: int, **fields: Any) -> str:
        """A license that was made `number` minutes after others, in the last but one month, and quiet since then."""
        created = self.now - 40 * DAY + timedelta(minutes=number)
        given: dict[str, Any] = {"metadata": OTHER, "expiry": self.now + 40 * DAY} | fields
        policy, attached = given.pop("policy", self.policies[1]), given.pop("attached", ())
        return put(self.world, policy, attached, created=created, updated=created, **given).id

    def send(self, method: str, license_id: str, what: str, body: Any = None) -> None:
        """One request about a license that has to succeed."""
        answer = self.world.send(method, f"/v1/licenses/{license_id}{what}", body)
        assert answer.status < 300, answer.raw

    def link(self, license_id: str, what: str, kind: str, identifier: str | None) -> None:
        """Change whose a license is."""
        self.send("PUT", license_id, f"/{what}", {"data": identifier and {"type": kind, "id": identifier}})

    def patch(self, license_id: str, **attributes: Any) -> None:
        """Change attributes of a license."""
        self.send("PATCH", license_id, "", resource("licenses", attributes))

    def another(self, several: list[Any]) -> Any:
        """The next of several, which are not those that lists are asked for."""
        self.turn += 1
        return several[1 + self.turn % (len(several) - 1)]


Move = Callable[[Place, str], None]


def to_policy(place: Place, one: str) -> None:
    place.link(one, "policy", "policies", place.another(place.policies).id)


def to_owner(place: Place, one: str) -> None:
    place.link(one, "owner", "users", place.another(place.users).id)


def to_group(place: Place, one: str) -> None:
    place.link(one, "group", "groups", place.another(place.groups))


def to_nobody(place: Place, one: str) -> None:
    place.link(one, "owner", "users", None)


def renewed(place: Place, one: str) -> None:
    """To another week, in the range of every list here that asks for one."""
    place.turn += 1
    place.patch(one, expiry=to_text(place.now + 30 * DAY + place.turn * 8 * DAY))


def expired(place: Place, one: str) -> None:
    """To another week of the past."""
    place.turn += 1
    place.patch(one, expiry=to_text(place.now - 300 * DAY - place.turn * 8 * DAY))


def perpetual(place: Place, one: str) -> None:
    place.patch(one, expiry=None)


def suspended(place: Place, one: str) -> None:
    place.send("POST", one, "/actions/suspend")


def reinstated(place: Place, one: str) -> None:
    place.send("POST", one, "/actions/reinstate")


def there_and_back(place: Place, one: str) -> None:
    suspended(place, one)
    reinstated(place, one)


def validated(place: Place, one: str) -> None:
    """Active now."""
    place.send("POST", one, "/actions/validate")


def planned(place: Place, one: str) -> None:
    place.patch(one, metadata=PLAN)


def unplanned(place: Place, one: str) -> None:
    place.patch(one, metadata=OTHER)


def replanned(place: Place, one: str) -> None:
    """Other metadata, as far as lists ask for it the same."""
    place.turn += 1
    place.patch(one, metadata={**PLAN, "seats": place.turn})


def attached(place: Place, one: str) -> None:
    place.send("POST", one, "/users", {"data": [{"type": "users", "id": place.users[0].id}]})


def detached(place: Place, one: str) -> None:
    place.send("DELETE", one, "/users", {"data": [{"type": "users", "id": place.users[0].id}]})


def from_user_to_owner(place: Place, one: str) -> None:
    """Still the same user's."""
    detached(place, one)
    place.link(one, "owner", "users", place.users[0].id)
    # And back, so that it can be done again.
    to_nobody(place, one)
    attached(place, one)


def own_owner(place: Place, one: str) -> str:
    found: str = place.world.get(f"/v1/licenses/{one}/owner").data["id"]
    return found


def banned(place: Place, one: str) -> None:
    assert place.world.post(f"/v1/users/{own_owner(place, one)}/actions/ban").status == 200


def unbanned(place: Place, one: str) -> None:
    assert place.world.post(f"/v1/users/{own_owner(place, one)}/actions/unban").status == 200


def deleted(place: Place, one: str) -> None:
    place.send("DELETE", one, "")


def first(what: str, kind: str) -> Move:
    """To the policy, owner or group that is asked for."""

    def move(place: Place, one: str) -> None:
        found = {"policy": place.policies[0].id, "owner": place.users[0].id, "group": place.groups[0]}
        place.link(one, what, kind, found[what])

    return move


class Case(NamedTuple):
    """A list by what it starts from: the fields of licenses that are on it and of those that are not, what brings one
    onto it, what takes one off, and what moves one that stays.
    """

    query: str
    fields: Callable[[Place], dict[str, Any]]
    others: Callable[[Place], dict[str, Any]]
    enter: Move | None
    leave: Move
    stir: tuple[Move, ...]


def nothing(place: Place) -> dict[str, Any]:
    return {}


def with_owner(place: Place) -> dict[str, Any]:
    """Each with an owner of its own."""
    return {"owner_id": put_user(place.world).id}


CASES = {
    "account": Case("", nothing, nothing, None, deleted, (to_policy, to_owner, to_group, renewed, validated)),
    "metadata": Case(
        "metadata[plan]=pro",
        lambda place: {"metadata": PLAN},
        nothing,
        planned,
        unplanned,
        (replanned, to_policy, to_owner, renewed, there_and_back),
    ),
    "owner": Case(
        "owner={owner}",
        lambda place: {"owner_id": place.users[0].id},
        nothing,
        first("owner", "users"),
        to_owner,
        (to_policy, to_group, renewed, replanned),
    ),
    "user": Case(
        "user={owner}",
        lambda place: {"attached": [place.users[0]]},
        nothing,
        attached,
        detached,
        (from_user_to_owner, to_owner, to_group, to_policy),
    ),
    "group": Case(
        "group={group}",
        lambda place: {"group_id": place.groups[0]},
        nothing,
        first("group", "groups"),
        to_group,
        (to_policy, to_owner, renewed, there_and_back),
    ),
    "policy": Case(
        "policy={policy}",
        lambda place: {"policy": place.policies[0]},
        nothing,
        first("policy", "policies"),
        to_policy,
        (to_owner, to_group, renewed, validated),
    ),
    "product": Case("product={product}", nothing, nothing, None, deleted, (to_policy, to_owner, renewed)),
    "suspended": Case(
        "status=SUSPENDED",
        lambda place: {"suspended": True},
        nothing,
        suspended,
        reinstated,
        (to_policy, to_owner, to_group, renewed),
    ),
    "banned": Case(
        "status=BANNED",
        lambda place: {"owner_id": put_user(place.world, banned_at=place.now).id},
        with_owner,
        banned,
        unbanned,
        (to_policy, to_group, renewed, there_and_back),
    ),
    "weeks of expiry": Case(
        "expires[within]=P400D",
        nothing,
        lambda place: {"expiry": None},
        renewed,
        perpetual,
        (renewed, to_policy, to_owner, validated),
    ),
    "years of expiry": Case(
        "expires[after]={now}",
        nothing,
        lambda place: {"expiry": None},
        renewed,
        expired,
        (renewed, renewed, to_group),
    ),
    "expired": Case(
        "expired=true",
        lambda place: {"expiry": place.now - 300 * DAY},
        nothing,
        expired,
        renewed,
        (expired, to_policy, to_owner),
    ),
    "activity": Case(
        "activity[inside]=P30D",
        lambda place: {"last_validated": place.now - 20 * DAY},
        nothing,
        validated,
        deleted,
        (validated, to_policy, renewed),
    ),
    "inactivity": Case(
        "activity[outside]=P30D", nothing, nothing, None, validated, (to_policy, to_owner, renewed, there_and_back)
    ),
    "predicate": Case(
        "assigned=true",
        with_owner,
        nothing,
        to_owner,
        to_nobody,
        (to_policy, to_owner, to_group, renewed),
    ),
    "two": Case(
        "status=ACTIVE&expires[within]=P400D&policy={policy}",
        lambda place: {"policy": place.policies[0]},
        nothing,
        first("policy", "policies"),
        perpetual,
        (renewed, to_owner, to_group, validated),
    ),
}


class Traffic:
    """Licenses of a case: 9 that stay, and 3 each that leave, enter or are deleted, all mixed."""

    def __init__(self, place: Place, case: Case) -> None:
        self.place, self.case = place, case
        self.made: list[str] = []
        self.kind: dict[str, str] = {}
        for number, kind in enumerate(("stay", "leave", "stay", "enter", "stay", "delete") * 3):
            on = kind != "enter" or case.enter is None
            one = place.put(number, **(case.fields if on else case.others)(place))
            self.made.append(one)
            self.kind[one] = kind
        self.seen: list[str] = []
        self.gone: set[str] = set()

    @property
    def path(self) -> str:
        place = self.place
        return "/v1/licenses?" + self.case.query.format(
            owner=place.users[0].id,
            group=place.groups[0],
            policy=place.policies[0].id,
            product=place.product,
            now=to_text(place.now),
        )

    def move(self, number: int, *, behind: bool) -> None:
        """What happens after page `number`; with `behind`, also to what was seen already and to the cursor itself."""
        self.place.world.clock.advance(seconds=1)
        self._stir(number)
        self._change("leave", number, self.case.leave, behind)
        self._change("delete", number, deleted, behind)
        if self.case.enter is not None:
            self._change("enter", number, self.case.enter, behind)
        if behind and number % 2 and self.seen[-1] not in self.gone:
            deleted(self.place, self.seen[-1])
            self.gone.add(self.seen[-1])
        made = self.place.world.license(self.place.policies[0].id, expiry=to_text(self.place.now + 40 * DAY))["id"]
        self.kind[made] = "new"

    def _stir(self, number: int) -> None:
        stir = self.case.stir
        staying = [one for one in self.made if self.kind[one] == "stay" and one not in self.gone]
        for position, one in enumerate(staying):
            if (position + number) % 2:
                stir[(position + number) // 2 % len(stir)](self.place, one)

    def _change(self, kind: str, number: int, move: Move, behind: bool) -> None:
        """One license of a kind; those that have not been shown yet come last."""
        left = [one for one in self.made if self.kind[one] == kind and one not in self.gone]
        if not behind:
            left = [one for one in left if one not in self.seen and self._is_ahead(one)][::-1]
        if left:
            move(self.place, left[0])
            self.gone.add(left[0])

    def _is_ahead(self, one: str) -> bool:
        return not self.seen or self.made.index(one) > self.made.index(self.seen[-1])

    def check(self, newest_first: bool) -> None:
        """Who stayed was seen once, nobody twice, everybody in order."""
        earlier = [one for one in self.seen if self.kind[one] != "new"]
        assert len(set(self.seen)) == len(self.seen)
        assert earlier == sorted(earlier, key=self.made.index, reverse=newest_first)
        staying = [one for one in self.made if self.kind[one] == "stay" and one not in self.gone]
        assert set(staying) <= set(earlier)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", ["desc", "asc"])
def test_cursors(local_world: World, name: str, order: str) -> None:
    traffic = Traffic(Place(local_world), CASES[name])
    path: str | None = f"{traffic.path}&order={order}&page[cursor]=&page[size]={SIZE}"
    number = 0
    while path is not None and number < 12:
        document = local_world.get(path).document
        traffic.seen += ids(document["data"])
        path, number = document["links"]["next"], number + 1
        traffic.move(number, behind=True)
    traffic.check(newest_first=order == "desc")


@pytest.mark.parametrize("name", CASES)
def test_numbered_pages(local_world: World, name: str) -> None:
    traffic = Traffic(Place(local_world), CASES[name])
    path: str | None = f"{traffic.path}&order=asc&page[number]=1&page[size]={SIZE}"
    number = 0
    while path is not None and number < 12:
        document = local_world.get(path).document
        traffic.seen += [one for one in ids(document["data"]) if traffic.kind[one] != "new"]
        path, number = document["links"]["next"], number + 1
        traffic.move(number, behind=False)
    traffic.check(newest_first=False)
