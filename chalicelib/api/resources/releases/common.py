"""What all families of release operations share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.api.peek import linked
from chalicelib.api.schema import fields, linkage, spellings, text

PATH = "/releases"
MEMBER = "/releases/{id}"

CONSTRAINT_TYPES = spellings("constraint", "constraints")
CONSTRAINT = fields(
    {
        "type": text(required=True, choices=CONSTRAINT_TYPES),
        "relationships": fields(
            {"entitlement": linkage(*spellings("entitlement", "entitlements"), required=True)}, required=True
        ),
    },
    required=True,
)
"""A constraint that does not exist yet."""


def named_entitlements(sent: Any) -> tuple[str, ...]:
    """The ids of the entitlements in an array of new constraints that was not checked yet, each once."""
    elements = sent if isinstance(sent, list) else []
    found = [linked({"data": element}, "entitlement") for element in elements]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def asked_entitlements(constraints: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The same of a checked one: all of them, in its order."""
    return tuple(one["relationships"]["entitlement"]["data"]["id"] for one in constraints)
