"""Activation tokens of a license (spec licenses.md §10.1)."""

from __future__ import annotations

from chalicelib.api.resources.licenses.common import LICENSES, MEMBER, load_one, may
from chalicelib.api.road import Command, Outcome, Scene
from chalicelib.api.route import Operation, Order
from chalicelib.api.tokens import body, generated
from chalicelib.licensing.license import effective_permissions


def _generate(scene: Scene, command: Command) -> Outcome:
    licensed = LICENSES.one(scene)
    license = licensed.license
    held = effective_permissions(license, licensed.owner)
    return generated(scene, command, "license", license.id, "license", license.permissions, held)


OPERATIONS = (
    Operation(
        name="license.tokens.generate",
        methods=("POST",),
        path=f"{MEMBER}/tokens",
        load=load_one,
        find=LICENSES.one,
        authorize=may("license.tokens.generate"),
        body=body(quotas=True),
        order=Order.BODY_FIRST,
        decide=_generate,
        events=("token.generated",),
    ),
)
