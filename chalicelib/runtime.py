"""Where time, randomness and the environment come in; everything else is handed them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time_ns
from uuid import UUID, uuid4

from chalicelib.licensing.clock import cut
from chalicelib.store import retry
from chalicelib.store.database import Database, TableNames
from chalicelib.store.direct import DirectTransport
from chalicelib.store.transport import Transport
from chalicelib.store.vault import KeyFileVault, KmsVault


def now() -> datetime:
    """The present instant, whole milliseconds."""
    return cut(datetime.now(UTC))


def exact_now() -> datetime:
    """The present instant as the clock tells it."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random UUID."""
    return str(uuid4())


def new_time_id() -> str:
    """A UUIDv7: milliseconds in 48 bits, 12 bits of what follows them, then randomness, so that ids sort by time."""
    milliseconds, rest = divmod(time_ns(), 1_000_000)
    value = milliseconds << 80 | 7 << 76 | rest * 4096 // 1_000_000 << 64 | 2 << 62 | secrets.randbits(62)
    return str(UUID(int=value))


def random_hex(characters: int) -> str:
    """That many random lower-case hex digits."""
    return secrets.token_hex((characters + 1) // 2)[:characters]


def database(
    environment: Mapping[str, str] = os.environ, transport: Transport | None = None, pause: retry.Pause = retry.pause
) -> Database:
    """The store the environment names, or the one behind `transport`."""
    names = TableNames(
        environment.get("LICENSING_RESOURCES_TABLE") or "resources",
        environment.get("LICENSING_OUTBOX_TABLE") or "outbox",
    )
    return Database(transport or DirectTransport(), names, pause)


def vault(environment: Mapping[str, str] = os.environ) -> KeyFileVault | KmsVault:
    """The vault the environment names: a key file on one machine, KMS in the cloud."""
    key_file = environment.get("LICENSING_KEY_FILE")
    return KeyFileVault(key_file) if key_file else KmsVault(None, environment.get("LICENSING_KMS_KEY") or "")
