"""Activation tokens of a license (spec licenses.md §10.1)."""

from __future__ import annotations

from chalicelib.api.operation import Command, Order, Outcome, Scene
from chalicelib.api.resources.licenses.common import LICENSES, MEMBER, load_one
from chalicelib.api.tokens import body, generated
from chalicelib.licensing.license import effective_permissions


def _generate(scene: Scene, command: Command) -> Outcome:
    licensed = LICENSES.one(scene)
    license = licensed.license
    held = effective_permissions(license, licensed.owner)
    return generated(scene, command, "license", license.id, "license", license.permissions, held)


OPERATIONS = (
    LICENSES.member(
        "license.tokens.generate",
        ("POST",),
        f"{MEMBER}/tokens",
        load_one,
        _generate,
        body=body(quotas=True),
        order=Order.BODY_FIRST,
        events=("token.generated",),
    ),
)
