"""Machines change hands: owner and group (spec machines.md §6.2, §6.3)."""

from __future__ import annotations

from chalicelib.api.kinds.machines import MACHINES, load_one, show
from chalicelib.api.operation import Arrival, Command, Order, Outcome, Scene
from chalicelib.api.peek import target
from chalicelib.api.resources.machines.common import MEMBER
from chalicelib.api.resources.machines.life import changed
from chalicelib.api.schema import linkage, spellings
from chalicelib.licensing import activation
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.store.fetch import Plan, together
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.items.bucket import sums_of
from chalicelib.store.loads import groups as group_loads
from chalicelib.store.loads import relations
from chalicelib.store.loads.machines import buckets_of
from chalicelib.store.unit import Check, Write

OWNER = linkage(*spellings("user", "users"), nullable=True)
GROUP = linkage(*spellings("group", "groups"), nullable=True)


def _change_owner(scene: Scene, command: Command) -> Outcome:
    installed = MACHINES.one(scene)
    before, licensed = installed.machine, installed.licensed
    named = target(scene.arrival.document)
    owner, attached = scene.read(relations.holder(scene.account_id, before.license_id, named))
    owner_id = None if owner is None else owner.id
    read, group, own = scene.read(
        together(
            buckets_of(scene.account_id, before.license_id, [before.owner_id, owner_id]),
            group_loads.by_id(scene.account_id, None if owner is None else owner.group_id),
            group_loads.by_id(scene.account_id, before.group_id),
        )
    )
    after = activation.change_owner(
        before,
        licensed.license,
        licensed.policy,
        owner,
        scene.now,
        named=named is not None,
        attached=attached,
        bucket=sums_of(read[owner_id]),
        group=group,
    )
    old = None if own is None else own.group
    new = group.group if group is not None and after.group_id == group.group.id else old
    return Outcome(
        body={"data": show(scene, installed, after)},
        writes=(
            *changed(scene, installed, after, read),
            *groups.moved(scene.account_id, "machines", old, new),
            *(() if owner_id == before.owner_id else _attached(scene, licensed.license, owner_id)),
        ),
        event="machine.owner.updated",
    )


def _attached(scene: Scene, license: License, owner_id: str | None) -> tuple[Write, ...]:
    """The proof that a new owner is still attached; that it owns the license is proved with the seat."""
    if owner_id is None or owner_id == license.owner_id:
        return ()
    tie = attachments.key_of(scene.account_id, "license-user", license.id, owner_id)
    return (Check(AttachmentRow, tie, AttachmentRow.pk.exists()),)


def _load_group(arrival: Arrival) -> Plan[Counted | None]:
    """The group to enter. It is counted before the machine is read: one that is in it by then is not kept out."""
    return group_loads.by_id(arrival.account_id, target(arrival.document))


def _change_group(scene: Scene, command: Command) -> Outcome:
    installed = MACHINES.one(scene)
    before, group = installed.machine, scene.extra
    own = scene.read(group_loads.by_id(scene.account_id, before.group_id))
    after = activation.change_group(before, group, scene.now, named=command["data"] is not None)
    old, new = (None if found is None else found.group for found in (own, group))
    return Outcome(
        body={"data": show(scene, installed, after)},
        writes=(*changed(scene, installed, after, {}), *groups.moved(scene.account_id, "machines", old, new)),
        event="machine.group.updated",
    )


OPERATIONS = (
    MACHINES.member(
        "machine.owner.update",
        ("PUT", "PATCH"),
        f"{MEMBER}/owner",
        load_one,
        _change_owner,
        body=OWNER,
        events=("machine.owner.updated",),
    ),
    MACHINES.member(
        "machine.group.update",
        ("PUT", "PATCH"),
        f"{MEMBER}/group",
        load_one,
        _change_group,
        extra=_load_group,
        body=GROUP,
        order=Order.BODY_FIRST,
        events=("machine.group.updated",),
    ),
)
