"""Who and what is in a group (spec resources.md §3). Its owners see everything of it, whatever they may see elsewhere;
products see users of any product, licenses and machines of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chalicelib.api.kind import Kind, is_customer
from chalicelib.api.kinds.groups import GROUPS, load_one
from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.kinds.users import USERS
from chalicelib.api.lists.machines import machine_child, machine_page
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.api.resources.groups.common import MEMBER
from chalicelib.store.fetch import Plan
from chalicelib.store.items import license as stored_licenses
from chalicelib.store.items import user as stored_users
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads import people
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.machines import Installed
from chalicelib.store.loads.people import Person
from chalicelib.store.starts import related

T = TypeVar("T")
Decision = Callable[[Scene, Command], Outcome]


def _is_in(scene: Scene, group_of: Callable[[T], str | None]) -> Callable[[T], bool]:
    """Whether something is in the group of the path now; the index may be behind."""
    group_id = GROUPS.one(scene).group.id
    return lambda one: group_of(one) == group_id


def _list(kind: Kind[T], stored: str, group_of: Callable[[T], str | None]) -> Decision:
    def decide(scene: Scene, command: Command) -> Outcome:
        stream = related(scene.account_id, "group", GROUPS.one(scene).group.id, stored)
        return kind.page(
            scene,
            (stream,),
            matches=_is_in(scene, group_of),
            selective=scene.bearer is not None and scene.bearer.kind == "product",
            uncut=is_customer(scene),
        )

    return decide


def _read(kind: Kind[T], load: Callable[[Scene, str], Plan[T | None]], group_of: Callable[[T], str | None]) -> Decision:
    def decide(scene: Scene, command: Command) -> Outcome:
        plan = load(scene, scene.arrival.ids["child"])
        return kind.child(scene, plan, _is_in(scene, group_of), uncut=is_customer(scene))

    return decide


def _load_user(scene: Scene, text: str) -> Plan[Person | None]:
    return people.by_id_or_email(scene.account_id, text, scene.now)


def _group_of_user(person: Person) -> str | None:
    return person.user.group_id


def _load_license(scene: Scene, text: str) -> Plan[Licensed | None]:
    return licenses.by_id_or_key(scene.account_id, text)


def _group_of_license(licensed: Licensed) -> str | None:
    return licensed.license.group_id


def _list_machines(scene: Scene, command: Command) -> Outcome:
    return machine_page(scene, {"group": GROUPS.one(scene).group.id}, (), uncut=is_customer(scene))


def _read_machine(scene: Scene, command: Command) -> Outcome:
    return machine_child(scene, _is_in(scene, _group_of_machine), uncut=is_customer(scene))


def _group_of_machine(installed: Installed) -> str | None:
    return installed.machine.group_id


def _operations(plural: str, listed: Decision, read: Decision) -> tuple[Operation, Operation]:
    path, rule, permission = f"{MEMBER}/{plural}", f"group.{plural}.list", f"group.{plural}.read"
    return (
        GROUPS.below(rule, path, load_one, listed, permission),
        GROUPS.member(permission, ("GET",), f"{path}/{{child}}", load_one, read, rule=rule, permission=permission),
    )


OPERATIONS = (
    *_operations(
        "users",
        _list(USERS, stored_users.KIND, _group_of_user),
        _read(USERS, _load_user, _group_of_user),
    ),
    *_operations(
        "licenses",
        _list(LICENSES, stored_licenses.KIND, _group_of_license),
        _read(LICENSES, _load_license, _group_of_license),
    ),
    *_operations("machines", _list_machines, _read_machine),
)
