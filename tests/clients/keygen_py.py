"""keygen-py in a process of its own.

Its configuration is one per process, and a thread of its native runtime may outlive the interpreter and abort it; this
process therefore leaves without finalising. One JSON line in, one JSON line out.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.clients.keygen_py_seats import seated

ROOT = Path(__file__).parents[2]
FIELDS = ("id", "key", "name", "policy", "status")


class KeygenPy:
    """The other end of the process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def validate(
        self, config: dict[str, Any], fingerprints: list[str] | None = None, entitlements: list[str] | None = None
    ) -> dict[str, Any]:
        """`validate()` of the SDK: the license's fields, or the error's `type` and `details`."""
        return self._ask({"config": config, "fingerprints": fingerprints or [], "entitlements": entitlements or []})

    def live(self, config: dict[str, Any], fingerprint: str) -> dict[str, Any]:
        """A whole life: activate, validate, ping, check out and open both files, deactivate; what each step gave."""
        return self._ask({"config": config, "live": fingerprint})

    def seat(self, config: dict[str, Any], fingerprint: str, leave: str, *others: str) -> dict[str, Any]:
        """Take a seat, be refused those for `others`, leave by `leave`; what each step gave (`keygen_py_seats`)."""
        return self._ask({"config": config, "seat": fingerprint, "leave": leave, "others": others})

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._in.write(json.dumps(asked) + "\n")
        self._in.flush()
        answered: dict[str, Any] = json.loads(self._out.readline())
        return answered


@contextmanager
def running() -> Iterator[KeygenPy]:
    """Start the process; it ends with its standard input."""
    command = [sys.executable, "-m", __name__]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield KeygenPy(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(20) == 0


def main() -> None:
    """Answer until there are no more questions."""
    # The package brings stubs without a marker for them, so type checkers refuse a plain import.
    sdk, settings = importlib.import_module("keygen_sh"), importlib.import_module("keygen_sh.config")
    for line in sys.stdin:
        asked = json.loads(line)
        settings.set_config(settings.KeygenConfig(**asked["config"]))
        try:
            answer = asyncio.run(_answered(sdk, asked))
        except Exception as error:
            answer = _described(error)
        print(json.dumps(answer), flush=True)


def _described(error: Exception) -> dict[str, Any]:
    try:
        described: dict[str, Any] = json.loads(error.args[0])
    except ValueError:
        return {"type": type(error).__name__, "details": str(error)}
    return described


async def _answered(sdk: Any, asked: dict[str, Any]) -> dict[str, Any]:
    if "seat" in asked:
        return await seated(sdk, asked)
    return await (_live(sdk, asked["live"]) if "live" in asked else _validated(sdk, asked))


async def _validated(sdk: Any, asked: dict[str, Any]) -> dict[str, Any]:
    license = await sdk.validate(asked["fingerprints"], asked["entitlements"])
    return {name: getattr(license, name) for name in FIELDS} | {"expiry": str(license.expiry)}


async def _live(sdk: Any, fingerprint: str) -> dict[str, Any]:
    license = await sdk.validate([], [])
    machine = await sdk.license.License.activate_machine(license.id, fingerprint, None)
    validated = await license.validate([fingerprint], [])
    pinged = await machine.ping()
    license_file, machine_file = (
        await license.checkout(3600, ["entitlements"]),
        await machine.checkout(3600, ["license"]),
    )
    license_file.verify()
    machine_file.verify()
    said, said_of_machine = license_file.decrypt(license.key), machine_file.decrypt(license.key + fingerprint)
    listed = [one.fingerprint for one in await license.machines()]
    await machine.deactivate()
    left = await license.machines()
    return {
        "license": [license.id, validated.id, said.license.id],
        "machine": [machine.id, said_of_machine.machine.id],
        "status": pinged.heartbeat_status,
        "ttl": [said.ttl, said_of_machine.ttl],
        "listed": listed,
        "left": len(left),
    }


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
