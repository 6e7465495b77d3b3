"""Which rows a change writes, where they are listed, and what each write asks for (STORE §2, §4)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.store import keys
from chalicelib.store.items import attachment, entitlement, group, pool, user
from chalicelib.store.table import Tombstone
from chalicelib.store.unit import Change, Put, Remove, Write
from tests.unit.licensing import make
from tests.unit.store.test_items import A, pool_key, stored


def _condition(write: Write) -> tuple[set[str], set[Any]]:
    """The attributes a write asks for, and the values it asks them to have."""
    assert write.when is not None
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    write.when.serialize(names, values)
    plain = {name: int(cell["N"]) if "N" in cell else next(iter(cell.values())) for name, cell in values.items()}
    return set(names), set(plain.values())


def _changes(write: Write) -> set[str]:
    """The attributes a write changes."""
    assert isinstance(write, Change)
    return {str(action.values[0]) for action in write.actions}


def test_a_group_and_an_entitlement_are_listed_by_their_age() -> None:
    facts, meter = stored(group.creation(A, make.group(created=make.NOW)))
    assert (facts["in_1"], facts["position"]) == (f"{A}#group", keys.position(make.NOW, "group"))
    assert (facts["pk"], facts["sk"]) == keys.resource(A, "group", "group")
    assert (meter["pk"], meter["sk"]) == keys.group_meter(A, "group")
    assert "in_1" not in meter
    row, guard = stored(entitlement.creation(A, make.entitlement(created=make.NOW, code="Feature")))
    assert (row["in_1"], row["position"]) == (f"{A}#entitlement", keys.position(make.NOW, "entitlement"))
    assert (guard["pk"], guard["target"]) == (entitlement.code_key(A, "fEATURE").pk, "entitlement")


@pytest.mark.parametrize(
    ("kind", "key", "listed"),
    [
        ("license-user", (f"{A}#license#H", "user#T"), f"{A}#user#T#license"),
        ("license-entitlement", (f"{A}#license#H", "entitlement#T"), f"{A}#entitlement#T#license"),
        ("policy-entitlement", (f"{A}#policy#H", "entitlement#T"), f"{A}#entitlement#T#policy"),
        ("group-owner", (f"{A}#group#H", "owner#T"), f"{A}#user#T#group"),
    ],
)
def test_an_attachment_is_with_its_holder_and_listed_under_its_target(
    kind: str, key: tuple[str, str], listed: str
) -> None:
    value = make.attachment(kind=kind, holder_id="H", target_id="T")
    (row,) = stored((attachment.put(A, value, make.NOW),))
    assert (row["pk"], row["sk"]) == key == attachment.key_of(A, kind, "H", "T")
    assert row["sk"].startswith(attachment.held_by(A, kind, "H").sk)
    assert (row["in_5"], row["position"]) == (listed, keys.position(make.NOW, "H"))
    assert attachment.partition(A, kind, "T") == listed
    assert attachment.attachment_of(row) == value


def test_only_that_very_attachment_is_removed() -> None:
    removal = attachment.remove(A, make.attachment(id="mine"))
    assert removal.key == attachment.key_of(A, "license-user", "license", "user")
    assert _condition(removal) == ({"id"}, {"mine"})


def test_a_change_proves_the_revision_it_was_decided_on() -> None:
    before, code = make.group(revision=4, max_users=5), make.entitlement(revision=4, code="OLD")
    (change,) = group.update(A, before, replace(before, max_users=None, name="Other"))
    changed, released, claimed = entitlement.update(A, code, replace(code, code="NEW"))
    for one in (change, changed):
        assert _condition(one) == ({"revision"}, {4})
    assert _changes(change) == {"max_users", "name", "revision"}
    assert _changes(changed) == {"code", "revision"}
    assert isinstance(claimed, Put)
    assert claimed.row.pk == entitlement.code_key(A, "NEW").pk
    assert isinstance(released, Remove)
    assert released.key == entitlement.code_key(A, "OLD")


def test_a_code_in_other_letters_keeps_its_guard() -> None:
    before = make.entitlement(code="old")
    (change,) = entitlement.update(A, before, replace(before, code="OLD"))
    assert _changes(change) == {"code", "revision"}


def test_what_is_deleted_leaves_a_tombstone_and_frees_its_names() -> None:
    stone, meter = group.deletion(A, make.group(revision=4), make.NOW)
    coded, released = entitlement.deletion(A, make.entitlement(revision=4), make.NOW)
    for one in (stone, coded):
        assert isinstance(one, Put)
        assert isinstance(one.row, Tombstone)
        assert _condition(one)[0] == {"kind", "revision"}
        assert 4 in _condition(one)[1]
    assert isinstance(meter, Remove)
    assert meter.key == keys.group_meter(A, "group")
    assert isinstance(released, Remove)
    assert released.key == entitlement.code_key(A, "FEATURE")


@pytest.mark.parametrize("kind", ["users", "licenses", "machines"])
def test_members_are_counted_where_they_go_and_where_they_leave(kind: str) -> None:
    limited = make.group(id="limited", **{f"max_{kind}": 3})
    free = make.group(id="free")
    left, entered = group.moved(A, kind, free, limited)
    assert isinstance(left, Change)
    assert isinstance(entered, Change)
    assert (left.key, entered.key) == (keys.group_meter(A, "free"), keys.group_meter(A, "limited"))
    assert _changes(left) == _changes(entered) == {kind}
    assert left.when is None
    assert _condition(entered) == ({kind}, {3})
    (only,) = group.moved(A, kind, None, free)
    assert isinstance(only, Change)
    assert only.when is None
    assert group.moved(A, kind, limited, limited) == group.moved(A, kind, None, None) == ()


def test_a_user_is_listed_where_it_belongs() -> None:
    (row, guard) = stored(user.creation(A, make.user(group_id="G", banned_at=make.NOW, role="developer")))
    assert (row["in_1"], row["in_3"]) == (f"{A}#user", f"{A}#user#role#developer")
    assert (row["in_4"], row["in_6"]) == (f"{A}#user#banned", f"{A}#group#G#user")
    assert guard["target"] == "user"
    bare = stored(user.creation(A, make.user()))[0]
    assert {name for name in bare if name.startswith("in_")} == {"in_1", "in_3"}


def test_a_user_changes_its_listings_and_its_guard() -> None:
    before = make.user(group_id="G", password="hash", revision=2)
    after = replace(before, group_id=None, password=None, email="other@example.com", role="read-only")
    change, released, claimed = user.update(A, before, after)
    assert _changes(change) == {"group_id", "password", "email", "role", "revision", "in_3", "in_6"}
    assert _condition(change) == ({"revision"}, {2})
    assert isinstance(claimed, Put)
    assert claimed.row.pk == user.email_key(A, "other@example.com").pk
    assert isinstance(released, Remove)
    assert released.key == user.email_key(A, "user@example.com")


def test_a_pool_key_is_reached_by_its_id_and_guarded() -> None:
    row, pointer, guard = stored(pool.creation(A, pool_key()))
    assert (row["pk"], row["sk"]) == keys.pool_key(A, "policy", "pooled")
    assert (row["in_1"], row["in_2"]) == (f"{A}#key", f"{A}#product#product#key")
    assert row["in_3"] == f"{A}#policy#policy#key"
    assert (pointer["target_pk"], pointer["target_sk"]) == (row["pk"], row["sk"])
    assert (pointer["pk"], pointer["sk"]) == keys.pointer(A, "key", "pooled")
    assert (guard["pk"], guard["target"]) == (pool.guard_key(A, "POOLED-KEY").pk, "pooled")


def test_a_popped_key_leaves_only_what_keeps_cursors_valid() -> None:
    gone, stone, released = pool.removal(A, pool_key(revision=4), make.NOW)
    assert isinstance(gone, Remove)
    assert gone.key == keys.pool_key(A, "policy", "pooled")
    assert _condition(gone) == ({"revision"}, {4})
    assert isinstance(stone, Put)
    assert isinstance(stone.row, Tombstone)
    assert (stone.row.pk, stone.row.created) == (keys.pointer(A, "key", "pooled").pk, make.LONG_AGO)
    assert isinstance(released, Remove)
    assert released.key == pool.guard_key(A, "POOLED-KEY")
