"""Work larger than one transaction (STORE §4.2): announced in the first transaction, rolled forward page by page.

It only ever rolls forward: in the request while that takes few pages, else by the stream, and by the sweep where the
stream lost it; a second pass a minute later catches what the indexes did not show yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.product import Product
from chalicelib.licensing.release import Release
from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys
from chalicelib.store.database import Database
from chalicelib.store.fetch import Listing
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import group as groups
from chalicelib.store.items import hint, outbox
from chalicelib.store.items import license as licenses
from chalicelib.store.items import policy as policies
from chalicelib.store.items import product as products
from chalicelib.store.items import user as users
from chalicelib.store.items.license import FactsRow
from chalicelib.store.items.outbox import LATE, TaskRow
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item, Outbox
from chalicelib.store.tasks import attach, erase, erase_machines, erase_releases, follow, rearm, revoke
from chalicelib.store.tasks.steps import Job, Step, attempt, read
from chalicelib.store.unit import Change, Remove, Write

PASSES = 2
SECOND_PASS_AFTER = timedelta(minutes=1)
POLICIES_AT_ONCE = 45
PAGES_IN_A_REQUEST = 2

STEPS: Mapping[str, Step] = {
    **erase.STEPS,
    **erase_machines.STEPS,
    **erase_releases.STEPS,
    **rearm.STEPS,
    **follow.STEPS,
    **attach.STEPS,
    **revoke.STEPS,
}
"""What each task does, by its name."""

NewId = Callable[[], str]

erase_policy = erase.policy_gone
erase_machine = erase_machines.machine_gone


def erase_product(
    database: Database, account_id: str, product: Product, new_id: NewId, now: datetime
) -> tuple[Write, ...]:
    """The writes that delete a product: it and its policies disappear at once, the rest is announced.

    More policies than fit are erased by `erase_policies` before the request is answered.
    """
    writes = list(products.deletion(account_id, product, now))
    writes.append(outbox.task(account_id, new_id(), erase.PRODUCT, product.id, now))
    for policy in _policies_of(database, account_id, product.id):
        writes += erase_policy(account_id, policy, new_id, now)
    return tuple(writes)


def erase_policies(database: Database, account_id: str, product_id: str, new_id: NewId, now: datetime) -> None:
    """Let every policy of a deleted product disappear; what fails here is done by the product's task."""
    job = Job(database, account_id, product_id, {}, now, new_id)
    while erase.product_policies(job) is not None:
        pass


def delete_license(account_id: str, license: License, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete a license: it disappears at once and leaves its group, the rest is announced."""
    listed = hint.arguments(licenses.listed(license))
    announced = outbox.task(account_id, task_id, erase.LICENSE, license.id, now, **listed)
    facts = {"id": license.id, "key": license.key, "created": license.created}
    gone = licenses.deletion(account_id, facts, now, FactsRow.revision == license.revision)
    left = () if license.group_id is None else (groups.left_group(account_id, "licenses", license.group_id),)
    return (*gone, *left, announced)


def erase_user(account_id: str, user: User, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete a user: it and what it owns disappear at once, the rest is announced."""
    left = () if user.group_id is None else (groups.left_group(account_id, "users", user.group_id),)
    announced = outbox.task(account_id, task_id, erase.USER, user.id, now, **hint.arguments(users.listed(user)))
    return (*users.deletion(account_id, user, now), *left, announced)


def erase_group(account_id: str, group: Group, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete a group: nobody is in it any more, taking its name off its members is announced."""
    announced = outbox.task(account_id, task_id, erase.GROUP, group.id, now)
    return (*groups.deletion(account_id, group, now), announced)


def erase_entitlement(account_id: str, entitlement: Entitlement, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete an entitlement: nobody has it any more, removing its attachments is announced."""
    announced = outbox.task(account_id, task_id, erase.ENTITLEMENT, entitlement.id, now)
    return (*entitlements.deletion(account_id, entitlement, now), announced)


def erase_release(account_id: str, release: Release, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete a release: its artifacts disappear with it, removing them is announced."""
    return erase_releases.release_gone(account_id, release, task_id, now)


def follow_license(account_id: str, license: License, task_id: str, now: datetime) -> Write:
    """The write that announces that the machines of a license have to follow it to its new policy."""
    return outbox.task(account_id, task_id, follow.LICENSE, license.id, now)


def disown_machines(account_id: str, license: License, user_ids: Sequence[str], task_id: str, now: datetime) -> Write:
    """The write that announces that the machines of users that left a license are nobody's."""
    return outbox.task(account_id, task_id, follow.DISOWN, license.id, now, users=list(user_ids))


def rearm_policy(account_id: str, policy: Policy, new_id: NewId, now: datetime) -> Write:
    """The write that announces that the deadlines of the policy's licenses have to be set again."""
    return outbox.task(account_id, new_id(), rearm.POLICY, policy.id, now)


def start(database: Database, account_id: str, task_id: str, new_id: NewId, now: datetime) -> None:
    """Begin a task in the request that announced it; what takes longer is left to the stream."""
    task = fetch.get(database, keys.task(account_id, task_id), table=Outbox)
    if task is not None and task["passes"] == 0:
        run(database, task, new_id, now, range(PAGES_IN_A_REQUEST))


def run(
    database: Database,
    task: Item,
    new_id: NewId,
    now: datetime,
    pages: Iterable[object] = repeat(None),
    late: timedelta = LATE,
) -> bool:
    """Carry a task to the end of its pass, one page for each of `pages`; a second pass a minute later ends it.

    False where the pages did not suffice. The sweep goes on with it when it has not come forward for as long as `late`.
    """
    job = Job(database, task["account_id"], task["target"], task["arguments"], now, new_id)
    after = task.get("after")
    for _ in pages:
        after = STEPS[task["name"]](job, after)
        if after is None:
            _finish(database, task, now)
            return True
        _save(database, task, (TaskRow.after.set(after), TaskRow.due_at.set(now + late)))
    return False


def _finish(database: Database, task: Item, now: datetime) -> None:
    if task["passes"] + 1 >= PASSES:
        attempt(database, (Remove(TaskRow, Key(task["pk"], task["sk"])),))
        return
    again = TaskRow.due_at.set(now + SECOND_PASS_AFTER)
    _save(database, task, (TaskRow.passes.set(task["passes"] + 1), again, TaskRow.after.remove()))


def _save(database: Database, task: Item, actions: Iterable[Any]) -> None:
    attempt(database, (Change(TaskRow, Key(task["pk"], task["sk"]), tuple(actions)),))


def _policies_of(database: Database, account_id: str, product_id: str) -> list[Policy]:
    partition = keys.slot(account_id, "product", product_id, policies.KIND)
    entries = fetch.listing(database, Listing(2, partition, limit=POLICIES_AT_ONCE))
    found = read(database, [entry.key for entry in entries])
    items = [live(found, entry.key, policies.KIND) for entry in entries]
    return [policies.policy_of(item) for item in items if item is not None]
