"""What all families of license operations share."""

from __future__ import annotations

from chalicelib.api.schema import Member, boolean, integer, spellings, text, texts

PRIVILEGED = frozenset({"admin", "developer", "sales-agent", "product", "environment"})
SUPPORTING = PRIVILEGED | {"support-agent"}
NARROWING = frozenset({"admin", "developer", "product", "environment"})
LIMITS = ("max_machines", "max_cores", "max_memory", "max_disk", "max_uses", "max_processes", "max_users")

TYPES = spellings("license", "licenses")
PATH = "/licenses"
MEMBER = "/licenses/{id}"
NAME = text(nullable=True, blank=True)


def attributes(privileged: frozenset[str], expiry: Member, metadata: Member) -> dict[str, Member]:
    """What creation and update both take beside a name; `privileged` are the roles that may send it."""
    return {
        "protected": boolean(roles=privileged),
        "suspended": boolean(roles=privileged),
        "expiry": expiry,
        **{name: integer(nullable=True, roles=privileged) for name in LIMITS},
        "metadata": metadata,
        "permissions": texts(roles=NARROWING),
    }
