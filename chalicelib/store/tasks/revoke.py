"""Tokens that ended together with others of their user, removed page by page (spec auth.md §1.2).

They are dead already: they are of an earlier generation than their user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys
from chalicelib.store.fetch import Listing
from chalicelib.store.items import outbox
from chalicelib.store.items import token as tokens
from chalicelib.store.loads.live import live
from chalicelib.store.tasks import steps
from chalicelib.store.tasks.steps import Job, Step, attempt, following, read
from chalicelib.store.unit import Write

TOKENS = "revoke-tokens"


def revoke_tokens(account_id: str, user: User, task_id: str, now: datetime) -> Write:
    """The write that announces that the tokens before the present generation of `user` can go."""
    return outbox.task(account_id, task_id, TOKENS, user.id, now, generation=user.token_generation)


def earlier_tokens(job: Job, after: str | None) -> str | None:
    """One page of a user's tokens: those of earlier generations. One that was kept is of the present one."""
    partition = keys.slot(job.account_id, "bearer", job.target, tokens.KIND)
    entries = fetch.listing(
        job.database, Listing(4, partition, newest_first=False, after=after or None, limit=steps.PAGE)
    )
    found = read(job.database, [entry.key for entry in entries])
    for entry in entries:
        item = live(found, entry.key, tokens.KIND)
        if item is not None and item.get("generation", 0) < job.arguments["generation"]:
            attempt(job.database, tokens.removal(job.account_id, entry.key, tokens.token_of(item), job.now))
    return following(entries)


STEPS: Mapping[str, Step] = {TOKENS: earlier_tokens}
"""By the name of the task."""
