"""What belongs to a product: policies, licenses, machines, users, releases and artifacts (spec resources.md §1, §9)."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.api.kinds.artifacts import ARTIFACTS
from chalicelib.api.kinds.licenses import LICENSES
from chalicelib.api.kinds.policies import POLICIES
from chalicelib.api.kinds.products import PRODUCTS, load_one
from chalicelib.api.kinds.releases import RELEASES
from chalicelib.api.kinds.users import USERS
from chalicelib.api.lists.licenses import license_page
from chalicelib.api.lists.machines import machine_child, machine_page
from chalicelib.api.lists.users import user_page
from chalicelib.api.operation import Command, Operation, Outcome, Scene
from chalicelib.store.fetch import Plan
from chalicelib.store.items import policy as policies
from chalicelib.store.items import release as releases
from chalicelib.store.loads import holdings, people, resources
from chalicelib.store.loads import license as licenses
from chalicelib.store.loads.people import Person
from chalicelib.store.starts import related

LICENSE_FILTERS = ("policy", "user", "suspended")
MACHINE_FILTERS = ("fingerprint", "license", "user")
USER_FILTERS = ("roles",)


def _policies(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return POLICIES.page(scene, (related(scene.account_id, "product", product.id, policies.KIND),))


def _policy(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    found = resources.policy_by_id(scene.account_id, scene.arrival.ids["child"])
    return POLICIES.child(scene, found, lambda policy: policy.product_id == product.id)


def _licenses(scene: Scene, command: Command) -> Outcome:
    return license_page(scene, {"product": PRODUCTS.one(scene).id}, LICENSE_FILTERS)


def _license(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    found = licenses.by_id_or_key(scene.account_id, scene.arrival.ids["child"])
    return LICENSES.child(scene, found, lambda licensed: licensed.license.product_id == product.id)


def _machines(scene: Scene, command: Command) -> Outcome:
    return machine_page(scene, {"product": PRODUCTS.one(scene).id}, MACHINE_FILTERS)


def _machine(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return machine_child(scene, lambda found: found.licensed.license.product_id == product.id)


def _users(scene: Scene, command: Command) -> Outcome:
    return user_page(scene, {"product": PRODUCTS.one(scene).id}, USER_FILTERS)


def _user(scene: Scene, command: Command) -> Outcome:
    return USERS.child(scene, _customer(scene))


def _customer(scene: Scene) -> Plan[Person | None]:
    """Whom the path names, if that owns or is attached to a license of the product."""
    product = PRODUCTS.one(scene)
    person = yield from people.by_id_or_email(scene.account_id, scene.arrival.ids["child"], scene.now)
    held = () if person is None else (yield from holdings.of_user(scene.account_id, person.user.id))
    return person if any(one.license.product_id == product.id for one in held) else None


def _releases(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return RELEASES.page(scene, (related(scene.account_id, "product", product.id, releases.KIND),))


def _artifacts(scene: Scene, command: Command) -> Outcome:
    product = PRODUCTS.one(scene)
    return ARTIFACTS.page(scene, (related(scene.account_id, "product", product.id, releases.ARTIFACT),))


def _reads(
    plural: str,
    permission: str,
    several: Callable[[Scene, Command], Outcome],
    one: Callable[[Scene, Command], Outcome],
) -> tuple[Operation, Operation]:
    path, rule = f"/products/{{id}}/{plural}", f"product.{plural}.list"
    return (
        PRODUCTS.below(rule, path, load_one, several, permission),
        PRODUCTS.member(
            f"product.{plural}.read",
            ("GET",),
            f"{path}/{{child}}",
            load_one,
            one,
            rule=rule,
            permission=permission,
        ),
    )


OPERATIONS = (
    *_reads("policies", "policy.read", _policies, _policy),
    *_reads("licenses", "license.read", _licenses, _license),
    *_reads("machines", "machine.read", _machines, _machine),
    *_reads("users", "user.read", _users, _user),
    PRODUCTS.below("product.releases.list", "/products/{id}/releases", load_one, _releases, "release.read"),
    PRODUCTS.below("product.artifacts.list", "/products/{id}/artifacts", load_one, _artifacts, "artifact.read"),
)
