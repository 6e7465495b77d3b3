"""Attaching and detaching more than one transaction holds: the rest of what was announced (STORE §4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.clock import from_text, to_text
from chalicelib.store import keys
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import outbox, tombstone
from chalicelib.store.items.license import FactsRow
from chalicelib.store.items.license_relations import unseated
from chalicelib.store.keys import Key
from chalicelib.store.table import Tombstone
from chalicelib.store.tasks.steps import Job, Step, attempt, one_after_the_other, read
from chalicelib.store.unit import Check, Put, Write

ATTACH, DETACH = "attach", "detach"
COUNTED = frozenset({"license-user"})
AT_ONCE = 90
"""How many attachments one transaction carries besides what goes with them."""


def split(
    account_id: str,
    name: str,
    found: Sequence[Attachment],
    holder_created: datetime,
    task_id: str,
    now: datetime,
) -> tuple[Write, ...]:
    """The writes that attach or detach (`name`) everything of `found` to one holder: as many as fit, and a task.

    The caller counts users in the same transaction: all that are attached, of those that are detached the `at_once`.
    """
    now_written, later = found[:AT_ONCE], found[AT_ONCE:]
    writes = tuple(_write(account_id, name, one, holder_created) for one in now_written)
    if not later:
        return writes
    rest = {"attachments": msgspec.to_builtins(list(later)), "holder_created": to_text(holder_created)}
    return (*writes, outbox.task(account_id, task_id, name, found[0].holder_id, now, **rest))


def at_once(found: Sequence[Attachment]) -> int:
    """How many of `found` the first transaction carries."""
    return min(len(found), AT_ONCE)


def _write(account_id: str, name: str, one: Attachment, holder_created: datetime) -> Write:
    if name == ATTACH:
        return attachments.put(account_id, one, holder_created)
    return attachments.remove(account_id, one)


def _rest(job: Job) -> tuple[list[Attachment], datetime]:
    found = msgspec.convert(job.arguments["attachments"], list[Attachment])
    return found, from_text(job.arguments["holder_created"])


def _attach(job: Job) -> str | None:
    """The seats are taken already; where somebody else attached the same user meanwhile, or made it the owner, one is
    given back.

    Each is settled once, however often the task runs: who is detached since then is not attached again.
    """
    found, holder_created = _rest(job)
    for one in found:
        settled, put = _settled(job, one), attachments.put(job.account_id, one, holder_created)
        if one.kind not in COUNTED:
            attempt(job.database, (put, settled))
        elif not attempt(job.database, (put, settled, _not_owned(job, one))) and _belongs_already(job, one):
            attempt(job.database, (unseated(job.account_id, one.holder_id, 1), settled))
    return None


def _detach(job: Job) -> str | None:
    """Each with its seat, so that nothing is counted twice."""
    found, _ = _rest(job)
    for one in found:
        seat = (unseated(job.account_id, one.holder_id, 1),) if one.kind in COUNTED else ()
        attempt(job.database, (attachments.remove(job.account_id, one), *seat))
    return None


def _key(job: Job, one: Attachment) -> Key:
    return attachments.key_of(job.account_id, one.kind, one.holder_id, one.target_id)


def _settled(job: Job, one: Attachment) -> Write:
    """The mark beside an attachment that can be put only once."""
    beside = _key(job, one)
    return Put(Tombstone(pk=beside.pk, sk=f"settled#{one.id}", created=job.now, ttl=job.now + tombstone.KEPT))


def _not_owned(job: Job, one: Attachment) -> Write:
    """The license is there, and the user is not its owner."""
    owner = FactsRow.owner_id
    others = owner.does_not_exist() | (owner != one.target_id)
    return Check(FactsRow, keys.facts(job.account_id, one.holder_id), FactsRow.revision.exists() & others)


def _belongs_already(job: Job, one: Attachment) -> bool:
    place, facts_key = _key(job, one), keys.facts(job.account_id, one.holder_id)
    found = read(job.database, (place, facts_key))
    attached, facts = found[place], found[facts_key]
    by_others = attached is not None and attached["id"] != one.id
    return by_others or (facts is not None and facts.get("owner_id") == one.target_id)


STEPS: Mapping[str, Step] = {
    ATTACH: one_after_the_other(_attach),
    DETACH: one_after_the_other(_detach),
}
"""By the name of the task."""
