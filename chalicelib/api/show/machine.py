"""Machines (spec machines.md §1.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, related, resource, shown_metadata
from chalicelib.licensing import heartbeat
from chalicelib.licensing.license import License, limit
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy


def show(
    account_id: str, machine: Machine, license: License, policy: Policy, now: datetime, status: str | None = None
) -> Resource:
    """A machine as it stands at `now`, with what it inherits from its license and policy.

    `status` is shown instead of its heartbeat's: a ping that revived it says so.
    """
    shown = status or heartbeat.status(policy, machine.last_heartbeat, machine.created, now)
    return resource(
        account_id,
        "machines",
        machine.id,
        _attributes(machine, license, policy, shown),
        _relationships(account_id, machine, license),
    )


def _attributes(machine: Machine, license: License, policy: Policy, status: str) -> dict[str, Any]:
    return {
        "fingerprint": machine.fingerprint,
        "name": machine.name,
        "ip": machine.ip,
        "hostname": machine.hostname,
        "platform": machine.platform,
        "cores": machine.cores,
        "memory": machine.memory,
        "disk": machine.disk,
        "requireHeartbeat": heartbeat.is_watched(machine, policy),
        "heartbeatStatus": status,
        "heartbeatDuration": int(heartbeat.window(policy).total_seconds()),
        "maxProcesses": machine.max_processes or limit(license, policy, "max_processes"),
        "lastCheckOut": machine.last_check_out,
        "lastHeartbeat": machine.last_heartbeat,
        "nextHeartbeat": heartbeat.next_heartbeat(machine, policy),
        "metadata": shown_metadata(machine.metadata),
        "created": machine.created,
        "updated": machine.updated,
    }


def _relationships(account_id: str, machine: Machine, license: License) -> dict[str, Any]:
    base = f"{home(account_id)}/machines/{machine.id}"
    return {
        "environment": NO_ENVIRONMENT,
        "product": linked("products", license.product_id, f"{base}/product"),
        "group": linked("groups", machine.group_id, f"{base}/group"),
        "license": linked("licenses", machine.license_id, f"{base}/license"),
        "owner": linked("users", machine.owner_id, f"{base}/owner"),
        "components": related(f"{base}/components"),
        "processes": related(f"{base}/processes"),
    }
