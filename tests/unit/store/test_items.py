"""Every row of every kind: value -> row -> stored -> row -> value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints

import pytest

from chalicelib.licensing.account import Account
from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group, Members
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.pool import PoolKey
from chalicelib.licensing.product import Product
from chalicelib.licensing.token import Token
from chalicelib.licensing.user import User
from chalicelib.store import items, keys
from chalicelib.store.items import (
    account,
    attachment,
    entitlement,
    group,
    license,
    outbox,
    policy,
    pool,
    product,
    token,
    tombstone,
    user,
)
from chalicelib.store.items.mapping import difference
from chalicelib.store.table import Item, Outbox, Row, Tombstone, attributes_of, decode
from chalicelib.store.unit import Put, Write
from tests.unit.licensing import make

A = "account-id"
METADATA = {"b": [1, 1.0, -0.5, True, None, ""], "a": {"ä": "☃"}, "big": 2**53}


def full(kind: type[Any], /, **given: Any) -> dict[str, Any]:
    """A value for every field, none of them the default."""
    hints = get_type_hints(kind)
    return {name: _value(name, hints[name]) for name in kind.__struct_fields__} | given


def _value(name: str, hint: Any) -> Any:
    kinds = set(get_args(hint) or (hint,))
    if bool in kinds:
        return True
    if int in kinds:
        return 2_147_483_647
    if datetime in kinds:
        return make.NOW + timedelta(milliseconds=len(name))
    if name == "metadata":
        return METADATA
    if bytes in kinds:
        return b"\0\xff" * 9
    if "tuple" in str(hint):
        return ("b", "a")
    return f"{name} ☃"


def stored(writes: tuple[Write, ...]) -> list[Item]:
    """What the writes leave in the store, as it is read back."""
    found = []
    for write in writes:
        if isinstance(write, Put):
            found.append(decode(Outbox if isinstance(write.row, Outbox) else Row, write.row.serialize()))
    return found


def _license(value: License) -> License:
    facts, meter, _ = stored(license.creation(A, value, make.policy(), make.NOW))
    return license.license_of(facts, meter)


def _token(value: Token) -> Token:
    return token.token_of(stored(token.creation(A, value, "digest"))[0])


def _group(value: Group) -> Group:
    facts, meter = stored(group.creation(A, value))
    assert group.members_of(meter) == Members()
    return group.group_of(facts)


def _attachment(value: Attachment) -> Attachment:
    return attachment.attachment_of(stored((attachment.put(A, value, make.NOW),))[0])


def pool_key(**given: Any) -> PoolKey:
    """A key in a pool."""
    fields: dict[str, Any] = {"id": "pooled", "key": "POOLED-KEY", "policy_id": "policy", "product_id": "product"}
    return PoolKey(**fields | {"created": make.LONG_AGO, "updated": make.LONG_AGO} | given)


ROUND_TRIPS: list[tuple[type[Any], Any, Callable[[Any], Any]]] = [
    (Product, make.product, lambda value: product.product_of(stored(product.creation(A, value))[0])),
    (Policy, make.policy, lambda value: policy.policy_of(stored(policy.creation(A, value))[0])),
    (User, make.user, lambda value: user.user_of(stored(user.creation(A, value))[0])),
    (License, make.license_, _license),
    (Token, make.token, _token),
    (Group, make.group, _group),
    (
        Entitlement,
        make.entitlement,
        lambda value: entitlement.entitlement_of(stored(entitlement.creation(A, value))[0]),
    ),
    (PoolKey, pool_key, lambda value: pool.pool_key_of(stored(pool.creation(A, value))[0])),
    (Attachment, make.attachment, _attachment),
]


@pytest.mark.parametrize(("kind", "least", "there_and_back"), ROUND_TRIPS, ids=lambda one: getattr(one, "__name__", ""))
class TestRoundTrip:
    def test_with_everything(self, kind: type[Any], least: Any, there_and_back: Any) -> None:
        value = kind(**full(kind, **({"kind": "group-owner"} if kind is Attachment else {})))
        back = there_and_back(value)
        lost = {"operation"} if kind is License else set()
        for name in set(kind.__struct_fields__) - lost:
            assert getattr(back, name) == getattr(value, name), name
            assert type(getattr(back, name)) is type(getattr(value, name)), name

    def test_with_nothing_optional(self, kind: type[Any], least: Any, there_and_back: Any) -> None:
        assert there_and_back(least()) == least()


def test_an_account_comes_back() -> None:
    value = Account(**full(Account))
    rows = stored(account.creation(value, admins=1))
    assert account.account_of(rows[0]) == value
    assert rows[1]["admins"] == 1
    assert rows[2]["target"] == value.id


def test_metadata_keeps_numbers_and_order() -> None:
    back = product.product_of(stored(product.creation(A, make.product(metadata=METADATA)))[0])
    assert list(back.metadata) == list(METADATA)
    assert [type(one) for one in back.metadata["b"]] == [type(one) for one in METADATA["b"]]  # type: ignore[attr-defined]


def test_a_product_without_strategy_stays_without() -> None:
    value = make.product(distribution_strategy=None)
    assert product.product_of(stored(product.creation(A, value))[0]).distribution_strategy is None


def test_none_is_never_stored() -> None:
    for kind, least, _ in ROUND_TRIPS:
        for write in CREATIONS[kind](least()):
            if isinstance(write, Put):
                assert all("NULL" not in cell for cell in write.row.serialize().values())


CREATIONS: dict[type[Any], Callable[[Any], tuple[Write, ...]]] = {
    Product: lambda value: product.creation(A, value),
    Policy: lambda value: policy.creation(A, value),
    User: lambda value: user.creation(A, value),
    License: lambda value: license.creation(A, value, make.policy(), make.NOW),
    Token: lambda value: token.creation(A, value, "digest"),
    Group: lambda value: group.creation(A, value),
    Entitlement: lambda value: entitlement.creation(A, value),
    PoolKey: lambda value: pool.creation(A, value),
    Attachment: lambda value: (attachment.put(A, value, make.NOW),),
}


def test_a_meter_is_below_one_unit() -> None:
    value = License(**full(License, id="0" * 36, release_version="1.2.3-alpha.1+build", operation="0" * 32))
    key = keys.meter("0" * 36, value.id)
    (row,) = [
        write.row.serialize()
        for write in license.creation("0" * 36, value, make.policy(duration=1), make.NOW)
        if isinstance(write, Put) and write.row.sk == key.sk
    ]
    size = sum(len(name) + len(str(next(iter(cell.values())))) for name, cell in row.items())
    assert size < 1024


def test_facts_and_meter_share_the_basis_and_nothing_else_that_changes() -> None:
    shared = set(attributes_of(license.FactsRow)) & set(attributes_of(license.MeterRow))
    own = shared - set(attributes_of(Row))
    assert own == {"id", "basis", "updated"}


def test_every_field_of_a_license_is_stored_once() -> None:
    known = set(attributes_of(license.FactsRow)) | set(attributes_of(license.MeterRow))
    assert set(License.__struct_fields__) <= known


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (Product, product.ProductRow),
        (Policy, policy.PolicyRow),
        (User, user.UserRow),
        (Group, group.GroupRow),
        (Members, group.GroupMeterRow),
        (Entitlement, entitlement.EntitlementRow),
        (PoolKey, pool.PoolKeyRow),
        (Attachment, attachment.AttachmentRow),
    ],
)
def test_every_field_is_stored(kind: type[Any], row: type[Row]) -> None:
    assert set(kind.__struct_fields__) <= set(attributes_of(row))


def test_the_difference_is_what_changed() -> None:
    before = make.product(url="https://a.example")
    after = make.product(url=None, name="Other")
    found = {str(action.values[0]) for action in difference(before, after, product.ProductRow)}
    assert found == {"name", "url"}
    assert difference(before, before, product.ProductRow) == ()


def test_a_license_is_listed_where_it_belongs() -> None:
    row = license._facts(A, make.license_(owner_id="U", group_id="G"))
    assert (row.in_1, row.in_2) == (f"{A}#license", f"{A}#product#product#license")
    assert row.in_3 == f"{A}#policy#policy#license"
    assert (row.in_5, row.in_6) == (f"{A}#owner#U#license", f"{A}#group#G#license")
    assert row.position == keys.position(make.NOW, "license")
    bare = license._facts(A, make.license_())
    assert {"in_5", "in_6"} & set(bare.serialize()) == set()


def test_a_tombstone_keeps_the_place_and_goes_in_time() -> None:
    put = tombstone.over(product.ProductRow, keys.resource(A, "product", "P"), make.LONG_AGO, make.NOW)
    item = decode(Row, put.row.serialize())
    assert (item["kind"], item["created"]) == ("tombstone", make.LONG_AGO)
    assert item["ttl"] > make.NOW + timedelta(days=1)
    assert {name for name in item if name.startswith("in_")} == set()


def test_an_expired_token_is_reclaimed_late() -> None:
    rows = stored(token.creation(A, make.token(expiry=make.NOW), "digest"))
    assert [row["ttl"] for row in rows] == [make.NOW + timedelta(days=90)] * 2
    assert all("ttl" not in row for row in stored(token.creation(A, make.token(), "digest")))


def test_outbox_rows_come_back() -> None:
    event, work = stored(
        (
            outbox.event(A, "E", "license.created", '{"data":1}', make.NOW),
            outbox.task(A, "T", "erase", "P", make.NOW, page=1),
        )
    )
    assert (event["name"], event["payload"], event["created"]) == ("license.created", '{"data":1}', make.NOW)
    assert (work["name"], work["target"], work["passes"], work["arguments"]) == ("erase", "P", 0, {"page": 1})
    assert event["ttl"] == work["ttl"] == make.NOW + outbox.KEPT
    assert "due_at" not in event


def test_integers_are_integers() -> None:
    attribute = attributes_of(license.MeterRow)["uses"]
    for wrong in (True, 1.0, "1", None):
        with pytest.raises(TypeError):
            attribute.serialize(wrong)


def test_every_kind_is_known_to_reads() -> None:
    known = "account attachment entitlement group hint key license outbox policy product token user"
    assert set(known.replace("key", "pool").split()) <= set(items.__all__)
    rows = "account attachment entitlement group group-meter hint key license license-meter policy product"
    for kind in f"{rows} token user unique pointer webhooks tombstone".split():
        assert decode(Row, {"pk": {"S": "a"}, "sk": {"S": "b"}, "kind": {"S": kind}})["kind"] == kind
    assert issubclass(Tombstone, Row)
