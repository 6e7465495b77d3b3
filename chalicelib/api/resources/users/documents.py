"""What may be sent of a user, and by whom (spec resources.md §4.1)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.operation import Scene
from chalicelib.api.peek import peek
from chalicelib.api.schema import document, linkage, metadata, spellings, text, texts
from chalicelib.licensing.access import Subject

TYPES = spellings("user", "users")
ROLES = ("user", "admin", "developer", "sales-agent", "support-agent", "read-only")
PROMOTING = frozenset({"admin"})
NARROWING = frozenset({"admin", "developer", "product", "environment"})
SELLING = NARROWING | {"sales-agent"}
GROUPING = SELLING | {"support-agent"}

_RIGHTS = {"role": text(choices=ROLES, roles=PROMOTING), "permissions": texts(roles=NARROWING)}

CREATE = document(
    TYPES,
    {
        "email": text(required=True),
        "first_name": text(blank=True),
        "last_name": text(blank=True),
        "password": text(nullable=True),
        "metadata": metadata(),
        **_RIGHTS,
    },
    {"group": linkage(*spellings("group", "groups"), nullable=True, roles=GROUPING)},
)
UPDATE = document(
    TYPES,
    {
        "email": text(),
        "first_name": text(nullable=True, blank=True),
        "last_name": text(nullable=True, blank=True),
        "password": text(nullable=True, roles=NARROWING),
        "metadata": metadata(roles=SELLING),
        **_RIGHTS,
    },
    identifier=text(),
)


def asked(scene: Scene, subject: Subject) -> Subject:
    """With what the request, whose document was checked before, would make of the user."""
    attributes = peek(scene.arrival.document, "data", "attributes")
    role, names = attributes.get("role"), attributes.get("permissions")
    return replace(subject, new_role=role, new_permissions=None if names is None else tuple(names))
