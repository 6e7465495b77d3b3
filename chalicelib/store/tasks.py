"""Work larger than one transaction (STORE §4.2): announced in the first transaction, rolled forward page by page.

Every step is idempotent: what is already gone or already re-armed is left alone, so a task may run twice, late or
in parallel. It only ever rolls forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.store import fetch, keys
from chalicelib.store.database import Database
from chalicelib.store.fetch import Entry, Listing
from chalicelib.store.items import license as licenses
from chalicelib.store.items import outbox
from chalicelib.store.items import policy as policies
from chalicelib.store.items import product as products
from chalicelib.store.items.guard import PointerRow
from chalicelib.store.items.license import FactsRow, MeterRow
from chalicelib.store.items.outbox import TaskRow
from chalicelib.store.items.token import TokenRow
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.unit import Change, Changed, Remove, Write, commit

PAGE = 25
PASSES = 2
SECOND_PASS_AFTER = timedelta(minutes=1)
POLICIES_AT_ONCE = 45

ERASE_PRODUCT, ERASE_POLICY, ERASE_LICENSE = "erase-product", "erase-policy", "erase-license"
REARM_POLICY = "rearm-policy"


def erase_product(
    database: Database, account_id: str, product: Product, new_id: Callable[[], str], now: datetime
) -> tuple[Write, ...]:
    """The writes that delete a product: it and its policies disappear at once, the rest is announced.

    More policies than fit are erased by `erase_policies` before the request is answered.
    """
    writes = list(products.deletion(account_id, product, now))
    writes.append(outbox.task(account_id, new_id(), ERASE_PRODUCT, product.id, now))
    for policy in _policies_of(database, account_id, product.id, POLICIES_AT_ONCE):
        writes += erase_policy(account_id, policy, new_id, now)
    return tuple(writes)


def erase_policies(
    database: Database, account_id: str, product_id: str, new_id: Callable[[], str], now: datetime
) -> None:
    """Let every policy of a deleted product disappear; what fails here is done by the product's task."""
    while found := _policies_of(database, account_id, product_id, PAGE):
        erased = [_try(database, erase_policy(account_id, policy, new_id, now)) for policy in found]
        if not any(erased):
            return


def erase_policy(account_id: str, policy: Policy, new_id: Callable[[], str], now: datetime) -> tuple[Write, ...]:
    """The writes that delete a policy: its licenses disappear with it, removing them is announced."""
    return (
        *policies.deletion(account_id, policy, now),
        outbox.task(account_id, new_id(), ERASE_POLICY, policy.id, now),
    )


def delete_license(account_id: str, license: License, new_id: Callable[[], str], now: datetime) -> tuple[Write, ...]:
    """The writes that delete a license: it disappears at once, removing its tokens is announced."""
    announced = outbox.task(account_id, new_id(), ERASE_LICENSE, license.id, now)
    facts = {"id": license.id, "key": license.key, "created": license.created}
    return (*licenses.deletion(account_id, facts, now, FactsRow.revision == license.revision), announced)


def rearm_policy(account_id: str, policy: Policy, new_id: Callable[[], str], now: datetime) -> Write:
    """The write that announces that the deadlines of the policy's licenses have to be set again."""
    return outbox.task(account_id, new_id(), REARM_POLICY, policy.id, now)


class Step(msgspec.Struct, frozen=True):
    """One page of a task: `after` is where the next one starts, None at the end."""

    after: str | None


def run(database: Database, task: Item, new_id: Callable[[], str], now: datetime) -> None:
    """Carry a task to the end of its pass; a second pass a minute later catches what the index did not show yet."""
    after = task.get("after")
    while True:
        step = _STEPS[task["name"]](database, task, after, new_id, now)
        if step.after is None:
            break
        after = step.after
        _save(database, task, (TaskRow.after.set(after),))
    _finish(database, task, now)


def _finish(database: Database, task: Item, now: datetime) -> None:
    if task["passes"] + 1 >= PASSES:
        _try(database, (Remove(TaskRow, Key(task["pk"], task["sk"])),))
        return
    due = now + SECOND_PASS_AFTER
    actions = (
        TaskRow.passes.set(task["passes"] + 1),
        TaskRow.due_at.set(due),
        TaskRow.due_shard.set(keys.due_shard(task["id"])),
    )
    _save(database, task, (*actions, TaskRow.after.remove()))


def _save(database: Database, task: Item, actions: Iterable[Any]) -> None:
    _try(database, (Change(TaskRow, Key(task["pk"], task["sk"]), tuple(actions)),))


def _try(database: Database, writes: tuple[Write, ...]) -> bool:
    """A write of a task; a failed condition means that it is not needed any more."""
    try:
        commit(database, writes)
    except Changed:
        return False
    return True


