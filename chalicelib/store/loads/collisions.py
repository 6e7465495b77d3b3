"""Whether what a license holds would still be unique under another policy (spec licenses.md D-6)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from chalicelib.licensing.policy import Policy
from chalicelib.licensing.uniqueness import RANKS, Kind, Place, is_wide, taken
from chalicelib.store import keys
from chalicelib.store.fetch import Need, Plan, Prefix, together
from chalicelib.store.items import fence
from chalicelib.store.loads.holders import holders
from chalicelib.store.loads.license import Licensed
from chalicelib.store.table import Item
from chalicelib.store.unit import Write

AT_ONCE = 80
"""How many fingerprints one transaction proves besides what goes with them."""


class Collisions(msgspec.Struct, frozen=True):
    """Whether machines, or components, of the license collide in the wider scope; the fences that prove they do not.

    `too_many`: they are more than one transaction can prove.
    """

    machines: bool = False
    components: bool = False
    fences: tuple[Write, ...] = ()
    too_many: bool = False


def found(account_id: str, licensed: Licensed, new: Policy) -> Plan[Collisions]:
    """Nothing is read unless a strategy becomes stricter and there are machines."""
    kinds = [kind for kind in _STRATEGIES if _is_raised(kind, licensed.policy, new)]
    if not kinds or not licensed.license.machines:
        return Collisions()
    asks = {kind: Prefix(*keys.below_license(account_id, kind, licensed.license.id)) for kind in kinds}
    read = yield Need(asks=tuple(asks.values()))
    held: dict[Kind, list[Item]] = {kind: list(read[ask]) for kind, ask in asks.items()}
    if sum(len(items) for items in held.values()) > AT_ONCE:
        return Collisions(too_many=True)
    collide: dict[Kind, bool] = {}
    fences: list[Write] = []
    for kind, items in held.items():
        collide[kind], passed = yield from _judged(account_id, kind, items, licensed, new)
        fences += passed
    return Collisions(collide.get("machine", False), collide.get("component", False), tuple(fences))


def _judged(
    account_id: str, kind: Kind, items: Sequence[Item], licensed: Licensed, new: Policy
) -> Plan[tuple[bool, list[Write]]]:
    """Every fingerprint in the place its holder will have; the holder itself is no other."""
    distinct = {item["fingerprint"] for item in items}
    looked_up = yield from together(*(holders(account_id, kind, one) for one in sorted(distinct)))
    others = dict(zip(sorted(distinct), looked_up, strict=True))
    strategy = getattr(new, _STRATEGIES[kind])
    collides = any(_collides(kind, item, strategy, others[item["fingerprint"]].places, licensed, new) for item in items)
    fences = [fence.passed(account_id, kind, one, held.fence) for one, held in others.items()]
    return collides, fences if is_wide(kind, strategy) else []


def _collides(kind: Kind, item: Item, strategy: str, places: Sequence[Place], licensed: Licensed, new: Policy) -> bool:
    license_id = licensed.license.id
    machine_id = item.get("machine_id")
    place = Place(product_id=new.product_id, policy_id=new.id, license_id=license_id, machine_id=machine_id)
    moved = [_moved(one, license_id, new) for one in places]
    rest = [one for one in moved if (one.license_id, one.machine_id) != (license_id, machine_id)]
    return taken(kind, strategy, place, rest) is not None


def _moved(place: Place, license_id: str, new: Policy) -> Place:
    """What is on the same license moves with it."""
    if place.license_id != license_id:
        return place
    return replace(place, product_id=new.product_id, policy_id=new.id)


def _is_raised(kind: Kind, current: Policy, new: Policy) -> bool:
    name = _STRATEGIES[kind]
    return RANKS[getattr(new, name)] > RANKS[getattr(current, name)]


_STRATEGIES: dict[Kind, str] = {
    "machine": "machine_uniqueness_strategy",
    "component": "component_uniqueness_strategy",
}
