"""What hangs on deleted resources, removed page by page (STORE §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.licensing.policy import Policy
from chalicelib.store import fetch, keys
from chalicelib.store.database import Database
from chalicelib.store.fetch import Entry, Listing, Prefix
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import group as groups
from chalicelib.store.items import hint, outbox
from chalicelib.store.items import license as licenses
from chalicelib.store.items import policy as policies
from chalicelib.store.items import pool as pools
from chalicelib.store.items import token as tokens
from chalicelib.store.items import user as users
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.items.guard import PointerRow, UniqueRow
from chalicelib.store.items.license import FactsRow, MeterRow
from chalicelib.store.items.token import TokenRow
from chalicelib.store.items.user import UserRow
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.tasks import erase_machines, erase_releases, steps
from chalicelib.store.tasks.steps import Job, Step, attempt, drain, following, one_after_the_other, read
from chalicelib.store.unit import Change, Remove, Write

PRODUCT, POLICY, LICENSE = "erase-product", "erase-policy", "erase-license"
USER, GROUP, ENTITLEMENT = "erase-user", "erase-group", "erase-entitlement"


def policy_gone(account_id: str, policy: Policy, new_id: Callable[[], str], now: datetime) -> tuple[Write, ...]:
    """The writes that delete a policy: its licenses disappear with it, removing them is announced."""
    return (
        *policies.deletion(account_id, policy, now),
        outbox.task(account_id, new_id(), POLICY, policy.id, now),
    )


def policy_licenses(job: Job, after: str | None) -> str | None:
    """A deleted policy: its licenses, and at the end its pool and its entitlements."""
    partition = keys.slot(job.account_id, "policy", job.target, licenses.KIND)
    entries = fetch.listing(
        job.database, Listing(3, partition, newest_first=False, after=after or None, limit=steps.PAGE)
    )
    for facts in _facts(job, entries):
        if facts["policy_id"] == job.target:
            license_of(job, facts)
    if following(entries) is None:
        _pool(job)
        _attachments(job, "policy-entitlement", job.target)
    return following(entries)


def license_leftovers(job: Job) -> str | None:
    """A deleted license: its tokens, attachments and rows in lists."""
    _attachments(job, "license-user", job.target)
    _attachments(job, "license-entitlement", job.target)
    erase_machines.license_machines(job)
    if job.arguments:
        hint.drop(job.database, job.account_id, hint.listed_as(job.arguments))
    return bearer_tokens(job)


def license_of(job: Job, facts: Item) -> None:
    """A license that goes with its policy or its owner, unless it went to another one just before them.

    First everything fails that is still under way. Then what hangs on it goes first, because an interrupted
    task finds only what is still listed.
    """
    revision = facts["revision"] + 1
    if not attempt(job.database, _held(job, facts)):
        return
    listed = hint.arguments(licenses.listed(facts))
    below = Job(job.database, job.account_id, facts["id"], listed, job.now, job.new_id)
    while license_leftovers(below) is not None:
        pass
    left = _left_group(job, facts.get("group_id"))
    gone = licenses.deletion(job.account_id, facts, job.now, FactsRow.revision == revision)
    if not attempt(job.database, (*gone, *left)) and left:
        # The group went away meanwhile, with its counters.
        attempt(job.database, gone)


def _held(job: Job, facts: Item) -> tuple[Write, ...]:
    """A new revision and a new basis: neither a change nor a seat that was decided on before is written any more."""
    raised = (FactsRow.revision.set(FactsRow.revision + 1), FactsRow.basis.set(FactsRow.basis + 1))
    meter = keys.meter(job.account_id, facts["id"])
    return (
        Change(FactsRow, keys.facts(job.account_id, facts["id"]), raised, FactsRow.revision == facts["revision"]),
        Change(MeterRow, meter, (MeterRow.basis.set(MeterRow.basis + 1),)),
    )


def _left_group(job: Job, group_id: str | None) -> tuple[Write, ...]:
    if group_id is None:
        return ()
    key = keys.resource(job.account_id, groups.KIND, group_id)
    alive = live(read(job.database, [key]), key, groups.KIND) is not None
    return (groups.left_group(job.account_id, "licenses", group_id),) if alive else ()


def bearer_tokens(job: Job) -> str | None:
    """The tokens of a bearer that is gone."""

    def remove(entry: Entry) -> bool:
        pointer = keys.pointer(job.account_id, tokens.KIND, entry.identifier)
        return attempt(job.database, (Remove(TokenRow, entry.key), Remove(PointerRow, pointer)))

    return drain(job, 4, keys.slot(job.account_id, "bearer", job.target, tokens.KIND), remove)


def _user_rows(job: Job) -> str | None:
    hint.drop(job.database, job.account_id, hint.listed_as(job.arguments))
    return None


def user_attachments(job: Job) -> str | None:
    """A deleted user: it leaves the licenses of others, which then have a seat more."""

    def remove(entry: Entry) -> bool:
        meter = keys.meter(job.account_id, entry.identifier)
        left = Change(MeterRow, meter, (MeterRow.users.set(MeterRow.users - 1),))
        gone = Remove(AttachmentRow, entry.key)
        return attempt(job.database, (gone, left)) or attempt(job.database, (gone,))

    return drain(job, 5, attachments.partition(job.account_id, "license-user", job.target), remove)


def user_licenses(job: Job) -> str | None:
    """A deleted user: the licenses it owns."""

    def remove(entry: Entry) -> bool:
        owned = [facts for facts in _facts(job, [entry]) if facts.get("owner_id") == job.target]
        for facts in owned:
            license_of(job, facts)
        return bool(owned)

    return drain(job, 5, keys.slot(job.account_id, "owner", job.target, licenses.KIND), remove)


def _rows_of(kind: str) -> Callable[[Job], str | None]:
    """The attachments of a target that is gone, without anything that counts them."""

    def step(job: Job) -> str | None:
        partition = attachments.partition(job.account_id, kind, job.target)
        return drain(job, 5, partition, lambda entry: attempt(job.database, (Remove(AttachmentRow, entry.key),)))

    return step


def group_licenses(job: Job) -> str | None:
    """A deleted group: its licenses have none."""

    def remove(entry: Entry) -> bool:
        (facts,) = _facts(job, [entry]) or (None,)
        if facts is None or facts.get("group_id") != job.target:
            return False
        leave = Change(FactsRow, entry.key, _leaving(FactsRow), FactsRow.group_id == job.target)
        guard = keys.unique(job.account_id, "license-key", facts["key"])
        hint_gone = Change(UniqueRow, guard, (UniqueRow.group_id.remove(),), UniqueRow.target == facts["id"])
        return attempt(job.database, (leave, hint_gone))

    return drain(job, 6, keys.slot(job.account_id, "group", job.target, licenses.KIND), remove)


def group_users(job: Job) -> str | None:
    """A deleted group: its users have none."""

    def remove(entry: Entry) -> bool:
        leave = Change(UserRow, entry.key, _leaving(UserRow), UserRow.group_id == job.target)
        return attempt(job.database, (leave,))

    return drain(job, 6, keys.slot(job.account_id, "group", job.target, users.KIND), remove)


def group_owners(job: Job) -> str | None:
    """A deleted group: who owned it."""
    _attachments(job, "group-owner", job.target)
    return None


def product_policies(job: Job) -> str | None:
    """A deleted product: its policies disappear, each with a task of its own."""
    partition = keys.slot(job.account_id, "product", job.target, policies.KIND)

    def remove(entry: Entry) -> bool:
        policy = _policy(job.database, entry)
        return policy is not None and attempt(job.database, policy_gone(job.account_id, policy, job.new_id, job.now))

    return drain(job, 2, partition, remove)


def _policy(database: Database, entry: Entry) -> Policy | None:
    item = live(read(database, [entry.key]), entry.key, policies.KIND)
    return None if item is None else policies.policy_of(item)


def _facts(job: Job, entries: list[Entry]) -> list[Item]:
    found = read(job.database, [entry.key for entry in entries])
    return [item for entry in entries if (item := live(found, entry.key, licenses.KIND)) is not None]


def _leaving(model: type[FactsRow] | type[UserRow]) -> tuple[Action, ...]:
    return model.group_id.remove(), model.in_6.remove(), model.revision.set(model.revision + 1)


def _attachments(job: Job, kind: str, holder_id: str) -> None:
    for item in _below(job.database, attachments.held_by(job.account_id, kind, holder_id)):
        attempt(job.database, (Remove(AttachmentRow, Key(item["pk"], item["sk"])),))


def _pool(job: Job) -> None:
    for item in _below(job.database, keys.pool(job.account_id, job.target)):
        attempt(job.database, pools.removal(job.account_id, pools.pool_key_of(item), job.now))


def _below(database: Database, start: Key) -> list[Item]:
    ask = Prefix(*start)

    def plan() -> fetch.Plan[list[Item]]:
        found = yield fetch.Need(asks=(ask,))
        return list(found[ask])

    return fetch.run(database, plan())


STEPS: Mapping[str, Step] = {
    PRODUCT: one_after_the_other(product_policies, erase_releases.product_releases, bearer_tokens),
    POLICY: policy_licenses,
    LICENSE: one_after_the_other(license_leftovers),
    USER: one_after_the_other(
        _user_rows,
        user_attachments,
        _rows_of("group-owner"),
        bearer_tokens,
        user_licenses,
        erase_machines.user_machines,
    ),
    GROUP: one_after_the_other(group_users, group_licenses, erase_machines.group_machines, group_owners),
    ENTITLEMENT: one_after_the_other(
        _rows_of("license-entitlement"), _rows_of("policy-entitlement"), _rows_of("release-constraint")
    ),
}
"""By the name of the task."""
