"""What files may include of a license (spec cryptography.md §4.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.api.check_out import Include
from chalicelib.api.document import Resource
from chalicelib.api.kinds.entitlements import ENTITLEMENTS
from chalicelib.api.kinds.groups import GROUPS
from chalicelib.api.kinds.licenses import show
from chalicelib.api.kinds.policies import POLICIES
from chalicelib.api.kinds.products import PRODUCTS
from chalicelib.api.kinds.users import USERS
from chalicelib.api.operation import Scene
from chalicelib.store.loads import attachments, groups, resources
from chalicelib.store.loads import people as people_loads
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.machines import Installed


def people(scene: Scene, user_ids: Sequence[str]) -> Sequence[Resource]:
    """Users as the API shows them."""
    found = scene.read(people_loads.many(scene.account_id, user_ids, scene.now)) if user_ids else ()
    return [USERS.show(scene, person) for person in found if person is not None]


def group_of(scene: Scene, group_id: str | None) -> Sequence[Resource]:
    """The group, if there is one."""
    group = scene.read(groups.by_id(scene.account_id, group_id))
    return [] if group is None else [GROUPS.show(scene, group)]


def license_of(scene: Scene, licensed: Licensed) -> Resource:
    """The license itself."""
    return show(scene, licensed)


def below_license(include: Include) -> Include:
    """The same of a machine's license; the license comes along, and points at what is included."""

    def find(scene: Scene, installed: Installed) -> Sequence[Resource]:
        found = include.find(scene, installed.licensed)
        license = license_of(scene, installed.licensed)
        linked = [{"type": one["type"], "id": one["id"]} for one in found]
        relationships = license["relationships"]
        if include.many:
            relationships = {**relationships, include.link: {**relationships[include.link], "data": linked}}
        return [{**license, "relationships": relationships}, *found]

    return Include(include.permission, find, "license")


def _entitlements(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    license = licensed.license
    found = scene.read(attachments.entitled(scene.account_id, [license.id], [license.policy_id]))
    return [ENTITLEMENTS.show(scene, one) for one in found.entitlements]


def _product(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    product = scene.read(resources.product_by_id(scene.account_id, licensed.license.product_id))
    return [] if product is None else [PRODUCTS.show(scene, product)]


def _policy(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    return [POLICIES.show(scene, licensed.policy)]


def _owner(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    return people(scene, [] if licensed.owner is None else [licensed.owner.id])


def _users(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    attached = scene.read(attachments.of_holder(scene.account_id, "license-user", licensed.license.id))
    owner = [] if licensed.owner is None else [licensed.owner.id]
    return people(scene, [*owner, *(one.target_id for one in attached)])


def _group(scene: Scene, licensed: Licensed) -> Sequence[Resource]:
    return group_of(scene, licensed.license.group_id)


OF_LICENSE: Mapping[str, Include] = {
    "entitlements": Include("entitlement.read", _entitlements, "entitlements", many=True),
    "product": Include("product.read", _product, "product"),
    "policy": Include("policy.read", _policy, "policy"),
    "owner": Include("user.read", _owner, "owner"),
    "users": Include("user.read", _users, "users", many=True),
    "group": Include("group.read", _group, "group"),
}
"""By the name of the include, as a license file knows it."""
