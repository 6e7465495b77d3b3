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
        asked = {"config": config, "fingerprints": fingerprints or [], "entitlements": entitlements or []}
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
            license = asyncio.run(_validate(sdk, asked))
            answer = {name: getattr(license, name) for name in FIELDS} | {"expiry": str(license.expiry)}
        except Exception as error:
            answer = _described(error)
        print(json.dumps(answer), flush=True)


def _described(error: Exception) -> dict[str, Any]:
    try:
        described: dict[str, Any] = json.loads(error.args[0])
    except ValueError:
        return {"type": type(error).__name__, "details": str(error)}
    return described


async def _validate(sdk: Any, asked: dict[str, Any]) -> Any:
    return await sdk.validate(asked["fingerprints"], asked["entitlements"])


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
