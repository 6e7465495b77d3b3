"""Processes (spec machines.md §1.3)."""

from __future__ import annotations

from datetime import datetime

from chalicelib.api.document import Resource, resource, shown_metadata
from chalicelib.api.show.part import relationships
from chalicelib.licensing import heartbeat
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.process import Process


def show(
    account_id: str, process: Process, license: License, policy: Policy, now: datetime, status: str | None = None
) -> Resource:
    """A process as it stands at `now`; `status` is shown instead of its own: a ping that revived it says so."""
    attributes = {
        "pid": process.pid,
        "status": status or heartbeat.status(policy, process.last_heartbeat, process.created, now),
        "interval": int(heartbeat.window(policy).total_seconds()),
        "lastHeartbeat": process.last_heartbeat,
        "nextHeartbeat": heartbeat.next_heartbeat(process, policy),
        "metadata": shown_metadata(process.metadata),
        "created": process.created,
        "updated": process.updated,
    }
    related = relationships(account_id, "processes", process, license)
    return resource(account_id, "processes", process.id, attributes, related)
