"""What belongs to a user: licenses, machines, products, its group (spec resources.md §4.3)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from chalicelib.api.kinds.groups import GROUPS
from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.kinds.users import USERS, load_one
from chalicelib.api.lists.licenses import license_page
from chalicelib.api.lists.machines import machine_child, machine_page
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.api.peek import target
from chalicelib.api.resources.users.common import MEMBER, changed
from chalicelib.api.schema import linkage, spellings
from chalicelib.licensing import user as users
from chalicelib.licensing.group import Counted
from chalicelib.licensing.product import Product
from chalicelib.store.fetch import Plan
from chalicelib.store.items import group as stored_groups
from chalicelib.store.loads import attachments, groups, holdings, resources
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.license import Licensed
from chalicelib.store.unit import Write

LICENSE_FILTERS = ("product", "policy", "suspended")
MACHINE_FILTERS = ("fingerprint", "product", "license")
GROUP = linkage(*spellings("group", "groups"), nullable=True)


def _load_group(arrival: Arrival) -> Plan[Counted | None]:
    return groups.by_id(arrival.account_id, target(arrival.document))


def _licenses(scene: Scene, command: Command) -> Outcome:
    return license_page(scene, {"user": USERS.one(scene).user.id}, LICENSE_FILTERS)


def _license(scene: Scene, command: Command) -> Outcome:
    user_id = USERS.one(scene).user.id
    return LICENSES.child(scene, _with_user(scene, user_id), lambda licensed: _holds(user_id, licensed))


def _holds(user_id: str, licensed: Licensed) -> bool:
    """Whether the user owns a license, or is attached to it, as it was read."""
    return licensed.attached or licensed.license.owner_id == user_id


def _with_user(scene: Scene, user_id: str) -> Plan[Licensed | None]:
    """The license that the path names, and whether the user is attached to it."""
    licensed = yield from licenses.by_id_or_key(scene.account_id, scene.arrival.ids["child"])
    if licensed is None:
        return None
    found = yield from attachments.of_targets(scene.account_id, "license-user", licensed.license.id, [user_id])
    return replace(licensed, attached=user_id in found)


def _machines(scene: Scene, command: Command) -> Outcome:
    return machine_page(scene, {"user": USERS.one(scene).user.id}, MACHINE_FILTERS)


def _machine(scene: Scene, command: Command) -> Outcome:
    user_id = USERS.one(scene).user.id
    return machine_child(scene, lambda found: _holds(user_id, found.licensed), user_id=user_id)


def _products(scene: Scene, command: Command) -> Outcome:
    return PRODUCTS.page(scene, PRODUCTS.these(scene, scene.read(_product_ids(scene))), selective=True)


def _product(scene: Scene, command: Command) -> Outcome:
    return PRODUCTS.child(scene, _product_of_user(scene))


def _product_of_user(scene: Scene) -> Plan[Product | None]:
    product = yield from resources.product_by_id(scene.account_id, scene.arrival.ids["child"])
    held = yield from _product_ids(scene)
    return product if product is not None and product.id in held else None


def _product_ids(scene: Scene) -> Plan[frozenset[str]]:
    """Of the licenses that the user owns or is attached to."""
    held = yield from holdings.of_user(scene.account_id, USERS.one(scene).user.id)
    return frozenset(one.license.product_id for one in held)


def _group(scene: Scene, command: Command) -> Outcome:
    found = scene.read(groups.by_id(scene.account_id, USERS.one(scene).user.group_id))
    return Outcome(body={"data": None if found is None else GROUPS.show(scene, found)})


def _change_group(scene: Scene, command: Command) -> Outcome:
    person, new = USERS.one(scene), scene.extra
    after = users.change_group(person.user, new, scene.now, named=command["data"] is not None)
    return changed(scene, person, after, "user.group.updated", *_counted(scene, person.user.group_id, new))


def _counted(scene: Scene, old_id: str | None, new: Counted | None) -> tuple[Write, ...]:
    """The writes that count the user out of one group and into another."""
    if new is not None and new.group.id == old_id:
        return ()
    entered = stored_groups.moved(scene.account_id, "users", None, None if new is None else new.group)
    return entered if old_id is None else (stored_groups.left_group(scene.account_id, "users", old_id), *entered)


def _reads(
    plural: str,
    permission: str,
    several: Callable[[Scene, Command], Outcome],
    one: Callable[[Scene, Command], Outcome],
) -> tuple[Operation, Operation]:
    path, rule = f"{MEMBER}/{plural}", f"user.{plural}.list"
    single: dict[str, str] = {"rule": rule, "permission": permission}
    return (
        USERS.below(rule, path, load_one, several, permission),
        USERS.member(f"user.{plural}.read", ("GET",), f"{path}/{{child}}", load_one, one, **single),
    )


OPERATIONS = (
    *_reads("licenses", "license.read", _licenses, _license),
    *_reads("machines", "machine.read", _machines, _machine),
    *_reads("products", "product.read", _products, _product),
    USERS.member("user.group.read", ("GET",), f"{MEMBER}/group", load_one, _group, permission="group.read"),
    USERS.member(
        "user.group.update",
        ("PUT", "PATCH"),
        f"{MEMBER}/group",
        load_one,
        _change_group,
        extra=_load_group,
        body=GROUP,
        events=("user.group.updated",),
    ),
)
