"""Releases of products that are gone, and what hung on releases that are (STORE §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chalicelib.licensing.release import Release
from chalicelib.store import keys
from chalicelib.store.deactivation import below
from chalicelib.store.fetch import Entry
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import outbox
from chalicelib.store.items import release as releases
from chalicelib.store.items.attachment import AttachmentRow
from chalicelib.store.keys import Key
from chalicelib.store.loads.live import live
from chalicelib.store.tasks.steps import Job, Step, attempt, drain, one_after_the_other, read
from chalicelib.store.unit import Remove, Write

RELEASE = "erase-release"


def release_gone(account_id: str, release: Release, task_id: str, now: datetime) -> tuple[Write, ...]:
    """The writes that delete a release: its artifacts disappear with it, removing them is announced."""
    announced = outbox.task(account_id, task_id, RELEASE, release.id, now)
    return (*releases.deletion(account_id, release, now), announced)


def product_releases(job: Job) -> str | None:
    """A deleted product: its releases disappear, each with a task of its own."""

    def remove(entry: Entry) -> bool:
        item = live(read(job.database, [entry.key]), entry.key, releases.KIND)
        if item is None:
            return False
        gone = release_gone(job.account_id, releases.release_of(item), job.new_id(), job.now)
        return attempt(job.database, gone)

    return drain(job, 2, keys.slot(job.account_id, "product", job.target, releases.KIND), remove)


def _artifacts(job: Job) -> str | None:
    """A deleted release: its artifacts."""

    def remove(entry: Entry) -> bool:
        item = live(read(job.database, [entry.key]), entry.key, releases.ARTIFACT)
        if item is None:
            return False
        gone = releases.artifact_removal(job.account_id, releases.artifact_of(item), job.now)
        return attempt(job.database, gone)

    return drain(job, 3, releases.artifacts(job.account_id, job.target), remove)


def _constraints(job: Job) -> str | None:
    """A deleted release: what it asked for."""
    for item in below(job.database, attachments.held_by(job.account_id, "release-constraint", job.target)):
        attempt(job.database, (Remove(AttachmentRow, Key(item["pk"], item["sk"])),))
    return None


STEPS: Mapping[str, Step] = {RELEASE: one_after_the_other(_constraints, _artifacts)}
"""By the name of the task."""
