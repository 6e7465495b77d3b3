"""What all families of machine operations share."""

from __future__ import annotations

from chalicelib.api.schema import spellings

PRIVILEGED = frozenset({"admin", "developer", "sales-agent", "product", "environment"})
PRIVILEGED_GROUPS = PRIVILEGED | {"support-agent"}

TYPES = spellings("machine", "machines")
PATH, MEMBER = "/machines", "/machines/{id}"
