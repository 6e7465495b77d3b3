"""Whose a license is: its policy, owner and group, shown and changed (spec licenses.md §10.4-10.6)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.kinds.groups import GROUPS
from chalicelib.api.kinds.licenses import LICENSES, load_one, show, subject
from chalicelib.api.kinds.policies import POLICIES
from chalicelib.api.kinds.users import USERS
from chalicelib.api.operation import Arrival, Command, Order, Outcome, Scene
from chalicelib.api.peek import target
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.api.schema import linkage, spellings
from chalicelib.licensing import transfer
from chalicelib.licensing.access import authorize
from chalicelib.licensing.errors import InvalidFields, missing
from chalicelib.licensing.fields import unrelated
from chalicelib.licensing.group import Counted
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from chalicelib.store.fetch import Plan
from chalicelib.store.items import license_relations as stored
from chalicelib.store.items.license import MeterRow
from chalicelib.store.loads import groups, people, relations, resources
from chalicelib.store.loads.collisions import AT_ONCE, Collisions, found
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.relations import NewOwner
from chalicelib.store.tasks import follow_license
from chalicelib.store.unit import Write

CHANGE = ("PUT", "PATCH")
TOO_MANY = f"cannot change to a policy with a more strict uniqueness strategy (more than {AT_ONCE} fingerprints)"
POLICY = linkage(*spellings("policy", "policies"))
OWNER = linkage(*spellings("user", "users"), nullable=True)
GROUP = linkage(*spellings("group", "groups"), nullable=True)


def _load_policy(arrival: Arrival) -> Plan[Policy | None]:
    name = target(arrival.document)
    return None if name is None else (yield from resources.policy_by_id(arrival.account_id, name))


def _load_owner(arrival: Arrival) -> Plan[NewOwner]:
    return relations.new_owner(arrival.account_id, load_one(arrival), target(arrival.document))


def _load_group(arrival: Arrival) -> Plan[Counted | None]:
    return groups.by_id(arrival.account_id, target(arrival.document))


def _may_change_policy(scene: Scene) -> None:
    named = replace(subject(LICENSES.one(scene)), new_policy=scene.extra)
    authorize(scene.bearer, "license.policy.update", "license.policy.update", named)


def _policy(scene: Scene, command: Command) -> Outcome:
    return Outcome(body={"data": POLICIES.show(scene, LICENSES.one(scene).policy)})


def _owner(scene: Scene, command: Command) -> Outcome:
    owner_id = LICENSES.one(scene).license.owner_id
    if owner_id is None:
        return Outcome(body={"data": None})
    person = scene.read(people.by_id(scene.account_id, owner_id, scene.now))
    if person is None:
        raise missing("user", owner_id)
    return Outcome(body={"data": USERS.show(scene, person)})


def _group(scene: Scene, command: Command) -> Outcome:
    found = scene.read(groups.by_id(scene.account_id, LICENSES.one(scene).license.group_id))
    if found is None:
        raise missing("group")
    return Outcome(body={"data": GROUPS.show(scene, found)})


def _change_policy(scene: Scene, command: Command) -> Outcome:
    """Where fingerprints must be unique further out than before, every one of them goes through its fence; a machine
    that comes meanwhile is one more, and makes it be decided again.
    """
    licensed, policy = LICENSES.one(scene), scene.extra
    before = licensed.license
    collisions = Collisions() if policy is None else scene.read(found(scene.account_id, licensed, policy))
    after = transfer.change_policy(
        before,
        licensed.policy,
        policy,
        scene.now,
        machines_collide=collisions.machines,
        components_collide=collisions.components,
    )
    if collisions.too_many:
        raise InvalidFields(unrelated("policy", "NOT_COMPATIBLE", TOO_MANY))
    counted = MeterRow.machines == before.machines if collisions.fences else None
    writes = stored.transferred(scene.account_id, before, after, policy, scene.now, also=counted)
    moved = (follow_license(scene.account_id, after, scene.new_id(), scene.now),) if before.machines else ()
    return _changed(
        scene, after, policy, licensed.owner, (*writes, *collisions.fences, *moved), "license.policy.updated"
    )


def _change_owner(scene: Scene, command: Command) -> Outcome:
    licensed, new = LICENSES.one(scene), scene.extra
    before, policy = licensed.license, licensed.policy
    named = command["data"] is not None
    after = transfer.change_owner(
        before, policy, new.user, scene.now, named=named, attached=new.attached, group=new.group
    )
    into = None if new.group is None else new.group.group
    writes = stored.owned(scene.account_id, before, after, policy, scene.now, into)
    return _changed(scene, after, policy, new.user, writes, "license.owner.updated")


def _change_group(scene: Scene, command: Command) -> Outcome:
    licensed, new = LICENSES.one(scene), scene.extra
    before, policy = licensed.license, licensed.policy
    after = transfer.change_group(before, policy, new, scene.now, named=command["data"] is not None)
    into = None if new is None else new.group
    writes = stored.transferred(scene.account_id, before, after, policy, scene.now, into)
    return _changed(scene, after, policy, licensed.owner, writes, "license.group.updated")


def _changed(
    scene: Scene, license: License, policy: Policy, owner: User | None, writes: tuple[Write, ...], event: str
) -> Outcome:
    return Outcome(body={"data": show(scene, Licensed(license, policy, owner))}, writes=writes, event=event)


OPERATIONS = (
    LICENSES.member("license.policy.read", ("GET",), f"{MEMBER}/policy", load_one, _policy, permission="policy.read"),
    LICENSES.member(
        "license.policy.update",
        CHANGE,
        f"{MEMBER}/policy",
        load_one,
        _change_policy,
        extra=_load_policy,
        authorize=_may_change_policy,
        body=POLICY,
        order=Order.BODY_FIRST,
        events=("license.policy.updated",),
    ),
    LICENSES.member("license.owner.read", ("GET",), f"{MEMBER}/owner", load_one, _owner, permission="user.read"),
    LICENSES.member(
        "license.owner.update",
        CHANGE,
        f"{MEMBER}/owner",
        load_one,
        _change_owner,
        extra=_load_owner,
        body=OWNER,
        events=("license.owner.updated",),
    ),
    LICENSES.member("license.group.read", ("GET",), f"{MEMBER}/group", load_one, _group, permission="group.read"),
    LICENSES.member(
        "license.group.update",
        CHANGE,
        f"{MEMBER}/group",
        load_one,
        _change_group,
        extra=_load_group,
        body=GROUP,
        order=Order.BODY_FIRST,
        events=("license.group.updated",),
    ),
)
