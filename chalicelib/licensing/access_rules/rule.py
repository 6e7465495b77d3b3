"""What a row of the authorization matrix is, and the columns that many rows share."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.licensing.ties import Tie, anyone, attached, itself, owner, same_product

Ties = tuple[Tie, ...]
Narrowed = Mapping[str, Ties]


class Objection(msgspec.Struct, frozen=True):
    """A tie that refuses, and the reason it gives; `{role}` there stands for the role of the bearer in words."""

    tie: Tie
    reason: str


class Rule(msgspec.Struct, frozen=True):
    """One row: who may, after the permissions were checked.

    `staff`: the letters of the staff that may act (spec auth.md §7: A admin, D developer, S sales agent, P support
    agent, R read only). `product`, `user` (a customer), `license`: what must tie the subject to such a bearer, any one
    of several, none for never. `unless` takes back what these three grant.
    `narrowed`: what must tie the subject to single letters of `staff`. `admin`: a further permission that is needed
    when the subject is, or is to be, an admin. `objections` refuse anybody, each with its own reason, before the
    columns are looked at.
    """

    staff: str
    product: Ties = ()
    user: Ties = ()
    license: Ties = ()
    unless: Ties = ()
    narrowed: Narrowed | None = None
    admin: str | None = None
    objections: tuple[Objection, ...] = ()


EVERYBODY: Ties = (anyone,)
ITSELF: Ties = (itself,)
PRODUCT: Ties = (same_product,)
OWNER: Ties = (owner,)
HOLDERS: Ties = (owner, attached)


def narrowed(letters: str, *ties: Tie) -> Narrowed:
    """Each of `letters` may only act on what one of `ties` ties to it."""
    return dict.fromkeys(letters, ties)
