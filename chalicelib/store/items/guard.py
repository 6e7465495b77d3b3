"""Guards of unique names, with hints for the next round, and pointers from ids to items with other keys."""

from __future__ import annotations

from chalicelib.store.keys import Key
from chalicelib.store.table import InstantAttribute, Row, UnicodeAttribute
from chalicelib.store.unit import Put, Remove, Write


class UniqueRow(Row, discriminator="unique"):
    """A name in use by `target`. The other ids are hints: compared with the facts, never trusted."""

    target = UnicodeAttribute()
    policy_id = UnicodeAttribute(null=True)
    product_id = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)
    group_id = UnicodeAttribute(null=True)


class PointerRow(Row, discriminator="pointer"):
    """Where the item of an id is; `created` lets lists go on from it."""

    target_pk = UnicodeAttribute()
    target_sk = UnicodeAttribute()
    created = InstantAttribute()


def claim(key: Key, target: str) -> Put:
    """Take a unique name; the condition fails when somebody has it."""
    return Put(UniqueRow(pk=key.pk, sk=key.sk, target=target))


def release(key: Key, target: str) -> Remove:
    """Give a unique name back, if it is still the one of `target`."""
    return Remove(UniqueRow, key, UniqueRow.target == target)


def moved(old: Key | None, new: Key | None, target: str) -> tuple[Write, ...]:
    """The writes that give up one name of `target` for another; None is no name."""
    if old == new:
        return ()
    released = () if old is None else (release(old, target),)
    return (*released, *(() if new is None else (claim(new, target),)))
