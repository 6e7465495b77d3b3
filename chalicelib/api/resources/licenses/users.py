"""Users of a license: its owner and those attached to it (spec licenses.md §10.2)."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.api import attachments
from chalicelib.api.kinds.licenses import LICENSES, load_one
from chalicelib.api.kinds.users import USERS
from chalicelib.api.lists.attached import targets
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.api.schema import spellings
from chalicelib.licensing import attachment as rules
from chalicelib.licensing.attachment import Attachment, Wanted
from chalicelib.licensing.license import License
from chalicelib.licensing.user import User
from chalicelib.store import keys, tasks, walk
from chalicelib.store.fetch import Entry, Plan
from chalicelib.store.items import license_relations as stored
from chalicelib.store.loads import attachments as loads
from chalicelib.store.loads import relations
from chalicelib.store.loads.relations import NamedUsers
from chalicelib.store.tasks import attach

PATH = f"{MEMBER}/users"
BODY = attachments.body(spellings("user", "users"))
ATTACHED, DETACHED = "license.users.attached", "license.users.detached"


def _load_named(arrival: Arrival) -> Plan[NamedUsers]:
    return relations.users_named(arrival.account_id, load_one(arrival), attachments.named(arrival.document))


def _list(scene: Scene, command: Command) -> Outcome:
    licensed = LICENSES.one(scene)
    attached = scene.read(loads.of_holder(scene.account_id, "license-user", licensed.license.id))
    owner = licensed.owner
    if _sees_customers_only(scene):
        attached = _customers(scene, attached)
        owner = owner if owner is not None and owner.role == "user" else None
    streams = (targets(scene, USERS, attached), _owner(scene, owner))
    return USERS.page(scene, streams, uncut=True)


def _sees_customers_only(scene: Scene) -> bool:
    """A product does; everybody else who may read these users sees all of them."""
    return scene.bearer is not None and scene.bearer.kind == "product"


def _customers(scene: Scene, attached: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    found = scene.read(loads.users_by_id(scene.account_id, [one.target_id for one in attached]))
    return tuple(one for one in attached if one.target_id in found and found[one.target_id].role == "user")


def _owner(scene: Scene, owner: User | None) -> walk.Given:
    if owner is None:
        return walk.Given(())
    return walk.Given((Entry(keys.position(owner.created, owner.id), USERS.key(scene.account_id, owner.id)),))


def _show(scene: Scene, command: Command) -> Outcome:
    license, child = LICENSES.one(scene).license, scene.arrival.ids["child"]
    member = relations.member(scene.account_id, license, child, scene.now)
    return USERS.child(scene, member, uncut=not _sees_customers_only(scene))


def _attach(scene: Scene, command: Command) -> Outcome:
    licensed, named = LICENSES.one(scene), scene.extra
    license, policy = licensed.license, licensed.policy
    wanted = Wanted(attachments.asked(command), named.users, named.attached)
    made = rules.attach_users(license, policy, wanted, scene.new_id, scene.now)
    seats = stored.seated(scene.account_id, license, policy, len(made))
    outcome = attachments.attached(scene, made, license.created, ATTACHED, seats)
    outcome.status = 201
    return outcome


def _detach(scene: Scene, command: Command) -> Outcome:
    license = LICENSES.one(scene).license
    gone = rules.detach_users(license, attachments.asked(command), scene.extra.attached)
    seats = stored.unseated(scene.account_id, license.id, attach.at_once(gone))
    outcome = attachments.detached(scene, gone, license.created, DETACHED, seats)
    return _disowning(scene, license, [one.target_id for one in gone], outcome) if license.machines else outcome


def _disowning(scene: Scene, license: License, user_ids: Sequence[str], outcome: Outcome) -> Outcome:
    """The machines of whom was detached stay, and are nobody's."""
    account_id, task_id, before = scene.account_id, scene.new_id(), outcome.then
    begin = scene.begin(task_id)

    def then() -> None:
        if before is not None:
            before()
        begin()

    outcome.writes = (*outcome.writes, tasks.disown_machines(account_id, license, user_ids, task_id, scene.now))
    outcome.then = then
    return outcome


OPERATIONS = (
    LICENSES.below("license.users.list", PATH, load_one, _list, "user.read"),
    LICENSES.member(
        "license.users.read",
        ("GET",),
        f"{PATH}/{{child}}",
        load_one,
        _show,
        rule="license.users.list",
        permission="user.read",
    ),
    *attachments.operations(LICENSES, "license.users", PATH, load_one, _attach, _detach, extra=_load_named, body=BODY),
)
