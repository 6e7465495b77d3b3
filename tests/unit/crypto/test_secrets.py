"""The unwrap cache: hits, bounds, age, and separation by context."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.crypto.secrets import UnwrapCache, Wrapper


class Reverser:
    """A wrapper that counts what it unwraps."""

    def __init__(self) -> None:
        self.unwrapped = 0

    def wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        return plain[::-1]

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self.unwrapped += 1
        if wrapped == b"bad":
            raise LookupError
        return wrapped[::-1]


A, B = {"account": "a"}, {"account": "b"}


def cache(wrapper: Wrapper, max_entries: int = 2, max_age: float = 10) -> UnwrapCache[str]:
    return UnwrapCache(wrapper, bytes.decode, max_entries, max_age)


def test_a_hit_costs_nothing_and_gives_the_same_object() -> None:
    wrapper = Reverser()
    kept = cache(wrapper)
    assert kept.get(b"cba", A, 0) == "abc"
    assert kept.get(b"cba", A, 9.9) is kept.get(b"cba", dict(A), 1)
    assert wrapper.unwrapped == 1


def test_context_and_wrapped_bytes_are_the_key() -> None:
    wrapper = Reverser()
    kept = cache(wrapper, 10)
    for wrapped, context in ((b"x", A), (b"x", B), (b"y", A), (b"x", {}), (b"x", {**A, "k": "v"})):
        kept.get(wrapped, context, 0)
    assert wrapper.unwrapped == len(kept) == 5
    kept.get(b"x", {"k": "v", "account": "a"}, 0)
    assert wrapper.unwrapped == 5


@pytest.mark.parametrize("later", [10, 11, -1])
def test_old_entries_and_clocks_that_went_back_unwrap_again(later: float) -> None:
    wrapper = Reverser()
    kept = cache(wrapper)
    kept.get(b"x", A, 0)
    kept.get(b"x", A, later)
    assert wrapper.unwrapped == 2


def test_age_counts_from_unwrapping_not_from_use() -> None:
    wrapper = Reverser()
    kept = cache(wrapper)
    for now in (0, 6, 12):
        kept.get(b"x", A, now)
    assert wrapper.unwrapped == 2


def test_the_least_recently_used_leaves_first() -> None:
    wrapper = Reverser()
    kept = cache(wrapper)
    for wrapped in (b"1", b"2", b"1", b"3", b"1"):
        kept.get(wrapped, A, 0)
    assert (wrapper.unwrapped, len(kept)) == (3, 2)
    kept.get(b"2", A, 0)
    assert wrapper.unwrapped == 4


def test_expired_secrets_leave_memory_on_the_next_miss() -> None:
    kept = cache(Reverser(), 10)
    kept.get(b"1", A, 0)
    kept.get(b"2", A, 5)
    kept.get(b"3", A, 12)
    assert len(kept) == 2
    kept.clear()
    assert len(kept) == 0


def test_failures_pass_through_and_are_not_kept() -> None:
    wrapper = Reverser()
    kept = cache(wrapper)
    for _ in range(2):
        with pytest.raises(LookupError):
            kept.get(b"bad", A, 0)
    assert (wrapper.unwrapped, len(kept)) == (2, 0)


def test_a_cache_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError):
        cache(Reverser(), 0)


def test_threads_share_it() -> None:
    kept = cache(Reverser(), 5)
    jobs = [str(n % 9).encode() for n in range(500)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda job: kept.get(job, A, 0), jobs)) == [job.decode() for job in jobs]
    assert len(kept) <= 5
