"""What a validation asks for (spec validation.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

# For these null says something; for the others it is as good as not sent.
_NULL_COUNTS = frozenset({"user", "fingerprint", "fingerprints"})


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The scopes of one request; `given` holds the snake_case names of those that were sent.

    `fingerprints` are the distinct machine fingerprints asked for, in the order of the request, whichever of the two
    scopes they came by; `components` and `entitlements` are distinct too.
    """

    given: frozenset[str] = frozenset()
    product: str | None = None
    policy: str | None = None
    user: str | None = None
    machine: str | None = None
    fingerprints: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    entitlements: tuple[str, ...] = ()
    checksum: str | None = None
    version: str | None = None

    @property
    def by_fingerprint(self) -> bool:
        """Whether machines are asked for by fingerprint."""
        return "fingerprint" in self.given or "fingerprints" in self.given


NO_SCOPE = Scope()


def kept(sent: Mapping[str, Any]) -> dict[str, Any]:
    """`sent` without the nulls that mean nothing: what counts as given, and what is echoed."""
    return {name: value for name, value in sent.items() if value is not None or name in _NULL_COUNTS}


def read(sent: Mapping[str, Any] | None) -> Scope:
    """The scope of a type-checked mapping with snake_case names; None and `{}` are no scope at all."""
    given = kept(sent or {})
    return Scope(
        given=frozenset(given),
        product=given.get("product"),
        policy=given.get("policy"),
        user=given.get("user"),
        machine=given.get("machine"),
        fingerprints=_fingerprints(given),
        components=_distinct(given.get("components", ())),
        entitlements=_distinct(given.get("entitlements", ())),
        checksum=given.get("checksum"),
        version=given.get("version"),
    )


def _fingerprints(given: Mapping[str, Any]) -> tuple[str, ...]:
    if "fingerprint" in given:
        one = given["fingerprint"]
        return (one,) if one and one.strip() else ()
    return _distinct(given.get("fingerprints") or ())


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
