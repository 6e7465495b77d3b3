"""`make run` killed in the middle of its work: every acknowledged write is there after the restart."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 30
THREADS = 4
ENOUGH = 60


@dataclass
class Server:
    """A running server and its demo account."""

    process: subprocess.Popen[str]
    demo: dict[str, Any]

    def connect(self) -> http.client.HTTPConnection:
        host, _, port = self.demo["url"].removeprefix("http://").partition(":")
        return http.client.HTTPConnection(host, int(port), timeout=SECONDS)

    def send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object = None
    ) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self.demo['adminToken']}",
            "Accept": "application/vnd.api+json",
            "Content-Type": "application/vnd.api+json",
        }
        connection.request(method, f"/v1{path}", None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@contextmanager
def running(data: Path) -> Iterator[Server]:
    """The server on a free port with its data in `data`."""
    environment = {**os.environ, "PORT": "0", "DATA": str(data), "LICENSING_LOG_REQUESTS": "false", "EVENTS": ""}
    command = [sys.executable, "-m", "infra.local"]
    with (data / "errors.txt").open("a") as errors:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        ready = any("ready at" in line for line in process.stdout)
        assert ready, (data / "errors.txt").read_text()
        yield Server(process, json.loads((data / "demo.json").read_text()))
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(SECONDS)
        if process.stdout is not None:
            process.stdout.close()


@dataclass
class Load:
    """Uses and creates without pause over one connection, and what of them was acknowledged."""

    server: Server
    number: int
    enough: threading.Event
    uses: list[int] = field(default_factory=list)
    created: dict[str, str] = field(default_factory=dict)
    started: int = 0

    def run(self) -> None:
        with suppress(OSError, http.client.HTTPException), closing(self.server.connect()) as connection:
            while True:
                self._use(connection)
                self._create(connection)
                if len(self.created) * THREADS >= ENOUGH:
                    self.enough.set()

    def _use(self, connection: http.client.HTTPConnection) -> None:
        self.started += 1
        path = f"/licenses/{self.server.demo['license']}/actions/increment-usage"
        status, document = self.server.send(connection, "POST", path, {"meta": {"increment": 1}})
        assert status == 200, document
        self.uses.append(document["data"]["attributes"]["uses"])

    def _create(self, connection: http.client.HTTPConnection) -> None:
        key = f"key-{self.number}-{self.started:05d}"
        linked = {"policy": {"data": {"type": "policies", "id": self.server.demo["policy"]}}}
        data = {"type": "licenses", "attributes": {"key": key}, "relationships": linked}
        status, document = self.server.send(connection, "POST", "/licenses", {"data": data})
        assert status == 201, document
        self.created[key] = document["data"]["id"]


def load_until_killed(server: Server) -> list[Load]:
    enough = threading.Event()
    loads = [Load(server, number, enough) for number in range(THREADS)]
    threads = [threading.Thread(target=load.run, daemon=True) for load in loads]
    for thread in threads:
        thread.start()
    assert enough.wait(SECONDS)
    server.process.kill()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert server.process.wait(SECONDS) == -signal.SIGKILL
    return loads


def assert_kept(server: Server, connection: http.client.HTTPConnection, loads: list[Load]) -> None:
    acknowledged = [count for load in loads for count in load.uses]
    assert len(acknowledged) == len(set(acknowledged))
    status, document = server.send(connection, "GET", f"/licenses/{server.demo['license']}")
    assert status == 200
    stored = document["data"]["attributes"]["uses"]
    assert max(acknowledged) <= stored <= sum(load.started for load in loads)
    assert len(acknowledged) <= stored
    for key, identifier in [pair for load in loads for pair in load.created.items()]:
        status, document = server.send(connection, "GET", f"/licenses/{key}")
        assert (status, document["data"]["id"]) == (200, identifier)
    status, document = server.send(connection, "POST", f"/licenses/{server.demo['license']}/actions/increment-usage")
    assert (status, document["data"]["attributes"]["uses"]) == (200, stored + 1)


@pytest.mark.slow
def test_what_was_acknowledged_survives_the_death_of_the_process(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        before = first.demo
        loads = load_until_killed(first)
    with running(tmp_path) as second:
        same = ("account", "adminToken", "license", "key", "policy", "product", "slug")
        assert {name: second.demo[name] for name in same} == {name: before[name] for name in same}
        with closing(second.connect()) as connection:
            assert_kept(second, connection, loads)
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(SECONDS) == 0
    errors = (tmp_path / "errors.txt").read_text()
    assert "Traceback" not in errors, errors
    assert oct((tmp_path / "demo.json").stat().st_mode & 0o777) == "0o600"


@pytest.mark.slow
def test_a_start_that_dies_at_any_moment_leaves_a_startable_folder(tmp_path: Path) -> None:
    """Killed while it makes its demo account, it starts again on what is left."""
    environment = {**os.environ, "PORT": "0", "DATA": str(tmp_path), "LICENSING_LOG_REQUESTS": "false"}
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        for _ in range(SECONDS * 100):
            if (tmp_path / "vault.key").exists():
                break
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.kill()
    finally:
        process.wait(SECONDS)
    with running(tmp_path) as server:
        with closing(server.connect()) as connection:
            status, document = server.send(connection, "GET", f"/licenses/{server.demo['license']}")
        assert status == 200, document
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS) == 0
