"""The machines that a path means: an id or a fingerprint, among what is visible to who asks (spec machines.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store import keys
from chalicelib.store.fetch import Need, Plan, Prefix, need
from chalicelib.store.items import machine as machines
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.loads.machines import Installed, at, targets, with_attached
from chalicelib.store.table import Item

FEW = 20
"""How many machines with one fingerprint are loaded at once, before it is known who asks."""
HOLDERS = 1_000
"""How many machines with one fingerprint a look-up by it goes through, oldest first."""
STEP = 100


class Named(msgspec.Struct, frozen=True):
    """The machines that a path may mean, oldest first: which of them it does depends on who asks.

    `more`: others with this fingerprint may follow.
    """

    text: str
    machines: tuple[Installed, ...] = ()
    more: bool = False


def named(account_id: str, text: str, credential: Key | None = None) -> Plan[Named]:
    """What stands in a path.

    `credential` is where the token of who asks is stored, or the guard of its license key: a license has no machines
    but its own, and those are where their fingerprints say.
    """
    pointer, ask = _pointer(account_id, text), _holders(account_id, text, FEW)
    asks = () if credential is not None and credential.sk == keys.UNIQUE else (ask,)
    found = yield Need(tuple(key for key in (credential, pointer) if key is not None), asks)
    by_id = targets([live(found, pointer, "pointer")])
    license_id = _license_of(None if credential is None else found[credential])
    if license_id is not None:
        return (yield from _on_license(account_id, license_id, text, by_id))
    rows: list[Item] = found.get(ask, [])
    loaded = yield from at(account_id, [*by_id, *targets(rows)])
    return Named(text, _oldest_first(loaded, text), len(rows) == FEW)


def on_license(account_id: str, license_id: str, text: str) -> Plan[Named]:
    """The same of one license."""
    pointer = _pointer(account_id, text)
    found = yield need(pointer)
    return (yield from _on_license(account_id, license_id, text, targets([live(found, pointer, "pointer")])))


def chosen(
    account_id: str, named: Named, wanted: Callable[[Installed], bool], user_id: str | None = None
) -> Plan[Installed | None]:
    """The oldest that is `wanted`. Each tells then whether the user, if there is one, is attached to its license."""
    found = yield from _first(account_id, named.machines, wanted, user_id)
    if found is not None or not named.more:
        return found
    ask = _holders(account_id, named.text, HOLDERS)
    read = yield Need(asks=(ask,))
    rows: list[Item] = read[ask][FEW:]
    for start in range(0, len(rows), STEP):
        loaded = yield from at(account_id, targets(rows[start : start + STEP]))
        found = yield from _first(account_id, _oldest_first(loaded, named.text), wanted, user_id)
        if found is not None:
            return found
    return None


def _on_license(account_id: str, license_id: str, text: str, by_id: Sequence[Key]) -> Plan[Named]:
    by_print = keys.machine(account_id, license_id, text)
    loaded = yield from at(account_id, [by_print, *(key for key in by_id if key.pk == by_print.pk)])
    return Named(text, _oldest_first(loaded, text))


def _first(
    account_id: str, found: Sequence[Installed], wanted: Callable[[Installed], bool], user_id: str | None
) -> Plan[Installed | None]:
    tied = yield from with_attached(account_id, user_id, found)
    return next((one for one in tied if one is not None and wanted(one)), None)


def _license_of(credential: Item | None) -> str | None:
    """The license that a stored token, or the guard of a license key, is of."""
    if credential is None:
        return None
    if credential["kind"] == "unique":
        return str(credential["target"])
    is_license = credential["kind"] == "token" and credential["bearer_kind"] == "license"
    return str(credential["bearer_id"]) if is_license else None


def _oldest_first(loaded: Iterable[Installed | None], text: str) -> tuple[Installed, ...]:
    """Those that are called so, each once."""
    name = normal_uuid(text) if is_uuid(text) else None
    found = [one for one in loaded if one is not None]
    called = {one.machine.id: one for one in found if one.machine.fingerprint == text or one.machine.id == name}
    return tuple(sorted(called.values(), key=lambda one: keys.position(one.machine.created, one.machine.id)))


def _pointer(account_id: str, text: str) -> Key | None:
    return keys.pointer(account_id, machines.KIND, normal_uuid(text)) if is_uuid(text) else None


def _holders(account_id: str, fingerprint: str, limit: int) -> Prefix:
    """The oldest rows of machines with a fingerprint."""
    return Prefix(keys.fingerprint(account_id, machines.KIND, fingerprint), "", limit)
