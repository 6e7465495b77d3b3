"""What the scopes of a validation point at, read in the rounds of the license itself (STORE §4.1)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.validation.scopes import Scope
from chalicelib.store import keys
from chalicelib.store.fetch import Found, Plan, need
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import bucket as buckets
from chalicelib.store.items import component as components
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import license as licenses
from chalicelib.store.items import machine as machines
from chalicelib.store.items import user as users
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item


class Named(msgspec.Struct, frozen=True):
    """The license a request is about: by its id, else by its key; its policy where that is known already."""

    license_id: str | None = None
    key: str | None = None
    policy_id: str | None = None


class Scoped(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on the license `license_id` under the policy `policy_id`; both are promises to be compared.

    `user_id`: the user asked for, if there is one with that id or email; `attached` whether it is attached.
    `entitled`: of the codes asked for those that the license or the policy has.
    """

    license_id: str | None = None
    policy_id: str | None = None
    user_id: str | None = None
    attached: bool = False
    machine: Machine | None = None
    machines: tuple[Machine, ...] = ()
    components: frozenset[str] = frozenset()
    entitled: frozenset[str] = frozenset()


NOTHING = Scoped()


class _Names(msgspec.Struct, frozen=True):
    """The guards and pointers that turn names of the scope into ids; None where nothing is asked."""

    license: Key | None
    email: Key | None
    machine: Key | None
    codes: Mapping[str, Key]


def scoped(account_id: str, scope: Scope, named: Named) -> Plan[Scoped]:
    """Names first, then everything on the license in one round; nothing is read for an empty scope."""
    if not (scope.user or scope.machine or scope.fingerprints or scope.entitlements):
        return NOTHING
    names = _names(account_id, scope, named)
    found = yield need(names.license, names.email, names.machine, *names.codes.values())
    place = _place(account_id, found, names, named)
    if place is None:
        return NOTHING
    license_id, policy_id = place
    user_id = _user_id(found, names, scope)
    codes = {code: str(item["target"]) for code, key in names.codes.items() if (item := live(found, key, "unique"))}
    wanted = _wanted(account_id, scope, license_id, policy_id, user_id, codes, found, names)
    found = yield need(*wanted.every())
    return Scoped(
        license_id=license_id,
        policy_id=policy_id,
        user_id=_existing(found, wanted, scope, user_id),
        attached=_is_there(found, wanted.attached),
        machine=_machine(found, wanted.machine, license_id),
        machines=_machines(found, wanted),
        components=_components(found, wanted, scope),
        entitled=frozenset(_entitled(found, wanted)),
    )


def bucket(
    account_id: str, license_id: str, owner_ids: Mapping[str | None, str | None]
) -> Plan[dict[str | None, Item]]:
    """The buckets of owners, by the same names; those that are there."""
    where = {name: keys.bucket(account_id, license_id, owner_id) for name, owner_id in owner_ids.items()}
    found = yield need(*where.values())
    items = {name: live(found, key, buckets.KIND) for name, key in where.items()}
    return {name: item for name, item in items.items() if item is not None}


class _Wanted(msgspec.Struct, frozen=True):
    """The keys of the second round."""

    user: Key | None
    attached: Key | None
    machine: Key | None
    machines: Mapping[str, Key]
    components: Mapping[str, Key]
    entitlements: Mapping[str, tuple[Key, ...]]

    def every(self) -> tuple[Key | None, ...]:
        pairs = (key for keys_ in self.entitlements.values() for key in keys_)
        single = (self.user, self.attached, self.machine)
        return (*single, *self.machines.values(), *self.components.values(), *pairs)


def _names(account_id: str, scope: Scope, named: Named) -> _Names:
    email = scope.user if scope.user and not is_uuid(scope.user) else None
    machine = scope.machine if scope.machine and is_uuid(scope.machine) else None
    return _Names(
        license=None if named.key is None else keys.unique(account_id, "license-key", named.key),
        email=None if email is None else users.email_key(account_id, email),
        machine=None if machine is None else keys.pointer(account_id, machines.KIND, normal_uuid(machine)),
        codes={code: entitlements.code_key(account_id, code) for code in scope.entitlements},
    )


