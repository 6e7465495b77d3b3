"""Licenses by themselves: made, changed, used, validated, checked out."""

from __future__ import annotations

from typing import Any

from chalicelib.store import fetch, keys
from chalicelib.store.table import Item
from tests.api.helpers import user
from tests.faults.cases.catalog import gone, policy
from tests.faults.operation import (
    Context,
    Effects,
    Operation,
    Prepare,
    count,
    either,
    fixed,
    http,
    later,
    stored,
    with_,
)
from tests.world import START, World, resource

DAY = 86_400
ACTIONS = "/v1/licenses/{license}/actions"
MEMBER = "/v1/licenses/{license}"
CHECKED = {"requireCheckIn": True, "checkInInterval": "month", "checkInIntervalCount": 1}
ON_VALIDATION = {"duration": DAY, "expirationBasis": "FROM_FIRST_VALIDATION"}
ON_USE = {"duration": DAY, "expirationBasis": "FROM_FIRST_USE", "maxUses": 9}
LIMITED = fixed(resource("licenses", {"maxUses": 7, "expiry": "2030-01-01T00:00:00Z"}))
BEFORE, AFTER = {"tier": "gold", "seats": 1}, {"tier": "silver", "seats": 1}


def license(**attributes: Any) -> Prepare:
    """A license of a policy of its own with these attributes."""

    def prepare(world: World) -> Context:
        created = world.license(world.policy(**attributes)["id"])
        return {"license": created["id"], "key": created["attributes"]["key"]}

    return prepare


def _used(**attributes: Any) -> Prepare:
    def prepare(world: World) -> Context:
        context = license(**attributes)(world)
        assert world.post(f"/v1/licenses/{context['license']}/actions/increment-usage", _amount(5)).status == 200
        return context

    return prepare


def _described(world: World) -> Context:
    return {"license": world.license(metadata=BEFORE)["id"]}


def _parents(world: World) -> Context:
    group = world.create("groups", {"name": "Group", "maxLicenses": 1})["id"]
    return {"policy": world.policy()["id"], "group": group, "owner": user(world).id}


def _amount(number: int) -> dict[str, Any]:
    return {"meta": {"increment": number}}


def _body(context: Context) -> Any:
    return resource("licenses", {"key": "the-only-key"}, policy=("policies", context["policy"]))


def _body_with_parents(context: Context) -> Any:
    parents = {
        "policy": ("policies", context["policy"]),
        "group": ("groups", context["group"]),
        "owner": ("users", context["owner"]),
    }
    return resource("licenses", {"metadata": AFTER}, **parents)


def meter(world: World, context: Context) -> Item:
    """The meter of the license."""
    item = fetch.get(world.database, keys.meter(world.account["account"], context["license"]))
    assert item is not None
    return item


def _uses(base: int, step: int) -> Effects:
    def effects(world: World, context: Context) -> int:
        times, rest = divmod(meter(world, context)["uses"] - base, step)
        assert rest == 0
        return int(times)

    return effects


def stamped(name: str) -> Effects:
    """The meter says that it happened now."""
    return lambda world, context: int(meter(world, context).get(name) == world.clock.instant)


def _limited(world: World, context: Context) -> Any:
    facts, counted = stored(world, "license", context["license"]), meter(world, context)
    return facts["revision"], facts["basis"], "max_uses" in facts, "expiry" in counted, "due_at" in counted


def _suspended(world: World, context: Context) -> Any:
    facts = stored(world, "license", context["license"])
    return facts["revision"], facts["suspended"], "in_4" in facts


def _renewed(world: World, context: Context) -> int:
    """How many durations the expiry lies beyond the first."""
    return int((meter(world, context)["expiry"] - START).days - 1)


def _metadata(world: World, context: Context) -> Any:
    return stored(world, "license", context["license"])["metadata"]


def _expiry(world: World, context: Context) -> Any:
    found = meter(world, context)
    return "expiry" in found, "due_at" in found


def _with_parents(world: World, context: Context) -> int:
    wanted = {"group_id": context["group"], "owner_id": context["owner"], "metadata": AFTER}
    assert len(with_(world, "license")) == len(with_(world, "license", **wanted))
    return len(with_(world, "license"))


def _use(name: str, amount: int | None = None) -> Any:
    body = None if amount is None else _amount(amount)
    return http("POST", f"{ACTIONS}/{name}-usage", fixed(body))


OPERATIONS = (
    Operation("create-license", policy(), http("POST", "/v1/licenses", _body), count("license")),
    Operation("create-license-of-parents", _parents, http("POST", "/v1/licenses", _body_with_parents), _with_parents),
    Operation(
        "update-license",
        license(),
        http("PATCH", MEMBER, LIMITED),
        either(_limited, (0, 0, False, False, False), (1, 1, True, True, True)),
    ),
    Operation(
        "describe-license",
        _described,
        http("PATCH", MEMBER, fixed(resource("licenses", {"metadata": AFTER}))),
        either(_metadata, BEFORE, AFTER),
    ),
    Operation(
        "suspend",
        license(),
        http("POST", f"{ACTIONS}/suspend"),
        either(_suspended, (0, False, False), (1, True, True)),
    ),
    Operation("renew", license(duration=DAY), http("POST", f"{ACTIONS}/renew"), _renewed),
    Operation("delete-license", license(), http("DELETE", MEMBER), gone("license")),
    Operation("increment", _used(maxUses=9), _use("increment", 2), _uses(5, 2)),
    Operation("first-use", license(**ON_USE), _use("increment"), _uses(0, 1)),
    Operation("decrement", _used(), _use("decrement"), _uses(5, -1)),
    Operation("reset", _used(), _use("reset"), _uses(5, -5)),
    Operation(
        "check-in",
        later(license(**CHECKED), hours=1),
        http("POST", f"{ACTIONS}/check-in"),
        stamped("last_check_in"),
    ),
    Operation(
        "validate",
        license(),
        http("POST", f"{ACTIONS}/validate"),
        stamped("last_validated"),
        optional=True,
        remembers=True,
    ),
    Operation(
        "first-validation",
        license(**ON_VALIDATION),
        http("POST", f"{ACTIONS}/validate"),
        either(_expiry, (False, False), (True, True)),
        remembers=True,
    ),
    Operation("check-out", license(), http("POST", f"{ACTIONS}/check-out"), stamped("last_check_out"), optional=True),
)
