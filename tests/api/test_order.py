"""What is told first of several things that are wrong (spec licenses.md §0.1, http.md §5.2, cryptography.md §4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.bodies import Body, constraint, fixed, meta, one, related, several
from tests.api.inventory import PASSWORD, RESET_TOKEN
from tests.api.scene import OPERATION, Scene
from tests.api.stage import Stage
from tests.world import Answer

# After the 401. `*` stands for every operation that ends like this and is not named itself.
ORDER = """
400 403 422       product.create policy.create key.create license.create machine.create component.create process.create
400 403 422       release.create artifact.create entitlement.create group.create user.create token.generate
400 403           license.validate-key
400 403           product.list policy.list key.list license.list machine.list component.list process.list
400 403           release.list artifact.list token.list entitlement.list group.list user.list
404 400 403       *.list license.check-out machine.check-out
404 400 403 422   *.attach *.detach *.tokens.generate license.policy.update license.group.update machine.group.update
404 400 403 422   user.update
404 403 400       license.validate license.check-out-file machine.check-out-file
404 403 400 422   *.update license.usage.increment license.usage.decrement
404 403 422       license.suspend license.reinstate license.renew license.check-in policy.pool.pop
404 403           *.read *.delete license.revoke license.validate-quickly license.usage.reset user.ban user.unban
404 403           machine.heartbeat.ping machine.heartbeat.ping-alias machine.heartbeat.reset
404 403           machine.heartbeat.reset-alias process.heartbeat.ping
404 403           release.publish release.yank token.regenerate token.revoke
403               account.read me profile token.regenerate-presented
404 400 422       user.password.reset
400               user.password.forgotten
"""
FOR_ANYBODY = {"license.validate-key", "user.create", "user.password.reset", "user.password.forgotten"}

MISSHAPEN = {"unknown": 1}
LONG = "n" * 256
UNACCEPTABLE: dict[str, Body] = {
    "product.create": fixed("products", {"name": LONG}),
    "product.update": fixed("products", {"name": LONG}),
    "policy.create": related("policies", {"name": LONG}, product=("products", "product")),
    "policy.update": fixed("policies", {"name": LONG}),
    "policy.entitlements.attach": several("entitlements", "nowhere"),
    "policy.entitlements.detach": several("entitlements", "nowhere"),
    "key.create": related("keys", {"key": "short"}, policy=("policies", "policy")),
    "key.update": fixed("keys", {"key": "short"}),
    "license.create": related("licenses", {"maxCores": -1}, policy=("policies", "policy")),
    "license.update": fixed("licenses", {"maxCores": -1}),
    "license.usage.increment": meta(increment=-9),
    "license.usage.decrement": meta(decrement=9),
    "license.users.attach": several("users", "nowhere"),
    "license.users.detach": several("users", "nowhere"),
    "license.entitlements.attach": several("entitlements", "nowhere"),
    "license.entitlements.detach": several("entitlements", "nowhere"),
    "license.policy.update": one("policies", "nowhere"),
    "license.owner.update": one("users", "nowhere"),
    "license.group.update": one("groups", "nowhere"),
    "machine.create": related("machines", {"fingerprint": "actions"}, license=("licenses", "license")),
    "machine.update": fixed("machines", {"name": LONG}),
    "machine.owner.update": one("users", "nowhere"),
    "machine.group.update": one("groups", "nowhere"),
    "component.create": related("components", {"fingerprint": "new", "name": LONG}, machine=("machines", "machine")),
    "component.update": fixed("components", {"name": LONG}),
    "process.create": related("processes", {"pid": "actions"}, machine=("machines", "machine")),
    "process.update": fixed("processes", {"metadata": {f"key{number}": 1 for number in range(65)}}),
    "release.create": related("releases", {"version": "v1", "channel": "stable"}, product=("products", "product")),
    "release.update": fixed("releases", {"name": LONG}),
    "release.constraints.attach": lambda ids, bearer: constraint(ids, "nowhere"),
    "release.constraints.detach": several("constraints", "nowhere"),
    "artifact.create": related("artifacts", {"filename": "one"}, release=("releases", "release")),
    "artifact.update": fixed("artifacts", {"filesize": -1}),
    "token.generate": fixed("tokens", {"name": LONG}),
    "product.tokens.generate": fixed("tokens", {"name": LONG}),
    "license.tokens.generate": fixed("tokens", {"name": LONG}),
    "user.tokens.generate": fixed("tokens", {"name": LONG}),
    "entitlement.create": fixed("entitlements", {"name": LONG, "code": "new"}),
    "entitlement.update": fixed("entitlements", {"name": LONG}),
    "group.create": fixed("groups", {"name": LONG}),
    "group.update": fixed("groups", {"name": LONG}),
    "group.owners.attach": several("users", "nowhere"),
    "group.owners.detach": several("users", "nowhere"),
    "user.create": fixed("users", {"email": "nonsense"}),
    "user.update": fixed("users", {"email": "nonsense"}),
    "user.group.update": one("groups", "nowhere"),
    "user.password.update": meta(oldPassword=PASSWORD, newPassword="short"),
    "user.password.reset": meta(passwordResetToken=RESET_TOKEN, newPassword="short"),
}
"""Documents that are well formed and ask for what cannot be."""
UNFIT = {
    "license.suspend": "suspended-license",
    "license.reinstate": "license",
    "license.renew": "suspended-license",
    "license.check-in": "suspended-license",
    "policy.pool.pop": "bare-policy",
}
"""What cannot be acted on as it is."""


def order() -> dict[str, list[int]]:
    """The statuses of each operation, as they come."""
    rows = [line.split() for line in ORDER.strip().splitlines()]
    named = {word: [int(one) for one in row if one.isdigit()] for row in rows for word in row if not word.isdigit()}
    return {name: found for name in OPERATION if (found := named.get(name) or _by_ending(named, name)) is not None}


def _by_ending(named: dict[str, list[int]], name: str) -> list[int] | None:
    ends = [statuses for word, statuses in named.items() if word[0] == "*" and name.endswith(word[1:])]
    return ends[0] if ends else None


ROWS = order()


def wrong(scene: Scene, name: str, statuses: list[int], bearer: str | None = None) -> Answer:
    """The answer to a request that deserves every one of `statuses`, and is right otherwise."""
    instead, more = {}, {}
    if 404 in statuses:
        instead["id"] = scene.ids["nowhere"]
    elif 422 in statuses and name in UNFIT:
        instead["id"] = scene.ids[UNFIT[name]]
    if 400 in statuses:
        more = _misshapen(name)
    elif 422 in statuses and name in UNACCEPTABLE:
        more["body"] = UNACCEPTABLE[name](scene.ids, "")
    usual = "idle" if 403 in statuses else "owner" if name == "user.password.update" else "admin"
    return scene.send(name, bearer or usual, **more, **instead)


def _misshapen(name: str) -> dict[str, Any]:
    if name.endswith(".list"):
        return {"query": "?limit=0"}
    return {"query": "?ttl=1"} if OPERATION[name].body is None else {"body": MISSHAPEN}


@pytest.mark.parametrize("name", ROWS)
def test_each_error_hides_the_later_ones(stage: Stage, name: str) -> None:
    scene, expected = stage.put_back(), ROWS[name]
    told = [wrong(scene, name, expected[start:]).status for start in range(len(expected))]
    assert told == expected


@pytest.mark.parametrize("name", ROWS)
def test_each_error_by_itself(stage: Stage, name: str) -> None:
    scene = stage.put_back()
    assert [wrong(scene, name, [status]).status for status in ROWS[name]] == ROWS[name]


@pytest.mark.parametrize("name", ROWS)
def test_who_asks_is_told_first(stage: Stage, name: str) -> None:
    answer = wrong(stage.put_back(), name, ROWS[name], bearer="none")
    assert answer.status == (ROWS[name][0] if name in FOR_ANYBODY else 401)


def test_every_operation_has_an_order() -> None:
    assert set(OPERATION) - set(ROWS) == {"system.ping", "system.health"}


PROTECTED = {"data": {"type": "licenses", "attributes": {"protected": True}}}
ROLE = {"data": {"type": "users", "attributes": {"email": "new@acme.example", "role": "admin"}}}
OWN = {"data": {"type": "licenses", "attributes": {"protected": True}, "relationships": {}}}
MANY = {"data": [{"type": "users", "id": "x"}]}
NOBODYS = {"data": {"type": "users", "id": "00000000-0000-4000-8000-000000000000"}}
NO_POLICY = {"data": {"type": "policies", "id": "00000000-0000-4000-8000-000000000000"}}

# bearer, operation, document or query: what is answered, where both the document and the bearer are wrong.
CASES = [
    ("license-key", "license.update", PROTECTED, 403),
    ("owner", "license.update", PROTECTED, 403),
    ("stranger", "license.update", PROTECTED, 404),
    ("other-product", "license.update", MISSHAPEN, 404),
    ("support", "license.create", OWN, 400),
    ("license-key", "license.create", OWN, 400),
    ("license-key", "license.list", "?limit=0", 400),
    ("license-key", "license.list", "?page[size]=1", 400),
    ("license-key", "license.tokens.list", "?limit=0", 400),
    ("stranger", "license.tokens.list", "?limit=0", 404),
    ("license-key", "license.tokens.generate", MISSHAPEN, 400),
    ("stranger", "license.tokens.generate", MISSHAPEN, 404),
    ("owner", "license.users.attach", MANY, 400),
    ("stranger", "license.users.attach", MANY, 404),
    ("product", "license.policy.update", NO_POLICY, 403),
    ("admin", "license.policy.update", NO_POLICY, 422),
    ("owner", "license.owner.update", MISSHAPEN, 403),
    ("owner", "license.owner.update", NOBODYS, 403),
    ("owner", "license.group.update", MISSHAPEN, 400),
    ("none", "user.create", ROLE, 400),
    ("read-only", "user.create", ROLE, 400),
    ("owner", "user.update", ROLE, 400),
    ("attached", "user.update", ROLE, 400),
    ("stranger", "user.update", ROLE, 404),
    ("attached", "user.group.update", MISSHAPEN, 403),
    ("attached", "user.password.update", MISSHAPEN, 403),
    ("license-key", "token.generate", MISSHAPEN, 400),
    ("stranger", "group.update", MISSHAPEN, 403),
    ("stranger", "group.owners.attach", MISSHAPEN, 404),
    ("license-key", "machine.heartbeat.reset", MISSHAPEN, 403),
    ("other-product", "machine.create", MISSHAPEN, 400),
    ("attached", "machine.update", MISSHAPEN, 403),
    ("attached", "machine.group.update", MISSHAPEN, 400),
    ("attached", "machine.owner.update", MISSHAPEN, 403),
    ("stranger", "machine.update", MISSHAPEN, 404),
    ("license-key", "key.update", MISSHAPEN, 404),
    ("license-key", "key.create", MISSHAPEN, 400),
    ("malformed", "license.list", "?limit=0", 401),
    ("malformed", "user.create", MISSHAPEN, 401),
]


@pytest.mark.parametrize(("bearer", "name", "sent", "status"), CASES)
def test_bearers_with_something_else_wrong(stage: Stage, bearer: str, name: str, sent: Any, status: int) -> None:
    given = {"query": sent} if isinstance(sent, str) else {"body": sent}
    assert stage.put_back().send(name, bearer, **given).status == status


def test_the_account_comes_before_everything(stage: Stage) -> None:
    world = stage.put_back().world
    assert world.post("/v1/accounts/nowhere/licenses", MISSHAPEN, as_="Bearer nonsense").status == 404
