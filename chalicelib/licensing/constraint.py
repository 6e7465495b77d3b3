"""Constraints: the entitlements a release asks a license for (spec resources.md §9.1, §9.3).

They are attachments of the kind `release-constraint`, whose holder is the release and whose target the entitlement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.licensing import attachment, embedded
from chalicelib.licensing.attachment import Attachment, NewId, Wanted
from chalicelib.licensing.errors import InvalidState, Problem
from chalicelib.licensing.fields import unrelated

KIND = "release-constraint"


def check_count(wanted: Wanted) -> None:
    """Raises InvalidState when a new release brings too many."""
    embedded.check_count(wanted.asked)


def inline_problems(wanted: Wanted) -> Iterator[Problem]:
    """What is wrong with the constraints that come with a new release, each at its own place."""
    counts = Counter(wanted.asked)
    for index, entitlement_id in enumerate(wanted.asked):
        missing, duplicated = entitlement_id not in wanted.found, counts[entitlement_id] > 1
        found = [
            unrelated("entitlement", "NOT_FOUND", "must exist") if missing else None,
            unrelated("entitlement", "CONFLICT", "is duplicated") if duplicated else None,
        ]
        yield from embedded.inside("constraints", index, found)


def attach(release_id: str, wanted: Wanted, new_id: NewId, now: datetime) -> tuple[Attachment, ...]:
    """Constraints for a release, all or none: the rules are those of a policy's entitlements. Raises InvalidFields.

    Those of a new release, which was judged with them, are made alike.
    """
    made = attachment.attach_policy_entitlements(release_id, wanted, new_id, now)
    return tuple(replace(one, kind=KIND) for one in made)


def detach(asked: Sequence[str], attached: Mapping[str, Attachment]) -> tuple[Attachment, ...]:
    """What a release loses, all or none; both arguments go by the ids of constraints. Raises InvalidState.

    Whoever is named twice is not attached any more the second time.
    """
    gone: dict[str, Attachment] = {}
    for index, constraint_id in enumerate(asked):
        if constraint_id not in attached or constraint_id in gone:
            detail = f"cannot detach constraint '{constraint_id}' (constraint is not attached)"
            raise InvalidState(Problem(detail, pointer=f"/data/{index}"))
        gone[constraint_id] = attached[constraint_id]
    return tuple(gone.values())
