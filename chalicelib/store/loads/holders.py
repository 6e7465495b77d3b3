"""Who holds a fingerprint in an account, and the fence that proves that nobody else came to hold it (STORE §4)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib.licensing.license import License
from chalicelib.licensing.uniqueness import Kind, Place
from chalicelib.store import keys
from chalicelib.store.fetch import Need, Plan, Prefix, need
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines, parts
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item

MOST = 10_000
"""How many holders of one fingerprint are looked at, oldest first."""


class Held(msgspec.Struct, frozen=True):
    """Who holds a fingerprint beyond the license, and the fence that was passed by; nothing where nobody asks."""

    places: tuple[Place, ...] = ()
    fence: Item | None = None
    wide: bool = False


def holders(account_id: str, kind: Kind, fingerprint: str) -> Plan[Held]:
    """The places of all holders, which are those of their licenses now, read strongly. What is gone holds nothing.

    The fence is read before the rows: whoever goes through it as it was seen here has missed no row.
    """
    fence_key = keys.fence(account_id, kind, fingerprint)
    found = yield need(fence_key)
    seen = live(found, fence_key, "fence")
    ask = Prefix(keys.fingerprint(account_id, kind, fingerprint), "", MOST)
    found = yield Need(asks=(ask,))
    where = machines.targets(found[ask])
    places = yield from (_of_machines if kind == "machine" else _of_components)(account_id, where, fingerprint)
    return Held(places, seen, wide=True)


def _of_machines(account_id: str, where: Sequence[Key], fingerprint: str) -> Plan[tuple[Place, ...]]:
    loaded = yield from machines.at(account_id, where)
    found = (one for one in loaded if one is not None and one.machine.fingerprint == fingerprint)
    return tuple(_place(one.licensed.license, None) for one in found)


def _of_components(account_id: str, where: Sequence[Key], fingerprint: str) -> Plan[tuple[Place, ...]]:
    loaded = yield from parts.at(account_id, parts.COMPONENTS, where)
    found = (part for part in loaded if part is not None and part.value.fingerprint == fingerprint)
    return tuple(_place(part.installed.licensed.license, part.value.machine_id) for part in found)


def _place(license: License, machine_id: str | None) -> Place:
    return Place(
        product_id=license.product_id, policy_id=license.policy_id, license_id=license.id, machine_id=machine_id
    )
