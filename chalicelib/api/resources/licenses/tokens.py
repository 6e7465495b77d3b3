"""Activation tokens of a license (spec licenses.md §10.1)."""

from __future__ import annotations

from chalicelib.api.kinds.licenses import LICENSES, load_one
from chalicelib.api.kinds.tokens import TOKENS
from chalicelib.api.operation import Command, Order, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.api.tokens import body, generated
from chalicelib.licensing.license import effective_permissions
from chalicelib.store.items import token as stored
from chalicelib.store.loads import tokens as loads
from chalicelib.store.starts import related

PATH = f"{MEMBER}/tokens"
READ = "license.tokens.read"


def _list(scene: Scene, command: Command) -> Outcome:
    license_id = LICENSES.one(scene).license.id
    return TOKENS.page(scene, (related(scene.account_id, "bearer", license_id, stored.KIND),))


def _show(scene: Scene, command: Command) -> Outcome:
    """Who may read these tokens sees all of them."""
    license_id = LICENSES.one(scene).license.id
    found = loads.by_id(scene.account_id, scene.arrival.ids["child"])
    return TOKENS.child(scene, found, lambda held: held.token.bearer_id == license_id, uncut=True)


def _generate(scene: Scene, command: Command) -> Outcome:
    licensed = LICENSES.one(scene)
    license = licensed.license
    held = effective_permissions(license, licensed.owner)
    return generated(scene, command, "license", license.id, "license", license.permissions, held)


OPERATIONS = (
    LICENSES.below("license.tokens.list", PATH, load_one, _list, "token.read", rule=READ),
    LICENSES.member(READ, ("GET",), f"{PATH}/{{child}}", load_one, _show, permission="token.read"),
    LICENSES.member(
        "license.tokens.generate",
        ("POST",),
        PATH,
        load_one,
        _generate,
        body=body(quotas=True),
        order=Order.BODY_FIRST,
        events=("token.generated",),
    ),
)
