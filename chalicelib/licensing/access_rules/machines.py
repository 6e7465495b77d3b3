"""Machines, and the components and processes that are acted on through theirs (spec machines.md §3.2, auth.md §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.licensing.access_rules.rule import EVERYBODY, HOLDERS, ITSELF, PRODUCT, Rule
from chalicelib.licensing.ties import license_protected, machine_owner, owner, protected_from_holders

_OWNERS = (machine_owner, owner)
_READERS = (machine_owner, *HOLDERS)
_PROTECTED = (license_protected,)

# Staff, product, user, license; unless.
_LIST = Rule("ADSPR", EVERYBODY, EVERYBODY, EVERYBODY)
_READ = Rule("ADSPR", PRODUCT, _READERS, ITSELF)
_COME_AND_GO = Rule("ADS", PRODUCT, _OWNERS, ITSELF, unless=_PROTECTED)
_PING = Rule("AD", PRODUCT, _OWNERS, ITSELF, unless=_PROTECTED)
_MANAGE = Rule("ADS", PRODUCT)

_BELOW = ("product.read", "license.read", "owner.read", "group.read", "components.list", "processes.list")


def _part(kind: str) -> Iterator[tuple[str, Rule]]:
    """The rows of components or processes."""
    yield f"{kind}.list", _LIST
    for what in ("read", "product.read", "license.read", "machine.read"):
        yield f"{kind}.{what}", _READ
    for what in ("create", "delete"):
        yield f"{kind}.{what}", _COME_AND_GO
    yield f"{kind}.update", Rule("ADSP", PRODUCT, _OWNERS, ITSELF, unless=_PROTECTED)


RULES: Mapping[str, Rule] = {
    "machine.list": _LIST,
    "machine.read": _READ,
    **{f"machine.{what}": _READ for what in _BELOW},
    "machine.create": _COME_AND_GO,
    "machine.update": Rule("ADSP", PRODUCT, _OWNERS, ITSELF, unless=(protected_from_holders,)),
    "machine.delete": _COME_AND_GO,
    "machine.heartbeat.ping": _PING,
    "machine.heartbeat.reset": _MANAGE,
    "machine.check-out": Rule("ADSP", PRODUCT, _READERS, ITSELF, unless=_PROTECTED),
    "machine.owner.update": _MANAGE,
    "machine.group.update": _MANAGE,
    **dict(_part("component")),
    **dict(_part("process")),
    "process.heartbeat.ping": _PING,
}
