"""`make run`: the whole service on one machine, with its data in one folder.

`python -m infra.local` serves; `python -m infra.local admin ...` runs the operator's commands on the same data.
Reads PORT (8000), DATA (.local) and EVENTS (`*`; the event names the log listens to, empty for none).
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from chalicelib import runtime
from chalicelib.admin import __main__ as admin
from chalicelib.admin.bootstrap import Tools
from chalicelib.api.application import application
from chalicelib.composition import compose, stream, sweep
from chalicelib.store.vault import KeyFileVault

from . import demo
from .engine import Engine, EngineTransport
from .events import RouteTable
from .runner import Runner, Schedule, StreamReader
from .server import Running, serve

SWEEP_SECONDS = 60


class _Trimmed:
    """The stream's checkpoint: what was handled is dropped from the feed, so the feed itself says where to go on."""

    def __init__(self, engine: Engine, table: str) -> None:
        self._engine, self._table = engine, table

    def load(self) -> int:
        """The beginning of what is left."""
        return 0

    def store(self, sequence: int) -> None:
        """Everything up to `sequence` was handled."""
        self._engine.trim_changes(self._table, sequence)


def main(arguments: list[str]) -> int:
    """Serve until told to stop, or carry out a command; the exit status."""
    folder = Path(os.environ.get("DATA") or ".local")
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(folder / "licensing.sqlite")
    try:
        tools = _tools(engine, folder)
        if arguments[:1] == ["admin"]:
            return admin.run(tools, arguments[1:])
        with (folder / "serving.lock").open("w") as lock:
            return _serve(engine, tools, folder, lock)
    finally:
        engine.close()


def _alone(lock: TextIO) -> bool:
    """Two servers on one folder would share its stream: each would print half of the events."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tools(engine: Engine, folder: Path) -> Tools:
    key_file = folder / "vault.key"
    vault = KeyFileVault(key_file) if key_file.exists() else KeyFileVault.create(key_file)
    database = runtime.database(transport=EngineTransport(engine))
    database.create_tables()
    return Tools(database, vault, runtime.now, runtime.new_id, runtime.random_hex)


def _serve(engine: Engine, tools: Tools, folder: Path, lock: TextIO) -> int:
    file = folder / "demo.json"
    known = demo.account(tools, file)
    demo.listen(tools, known["account"], os.environ.get("EVENTS", "*"))
    service = compose({**os.environ, "LICENSING_ACCOUNT": known["account"]}, tools.database, tools.vault)
    app = application(service)
    routes = RouteTable(app.routes)
    runner = _runner(engine, service)

    alone: list[bool] = []

    def ready(running: Running) -> None:
        alone.append(_alone(lock))
        if not alone[0]:
            print(f"{folder} is served by another process; choose another with DATA=...", file=sys.stderr)
            running.stop()
            return
        filled = demo.fill(app, routes, known, running.url)
        demo.remember(file, filled)
        runner.start()
        print(demo.greeting(filled, file), flush=True)

    serve(app, routes, port=int(os.environ.get("PORT") or 8000), on_ready=ready)
    runner.stop()
    return 0 if alone == [True] else 1


def _runner(engine: Engine, service: Any) -> Runner:
    outbox = service.database.names.outbox
    reader = StreamReader(
        outbox,
        lambda after, limit: engine.changes(outbox, after, limit),
        lambda event, context: stream(service).handle(event),
        _Trimmed(engine, outbox),
    )
    schedules = (
        Schedule("sweep", SWEEP_SECONDS, _scheduled(lambda: sweep(service).run())),
        Schedule("time-to-live", SWEEP_SECONDS, _scheduled(lambda: engine.sweep_expired(int(time.time())))),
    )
    return Runner(schedules, (reader,))


def _scheduled(function: Callable[[], object]) -> Callable[[Any, Any], object]:
    return lambda event, context: function()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
