"""Secrets at rest: the wrapper that others provide, and a cache of what it unwrapped (cryptography.md §1)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
_Key = tuple[bytes, tuple[tuple[str, str], ...]]


class Wrapper(Protocol):
    """Authenticated encryption under a key this room never sees; `store/vault.py` has one for files and one for KMS.

    `context` names what is wrapped (e.g. the account id). It is bound, not hidden: unwrapping under any other context
    fails. Failures raise the implementation's own error.
    """

    def wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        """`plain`, encrypted for storage."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The inverse of `wrap` under the same context."""
        ...


class UnwrapCache(Generic[T]):
    """Unwrapped and loaded secrets of the accounts a container serves: least recently used out first.

    `load` turns the plain bytes into what callers use (e.g. a Signer with its keys loaded), so a hit costs neither a
    KMS call nor a parse. Entries are found by the wrapped bytes and the context: new wrapped bytes are a new entry,
    a stale one is never served for them. `max_age` and `now` are seconds of any one clock. Safe among threads.
    """

    __slots__ = ("_entries", "_load", "_lock", "_max_age", "_max_entries", "_wrapper")

    def __init__(self, wrapper: Wrapper, load: Callable[[bytes], T], max_entries: int, max_age: float) -> None:
        if max_entries < 1:
            raise ValueError("max_entries must be at least 1")
        self._wrapper, self._load = wrapper, load
        self._max_entries, self._max_age = max_entries, max_age
        self._entries: OrderedDict[_Key, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, wrapped: bytes, context: Mapping[str, str], now: float) -> T:
        """The loaded value; unwraps on a miss. Errors of the wrapper and of `load` pass through, nothing is kept."""
        key = (wrapped, tuple(sorted(context.items())))
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._fresh(entry[0], now):
                self._entries.move_to_end(key)
                return entry[1]
        # Outside the lock: one slow unwrap must not hold up other accounts. Two threads may both do it; no harm.
        value = self._load(self._wrapper.unwrap(wrapped, context))
        with self._lock:
            self._keep(key, value, now)
        return value

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._entries.clear()

    def _fresh(self, since: float, now: float) -> bool:
        return 0 <= now - since < self._max_age  # a clock that went back proves nothing about age

    def _keep(self, key: _Key, value: T, now: float) -> None:
        for old in [key for key, (since, _) in self._entries.items() if not self._fresh(since, now)]:
            del self._entries[old]  # plain secrets stay in memory no longer than they may be used
        self._entries[key] = (now, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
