"""What all families of group operations share."""

from __future__ import annotations

PATH = "/groups"
MEMBER = "/groups/{id}"
