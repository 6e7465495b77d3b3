"""What mappers of components and processes share: the part there is, and the machine a new one is put on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib.admin.transfer.document import Sent, to_one
from chalicelib.admin.transfer.kind import GONE, Place, each, expected
from chalicelib.admin.transfer.report import Rejected
from chalicelib.licensing.component import Component
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.process import Process
from chalicelib.store import keys
from chalicelib.store.fetch import Entry, Plan, need, together
from chalicelib.store.keys import Key
from chalicelib.store.loads import machines, parts
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.parts import Kept, Part
from chalicelib.store.table import Item

P = TypeVar("P", Component, Process)

LINKS = {
    "machine": to_one("machine", machines="machine", machine="machine"),
    "license": to_one("license", licenses="license", license="license"),
    "product": to_one("product", products="product", product="product"),
}
"""License and product are those of the machine, whatever a line says."""


class Found(msgspec.Struct, Generic[P], frozen=True):
    """What is at the id, the part it leads to, the machine the line names, and what is where a new part would be."""

    pointer: Item | None
    part: Part[P] | None
    machine: Installed | None
    holder: Item | None

    def taken(self, part_id: str) -> bool:
        """Whether the machine has another part of this name; what an earlier machine left does not count."""
        if self.holder is None or self.machine is None:
            return False
        return bool(self.holder["machine_id"] == self.machine.machine.id and self.holder["id"] != part_id)


def found(account_id: str, kept: Kept[P], sent: Sent, key: Callable[[Machine], Key | None]) -> Plan[Found[P]]:
    """What a line needs to be decided; `key` tells where the part would be."""
    part, installed = yield from together(parts.by_id(account_id, kept, sent.id), _machine(account_id, sent))
    pointer = keys.pointer(account_id, kept.kind, sent.id)
    holder = None if installed is None else key(installed.machine)
    read = yield need(pointer, holder)
    return Found(read[pointer], part, installed, None if holder is None else read[holder])


def _machine(account_id: str, sent: Sent) -> Plan[Installed | None]:
    linked = sent.links.get("machine")
    return None if linked is None else (yield from machines.by_id(account_id, linked.id))


def there(sent: Sent, found: Found[P]) -> Part[P] | None:
    """The part there is, None when the line makes a new one on `found.machine`. Raises Rejected."""
    linked = sent.links.get("machine")
    if linked is not None:
        expected(found.machine, linked.kind, linked.id)
    if found.part is None:
        if found.pointer is not None:
            raise Rejected(GONE)
        if linked is None:
            raise Rejected("relationships.machine: is missing")
        return None
    machine_id = found.part.value.machine_id
    if linked is not None and linked.id != machine_id:
        raise Rejected(f"relationships.machine: cannot change from {machine_id}")
    return found.part


def said(sent: Sent, name: str) -> str:
    """An attribute that new parts must have. Raises Rejected."""
    value: str | None = sent.given.get(name)
    if value is None:
        raise Rejected(f"attributes.{name}: is missing")
    return value


def every(place: Place, kept: Kept[P]) -> Iterator[P]:
    """All parts of the account in the order of lists."""
    return (part.value for part in each(place, kept.kind, lambda page: _many(place.account_id, kept, page)))


def _many(account_id: str, kept: Kept[Any], page: list[Entry]) -> Plan[list[Part[Any] | None]]:
    """Read strongly, and none that took the place of another meanwhile: it stands elsewhere in the list."""
    loaded = yield from parts.at(account_id, kept, [entry.key for entry in page])
    return [
        one if one is not None and one.value.id == entry.identifier else None
        for entry, one in zip(page, loaded, strict=True)
    ]