def _place(account_id: str, found: Found, names: _Names, named: Named) -> tuple[str, str | None] | None:
    """The license and its policy, as the guard promises or the facts say, if they were read already."""
    if named.license_id is not None and named.policy_id is not None:
        return named.license_id, named.policy_id
    if named.license_id is not None:
        facts = found.get(keys.facts(account_id, named.license_id))
        if facts is None or facts["kind"] != licenses.KIND:
            return named.license_id, None
        return named.license_id, str(facts["policy_id"])
    guard = live(found, names.license, "unique")
    return None if guard is None else (guard["target"], guard.get("policy_id"))


def _user_id(found: Found, names: _Names, scope: Scope) -> str | None:
    if scope.user and is_uuid(scope.user):
        return scope.user
    guard = live(found, names.email, "unique")
    return None if guard is None else str(guard["target"])


def _wanted(
    account_id: str,
    scope: Scope,
    license_id: str,
    policy_id: str | None,
    user_id: str | None,
    codes: Mapping[str, str],
    found: Found,
    names: _Names,
) -> _Wanted:
    pointer = live(found, names.machine, "pointer")
    single = scope.fingerprints[0] if "fingerprint" in scope.given and scope.fingerprints else None
    return _Wanted(
        user=None if user_id is None else keys.resource(account_id, users.KIND, user_id),
        attached=None if user_id is None else attachments.key_of(account_id, "license-user", license_id, user_id),
        machine=None if pointer is None else Key(pointer["target_pk"], pointer["target_sk"]),
        machines={one: keys.machine(account_id, license_id, one) for one in scope.fingerprints},
        components={
            one: keys.component(account_id, license_id, single, one) for one in scope.components if single is not None
        },
        entitlements={
            code: _entitlement_keys(account_id, license_id, policy_id, identifier) for code, identifier in codes.items()
        },
    )


def _entitlement_keys(account_id: str, license_id: str, policy_id: str | None, identifier: str) -> tuple[Key, ...]:
    """The entitlement itself, and where it would be attached."""
    inherited = (
        () if policy_id is None else (attachments.key_of(account_id, "policy-entitlement", policy_id, identifier),)
    )
    return (
        keys.resource(account_id, entitlements.KIND, identifier),
        attachments.key_of(account_id, "license-entitlement", license_id, identifier),
        *inherited,
    )


def _is_there(found: Found, key: Key | None) -> bool:
    return key is not None and found[key] is not None


def _existing(found: Found, wanted: _Wanted, scope: Scope, user_id: str | None) -> str | None:
    """The scope is compared exactly with the id or the email (validation.md §5.7)."""
    item = live(found, wanted.user, users.KIND)
    return user_id if item is not None and scope.user in (item["id"], item["email"]) else None


def _machine(found: Found, key: Key | None, license_id: str) -> Machine | None:
    item = live(found, key, machines.KIND)
    return machines.machine_of(item) if item is not None and item["license_id"] == license_id else None


def _machines(found: Found, wanted: _Wanted) -> tuple[Machine, ...]:
    items = {fingerprint: live(found, key, machines.KIND) for fingerprint, key in wanted.machines.items()}
    return tuple(
        machines.machine_of(item)
        for fingerprint, item in items.items()
        if item is not None and item["fingerprint"] == fingerprint
    )


def _components(found: Found, wanted: _Wanted, scope: Scope) -> frozenset[str]:
    """One that another machine before this one left behind is none."""
    machine = next(iter(_machines(found, wanted)), None)
    if machine is None or not wanted.components:
        return frozenset()
    items = [live(found, key, components.KIND) for key in wanted.components.values()]
    return frozenset(item["fingerprint"] for item in items if item is not None and item["machine_id"] == machine.id)


def _entitled(found: Found, wanted: _Wanted) -> list[str]:
    held = []
    for code, (itself, *attached) in wanted.entitlements.items():
        item = live(found, itself, entitlements.KIND)
        if item is not None and item["code"] == code and any(found[key] is not None for key in attached):
            held.append(code)
    return held