def _erase_product(database: Database, task: Item, after: str | None, new_id: Callable[[], str], now: datetime) -> Step:
    account_id, product_id = task["account_id"], task["target"]
    erase_policies(database, account_id, product_id, new_id, now)
    _erase_tokens(database, account_id, product_id)
    return Step(None)


def _erase_policy(database: Database, task: Item, after: str | None, new_id: Callable[[], str], now: datetime) -> Step:
    account_id = task["account_id"]
    entries = _licenses_of(database, account_id, task["target"], after)
    for facts in _live_facts(database, entries):
        if facts["policy_id"] == task["target"]:
            erase_license(database, account_id, facts, now)
    return _next(entries)


def erase_license(database: Database, account_id: str, facts: Item, now: datetime) -> None:
    """Drop a license's tokens, then turn it into a tombstone, free its key and drop its meter.

    In this order, because an interrupted task finds only what is still listed.
    """
    _erase_tokens(database, account_id, facts["id"])
    _try(database, licenses.deletion(account_id, facts, now))


def _erase_tokens(database: Database, account_id: str, bearer_id: str) -> None:
    partition = keys.slot(account_id, "bearer", bearer_id, "token")
    while entries := fetch.listing(database, Listing(4, partition, limit=PAGE)):
        removed = [_erase_token(database, account_id, entry) for entry in entries]
        if not any(removed) or len(entries) < PAGE:
            return


def _erase_token(database: Database, account_id: str, entry: Entry) -> bool:
    token_id = entry.position.partition("#")[2]
    writes = (Remove(TokenRow, entry.key), Remove(PointerRow, keys.pointer(account_id, "token", token_id)))
    return _try(database, writes)


def _erase_license(database: Database, task: Item, after: str | None, new_id: Callable[[], str], now: datetime) -> Step:
    _erase_tokens(database, task["account_id"], task["target"])
    return Step(None)


def _rearm_policy(database: Database, task: Item, after: str | None, new_id: Callable[[], str], now: datetime) -> Step:
    account_id, policy_id = task["account_id"], task["target"]
    policy = fetch.get(database, keys.resource(account_id, policies.KIND, policy_id))
    if policy is None or policy["kind"] != policies.KIND:
        return Step(None)
    entries = _licenses_of(database, account_id, policy_id, after)
    for facts in _live_facts(database, entries):
        _rearm(database, account_id, facts, policies.policy_of(policy), now)
    return _next(entries)


def _rearm(database: Database, account_id: str, facts: Item, policy: Policy, now: datetime) -> None:
    """The deadline follows from the stored meter, so it is set only where that has not changed meanwhile."""
    key = keys.meter(account_id, facts["id"])
    meter = fetch.get(database, key)
    if meter is None or facts["policy_id"] != policy.id:
        return
    license = licenses.license_of(facts, meter)
    due = next_due(license, policy, now)
    if due == meter.get("due_at"):
        return
    actions = licenses.due_actions(license.id, due)
    _try(database, (Change(MeterRow, key, actions, licenses.unmoved(license), marked=False),))


def _policies_of(database: Database, account_id: str, product_id: str, limit: int) -> list[Policy]:
    partition = keys.slot(account_id, "product", product_id, policies.KIND)
    entries = fetch.listing(database, Listing(2, partition, limit=limit))
    found = _read(database, [entry.key for entry in entries])
    items = [live(found, entry.key, policies.KIND) for entry in entries]
    return [policies.policy_of(item) for item in items if item is not None]


def _licenses_of(database: Database, account_id: str, policy_id: str, after: str | None) -> list[Entry]:
    partition = keys.slot(account_id, "policy", policy_id, licenses.KIND)
    return fetch.listing(database, Listing(3, partition, newest_first=False, after=after or None, limit=PAGE))


def _live_facts(database: Database, entries: list[Entry]) -> list[Item]:
    found = _read(database, [entry.key for entry in entries])
    return [item for entry in entries if (item := live(found, entry.key, licenses.KIND)) is not None]


def _read(database: Database, wanted: list[Key]) -> Mapping[Key, Item | None]:
    def plan() -> fetch.Plan[Mapping[Key, Item | None]]:
        return dict((yield fetch.need(*wanted)))

    return fetch.run(database, plan())


def _next(entries: list[Entry]) -> Step:
    return Step(entries[-1].position if len(entries) == PAGE else None)


_STEPS: Mapping[str, Callable[[Database, Item, str | None, Callable[[], str], datetime], Step]] = {
    ERASE_PRODUCT: _erase_product,
    ERASE_POLICY: _erase_policy,
    ERASE_LICENSE: _erase_license,
    REARM_POLICY: _rearm_policy,
}

__all__ = ["delete_license", "erase_license", "erase_policies", "erase_policy", "erase_product", "rearm_policy", "run"]
