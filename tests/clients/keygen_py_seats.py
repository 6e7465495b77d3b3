"""What an application does with keygen-py about its seat, run inside the process of `keygen_py`."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any


async def seated(sdk: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Take a seat, and give it back by what `leave` says: `fingerprint`, `id` or `machine`; what each step gave."""
    fingerprint, others = asked["seat"], asked["others"]
    license = await sdk.validate([], [])
    asleep = await refusal(license.validate([fingerprint], []))
    machine = await license.activate(fingerprint, [])
    again = await refusal(license.activate(fingerprint, []))
    full = [await refusal(license.activate(other, [])) for other in others]
    validated = await license.validate([fingerprint], [])
    by_key = await license.validate_key([fingerprint], [])
    found = [(await license.machine(name)).id for name in (fingerprint, machine.id)]
    pinged = [(await machine.ping()).heartbeat_status for _ in range(2)]
    listed = sorted(one.fingerprint for one in await license.machines())
    await _leave(license, machine, asked["leave"])
    return {
        "before": asleep,
        "again": again,
        "full": full,
        "license": [license.id, validated.id, by_key.id],
        "machine": [machine.id, *found],
        "status": pinged,
        "listed": listed,
        "after": await refusal(license.machine(machine.id)),
        "left": sorted(one.fingerprint for one in await license.machines()),
    }


async def refusal(call: Awaitable[Any]) -> tuple[str, Any] | None:
    """Type and code of the error a call ended with, None if it succeeded."""
    try:
        await call
    except Exception as error:
        return _described(error)
    return None


def _described(error: Exception) -> tuple[str, Any]:
    """Those of the interface are JSON, others are plain text."""
    try:
        described = json.loads(error.args[0])
    except ValueError:
        return type(error).__name__, str(error)
    return described["type"], described["details"]["code"]


async def _leave(license: Any, machine: Any, by: str) -> None:
    if by == "machine":
        await machine.deactivate()
    else:
        await license.deactivate(machine.id if by == "id" else machine.fingerprint)
