"""What requests and jobs share in one container: the store, the accounts, the clock, ids and settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from chalicelib import runtime
from chalicelib.api.accounts import Accounts
from chalicelib.store.database import Database

REVISION = "1"


class Settings(msgspec.Struct, frozen=True):
    """How this deployment behaves.

    `account` is the id or slug the short path form implies; `public_host` replaces the Host header in signatures
    when a front hides it; `touch_seconds` is how often one license's `lastValidated` is stored at most.
    """

    account: str | None = None
    public_host: str | None = None
    touch_seconds: int = 60
    log_requests: bool = True


@dataclass(slots=True)
class Service:
    """The dependencies of the road; time and randomness reach it through here and nowhere else."""

    database: Database
    accounts: Accounts = field(init=False)
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = runtime.now
    exact_now: Callable[[], datetime] = runtime.exact_now
    seconds: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = runtime.new_id
    new_request_id: Callable[[], str] = runtime.new_time_id
    new_event_id: Callable[[], str] = runtime.new_time_id
    random_hex: Callable[[int], str] = runtime.random_hex
