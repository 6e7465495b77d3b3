"""Cases under names that many of them can share one store with: ids are UUIDs, emails and keys nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import NAMESPACE_OID, uuid5

import msgspec
from msgspec.structs import asdict, replace

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.policy import Policy
from tests.properties.validation_cases import CODES, Case
from tests.properties.validation_scopes import UNKNOWN
from tests.properties.validation_world import World
from tests.unit.licensing import make

T = TypeVar("T", bound=msgspec.Struct)

UNHELD = "unheld"
_CODES = {**CODES, "e2": "Feature-2", UNHELD: "UNHELD"}
"""Codes are unique ignoring case in an account, other than among the cases."""


class Names(NamedTuple):
    """What everything of case `number` is called."""

    number: int

    def id(self, text: str) -> str:
        """The id of what the case calls `text`."""
        return str(uuid5(NAMESPACE_OID, f"{self.number} {text}"))

    def email(self, text: str) -> str:
        """An email, in any case."""
        name, at, domain = text.partition("@")
        return f"{name}{at}{self.number}.{domain}"

    def key(self) -> str:
        """The key of the license; some look like the id of another one."""
        return self.id("key") if self.number % 5 == 0 else f"key {self.number}/%20"


NEIGHBOUR = Names(-1)
"""What a license has nothing to do with is of this case. Its entitlements are those of all cases."""


def entitlements() -> list[Entitlement]:
    """All that the cases speak of, and one that no license has."""
    return [make.entitlement(id=NEIGHBOUR.id(one), code=code) for one, code in _CODES.items()]


def named(one: Case, number: int) -> Case:
    """Case `number` under its own names; what is unknown in it is known, but of the neighbour."""
    names = Names(number)
    return Case(_world(one.world, names), _scope(one.sent, names), one.quick)


def _world(world: World, names: Names) -> World:
    owned = {one.id: names.id(one.id) for one in world.machines}
    return World(
        now=world.now,
        license=replace(_struct(world.license, names), key=names.key()),
        policy=_storable(_struct(world.policy, names)),
        product=_struct(world.product, names),
        users={
            names.id(name): replace(_struct(one, names), email=names.email(one.email))
            for name, one in world.users.items()
        },
        attached=frozenset(names.id(one) for one in world.attached),
        machines=tuple(_struct(one, names) for one in world.machines),
        components={owned[one]: parts for one, parts in world.components.items()},
        license_entitlements={NEIGHBOUR.id(one): _CODES[one] for one in world.license_entitlements},
        policy_entitlements={NEIGHBOUR.id(one): _CODES[one] for one in world.policy_entitlements},
        releases=tuple(_struct(one, names) for one in world.releases),
        constraints={
            names.id(one): frozenset(NEIGHBOUR.id(asked) for asked in ids) for one, ids in world.constraints.items()
        },
        artifacts=tuple(_struct(one, names) for one in world.artifacts),
    )


def _struct(value: T, names: Names) -> T:
    """With other ids, its own and those of others."""
    ids = {name: id_ for name, id_ in asdict(value).items() if name == "id" or name.endswith("_id")}
    return replace(value, **{name: names.id(id_) for name, id_ in ids.items() if id_ is not None})


def _storable(policy: Policy) -> Policy:
    """A strategy that is null is the default by the time it is stored."""
    defaults = asdict(make.policy())
    missing = {name for name, value in asdict(policy).items() if value is None and defaults[name] is not None}
    return replace(policy, **{name: defaults[name] for name in missing})


def _scope(sent: Mapping[str, Any], names: Names) -> dict[str, Any]:
    makers = {"product": _id, "policy": _id, "user": _user, "machine": _machine}
    found = dict(sent)
    for name, maker in makers.items():
        if sent.get(name) is not None:
            found[name] = maker(sent[name], names)
    if sent.get("entitlements"):
        codes = {code: _CODES[one] for one, code in CODES.items()} | {UNKNOWN: _CODES[UNHELD]}
        found["entitlements"] = [codes.get(code, code) for code in sent["entitlements"]]
    return found


def _id(text: str, names: Names) -> str:
    if text == UNKNOWN:
        return NEIGHBOUR.id("product")
    return names.id(text) if text.islower() else names.id(text.lower()).upper()


def _user(text: str, names: Names) -> str:
    if text == UNKNOWN:
        return NEIGHBOUR.id("u1")
    return names.email(text) if "@" in text else names.id(text)


def _machine(text: str, names: Names) -> str:
    """The id of a machine in any spelling names it; what is none, as a fingerprint, stays what it is."""
    if text == UNKNOWN:
        return NEIGHBOUR.id("id-fp1")
    return names.id(text) if text.startswith("id-") else text
