"""The deadlines of a policy's licenses, set again after an edit that moves them (STORE §4.1)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.deadlines import next_due
from chalicelib.licensing.policy import Policy
from chalicelib.store import fetch, keys
from chalicelib.store.fetch import Listing
from chalicelib.store.items import license as licenses
from chalicelib.store.items import license_changes
from chalicelib.store.items import policy as policies
from chalicelib.store.items.license import MeterRow
from chalicelib.store.loads.live import live
from chalicelib.store.table import Item
from chalicelib.store.tasks import follow, steps
from chalicelib.store.tasks.steps import Job, Step, attempt, following, read
from chalicelib.store.unit import Change

POLICY = "rearm-policy"


def policy_licenses(job: Job, after: str | None) -> str | None:
    """The licenses of a policy as it is now; nothing when it is gone."""
    policy = fetch.get(job.database, keys.resource(job.account_id, policies.KIND, job.target))
    if policy is None or policy["kind"] != policies.KIND:
        return None
    partition = keys.slot(job.account_id, "policy", job.target, licenses.KIND)
    entries = fetch.listing(
        job.database, Listing(3, partition, newest_first=False, after=after or None, limit=steps.PAGE)
    )
    found = read(job.database, [entry.key for entry in entries])
    for entry in entries:
        facts = live(found, entry.key, licenses.KIND)
        if facts is not None:
            _rearm(job, facts, policies.policy_of(policy))
    return following(entries)


def _rearm(job: Job, facts: Item, policy: Policy) -> None:
    """The deadline follows from the stored meter, so it is set only where that has not changed meanwhile."""
    key = keys.meter(job.account_id, facts["id"])
    meter = fetch.get(job.database, key)
    if meter is None or facts["policy_id"] != policy.id:
        return
    license = licenses.license_of(facts, meter)
    if license.machines:
        follow.license_parts(job, license, policy)
    due = next_due(license, policy, job.now)
    if due == meter.get("due_at"):
        return
    actions = license_changes.due_actions(license.id, due)
    attempt(job.database, (Change(MeterRow, key, actions, license_changes.unmoved(license), marked=False),))


STEPS: Mapping[str, Step] = {POLICY: policy_licenses}
"""By the name of the task."""
