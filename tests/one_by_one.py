"""moto does not take calls side by side."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from chalicelib.store.transport import Transport


class OneByOne:
    """A transport that lets one call through at a time."""

    def __init__(self, inner: Transport) -> None:
        self._inner, self._lock = inner, threading.Lock()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            return self._inner.call(operation, parameters)
