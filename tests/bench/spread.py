"""What tells the licenses of a place apart, as far as lists ask for it: one in seven has an owner, one metadata, one
expired and one is about to. The others are plain: what is measured of one license takes these.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.licensing.license import License
from tests.world import START

KINDS = 7


def spread(license: License, number: int, owner_id: str) -> License:
    """License `number`, made unlike its neighbours; none of what this changes is due at `START`."""
    match number % KINDS:
        case 0:
            return replace(license, expiry=START + timedelta(days=2), expiring_soon_sent=START)
        case 3:
            return replace(license, expiry=START - timedelta(days=30, seconds=number))
        case 4:
            return replace(license, owner_id=owner_id)
        case 5:
            return replace(license, metadata={"plan": "pro"})
    return license
