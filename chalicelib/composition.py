"""Puts the service together from its environment; the only place that knows every room."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from chalicelib import runtime
from chalicelib.api.accounts import Accounts
from chalicelib.api.log import line
from chalicelib.api.service import Service, Settings
from chalicelib.api.show import license as licenses
from chalicelib.api.show import machine as machines
from chalicelib.api.show import process as processes
from chalicelib.crypto.secrets import Wrapper
from chalicelib.jobs.events import Channel, Stream
from chalicelib.jobs.sweep import Shows, Sweep
from chalicelib.store.database import Database


def compose(
    environment: Mapping[str, str] = os.environ,
    database: Database | None = None,
    vault: Wrapper | None = None,
    **service: Any,
) -> Service:
    """A service as `LICENSING_*` variables say; store, vault, clock and ids may be given."""
    settings = Settings(
        account=environment.get("LICENSING_ACCOUNT") or None,
        public_host=environment.get("LICENSING_PUBLIC_HOST") or None,
        touch_seconds=int(environment.get("LICENSING_TOUCH_SECONDS") or 60),
        log_requests=(environment.get("LICENSING_LOG_REQUESTS") or "true") != "false",
    )
    database = database or runtime.database(environment)
    composed = Service(database, settings=settings, **service)
    composed.accounts = Accounts(database, vault or runtime.vault(environment), composed.seconds, settings.account)
    return composed


def sweep(service: Service, in_time: Any = lambda: True) -> Sweep:
    """One run of the deadline sweep."""
    shows = Shows(licenses.show, machines.show, processes.show)
    return Sweep(service.database, shows, service.new_event_id, service.now(), in_time)


def stream(service: Service) -> Stream:
    """The handler of the outbox's stream."""
    return Stream(service.database, CHANNELS, service.new_event_id, service.now, _failed)


def to_log(delivery: Mapping[str, Any]) -> None:
    """The channel `log`: an event becomes one line that names its resource. Payloads hold license keys and stay out."""
    data = json.loads(delivery["payload"])["data"]
    named = [f"{one['type']}/{one['id']}" for one in (data if isinstance(data, list) else [data])]
    line(
        {
            "level": "event",
            "event": delivery["event"],
            "account": delivery["account"],
            "resource": named,
            "id": delivery["id"],
        }
    )


CHANNELS: Mapping[str, Channel] = {"log": to_log}


def _failed(sequence: str, error: Exception) -> None:
    line({"level": "error", "stream": "outbox", "sequence": sequence, "error": repr(error)})
