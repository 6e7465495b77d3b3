"""`make run` as somebody meets it: start, read the demo file, point an SDK at it, stop, start again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.integrator import JSON_API, exchange
from tests.clients.keygen_py import KeygenPy
from tests.clients.keygen_sdk import configurable
from tests.clients.site import SECONDS

ROOT = Path(__file__).parents[2]


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's that would point elsewhere; any free port."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LICENSING_"))}
    return {**kept, "PORT": "0", "DATA": str(folder), "PYTHONWARNINGS": "error"}


@contextmanager
def running(folder: Path) -> Iterator[dict[str, Any]]:
    """What the demo file says of the running service; it is stopped the way Ctrl-C does."""
    command = [sys.executable, "-m", "infra.local"]
    options: dict[str, Any] = {"cwd": ROOT, "env": environment(folder), "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options) as process:
        assert process.stdout is not None
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if "ready at" in line:
                    break
            assert said and "ready at" in said[-1], said
            yield json.loads((folder / "demo.json").read_text())
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=SECONDS)[0]
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
        assert '"level":"error"' not in rest


def admin(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An operator's command on the same data."""
    command = [sys.executable, "-m", "infra.local", "admin", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False, timeout=SECONDS
    )


@pytest.mark.slow
def test_run_demo_sdk(tmp_path: Path, keygen_py_process: KeygenPy) -> None:
    with configurable() as sdk:
        _run_demo_sdk(tmp_path, sdk, keygen_py_process)


def _run_demo_sdk(tmp_path: Path, sdk: Any, keygen_py_process: KeygenPy) -> None:
    with running(tmp_path) as demo:
        assert (tmp_path / "demo.json").stat().st_mode & 0o077 == 0
        sdk.api_url, sdk.public_key, sdk.license_key = demo["url"], demo["publicKey"], demo["key"]
        sdk.product = demo["product"]
        assert sdk.validate().id == demo["license"]
        settings = {"api_url": demo["url"], "api_version": "1.7", "api_prefix": "v1", "account": demo["account"]}
        settings |= {"product": demo["product"], "license_key": demo["key"], "public_key": demo["publicKey"]}
        assert keygen_py_process.validate(settings)["id"] == demo["license"]
        sdk.license_key, sdk.product, sdk.token = "", "", demo["adminToken"]
        listed = sdk.Client().get("licenses", query={"limit": 10}).document["data"]
        assert [one["id"] for one in listed] == [demo["license"]]
        sdk.Client().post(f"licenses/{demo['license']}/actions/increment-usage")
        second = admin(tmp_path, "bootstrap", "--account", "second")
        assert second.returncode == 0, second.stderr
        other = json.loads(second.stdout)
        _second_account(demo, other)
    with running(tmp_path) as again:
        stays = {name: value for name, value in demo.items() if name != "url"}
        assert {name: value for name, value in again.items() if name != "url"} == stays
        sdk.api_url = again["url"]
        answer = sdk.Client().get(f"licenses/{demo['license']}")
        assert answer.document["data"]["attributes"]["uses"] == 1


def _second_account(demo: dict[str, Any], other: dict[str, Any]) -> None:
    """A second account on the same data has nothing to say about the first."""
    host = demo["url"].removeprefix("http://")
    headers = {"Host": host, "Accept": JSON_API, "Authorization": f"Bearer {other['adminToken']}"}
    foreign = exchange(host, "GET", f"/v1/accounts/{demo['account']}/licenses", None, headers)
    assert foreign.error[:2] == (401, "TOKEN_INVALID")
