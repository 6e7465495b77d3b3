"""Structured logs: one JSON line an entry, on standard output, never a secret."""

from __future__ import annotations

import sys
import threading
from typing import Any, TextIO

import msgspec

_lock = threading.Lock()


def line(entry: dict[str, Any], stream: TextIO | None = None) -> None:
    """Write one entry."""
    text = msgspec.json.encode(entry).decode()
    with _lock:
        print(text, file=stream or sys.stdout, flush=True)
