"""Units of work: one write or one transaction, and what each failure becomes (STORE §6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import meter
from chalicelib.store.database import BUSY, UNKNOWN
from chalicelib.store.items.guard import UniqueRow, claim, release
from chalicelib.store.items.license import MeterRow
from chalicelib.store.items.outbox import TaskRow, task
from chalicelib.store.keys import Key
from chalicelib.store.unit import Change, Changed, Check, Locked, Put, Remove, Write, assign, attempt, commit
from tests.unit.store.fakes import Scripted, cancelled, database, failed

KEY = Key("a", "b")
TIMEOUT = TimeoutError()
THROTTLED = failed("ThrottlingException")
LOCKED = failed("TransactionConflictException")


def put() -> Put:
    return Put(UniqueRow(pk="a", sk="b", target="t"))


def use(counter: bool = True) -> Change:
    return Change(MeterRow, KEY, (MeterRow.uses.set(MeterRow.uses + 1),), counter=counter)


def stored(operation: str, **more: Any) -> dict[str, Any]:
    return {
        "pk": {"S": "a"},
        "sk": {"S": "b"},
        "kind": {"S": "license-meter"},
        "uses": {"N": "7"},
        "operation": {"S": operation},
        **more,
    }


class Echo(Scripted):
    """Shows the operation's own mark in the items it answers."""

    def call(self, operation: str, parameters: Any) -> dict[str, Any]:
        reply: Any = self.replies[0]
        if callable(reply):
            self.replies[0] = reply(_mark(self.calls, parameters))
        return super().call(operation, parameters)


def _mark(calls: list[Any], parameters: Any) -> str:
    for _, sent in [*calls, ("", parameters)]:
        for value in sent.get("ExpressionAttributeValues", {}).values():
            if len(str(value.get("S", ""))) == 32:
                return str(value["S"])
        if "Item" in sent:
            return str(sent["Item"]["operation"]["S"])
    raise AssertionError("no mark was sent")


def test_one_write_is_one_request() -> None:
    transport = Scripted({})
    assert commit(database(transport), [put()]) is None
    ((operation, sent),) = transport.calls
    assert operation == "PutItem"
    assert sent["TableName"] == "resources"
    assert sent["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
    assert sent["ConditionExpression"] == "attribute_not_exists (#0)"
    assert sent["ExpressionAttributeNames"] == {"#0": "pk"}
    assert len(sent["Item"]["operation"]["S"]) == 32


def test_a_change_proves_that_its_item_exists_and_returns_it() -> None:
    transport = Scripted({"Attributes": stored("x")})
    item = commit(database(transport), [use()])
    assert item is not None
    assert item["uses"] == 7
    ((operation, sent),) = transport.calls
    assert (operation, sent["ReturnValues"]) == ("UpdateItem", "ALL_NEW")
    assert sent["ConditionExpression"].startswith("attribute_exists")


def test_a_change_keeps_its_own_condition_too() -> None:
    transport = Scripted({})
    commit(database(transport), [Change(MeterRow, KEY, (MeterRow.uses.set(1),), MeterRow.basis == 4)])
    sent = transport.calls[0][1]
    assert "attribute_exists" in sent["ConditionExpression"]
    assert {"N": "4"} in sent["ExpressionAttributeValues"].values()


def test_a_change_that_creates_asks_for_its_own_condition_only() -> None:
    transport = Scripted({})
    free = MeterRow.pk.does_not_exist() | (MeterRow.basis < 4)
    commit(database(transport), [Change(MeterRow, KEY, (MeterRow.uses.set(1),), free, creates=True)])
    sent = transport.calls[0][1]
    assert sent["ConditionExpression"] == "(attribute_not_exists (#2) OR #3 < :2)"


def test_several_writes_are_one_transaction_in_order() -> None:
    transport = Scripted({})
    writes: list[Write] = [
        put(),
        Change(MeterRow, Key("c", "d"), (MeterRow.uses.set(1),)),
        release(Key("e", "f"), "t"),
        Check(UniqueRow, Key("g", "h"), UniqueRow.pk.exists()),
        task("A", "T", "erase-policy", "P", datetime(2026, 1, 1, tzinfo=UTC)),
    ]
    commit(database(transport), writes)
    ((operation, sent),) = transport.calls
    assert operation == "TransactWriteItems"
    kinds = [next(iter(entry)) for entry in sent["TransactItems"]]
    assert kinds == ["Put", "Update", "Delete", "ConditionCheck", "Put"]
    assert [entry[kind]["TableName"] for kind, entry in zip(kinds, sent["TransactItems"], strict=True)] == [
        *["resources"] * 4,
        "outbox",
    ]
    assert all("ReturnValues" not in entry[kind] for kind, entry in zip(kinds, sent["TransactItems"], strict=True))
    assert len(sent["ClientRequestToken"]) <= 36


def test_a_check_alone_is_no_unit_of_work() -> None:
    with pytest.raises(TypeError):
        commit(database(Scripted()), [Check(UniqueRow, KEY, UniqueRow.pk.exists())])


EVERY: dict[str, Write] = {"put": put(), "add": use(), "set": use(False), "remove": Remove(UniqueRow, KEY)}


@pytest.mark.parametrize("write", EVERY.values(), ids=EVERY.keys())
class TestSingle:
    def test_a_throttle_is_repeated_with_growing_pauses(self, write: Write) -> None:
        pauses: list[float] = []
        transport = Scripted(THROTTLED, THROTTLED, {})
        commit(database(transport, pauses), [write])
        assert len(transport.calls) == 3
        assert transport.calls[0] == transport.calls[2]
        assert len(pauses) == 2

    def test_a_lasting_throttle_is_busy(self, write: Write) -> None:
        transport = Scripted(*[THROTTLED] * 5)
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), [write])
        assert caught.value.problems == (BUSY,)

    def test_a_lock_is_told_at_once(self, write: Write) -> None:
        with pytest.raises(Locked):
            commit(database(Scripted(LOCKED)), [write])

    def test_a_failed_condition_is_a_changed_world(self, write: Write) -> None:
        reply = failed("ConditionalCheckFailedException", Item=stored("somebody"))
        with pytest.raises(Changed) as caught:
            commit(database(Scripted(reply)), [write])
        item = caught.value.found[0]
        assert item is not None
        assert (item["uses"], item["operation"]) == (7, "somebody")

    def test_a_refusal_is_raised_as_it_is(self, write: Write) -> None:
        refused = failed("ValidationException")
        with pytest.raises(type(refused)) as caught:
            commit(database(Scripted(refused)), [write])
        assert caught.value is refused


class TestUnknownOutcome:
    def test_a_counter_is_read_back_and_recognised(self) -> None:
        transport = Echo(TIMEOUT, lambda mark: {"Item": stored(mark)})  # type: ignore[arg-type]
        item = commit(database(transport), [use()])
        assert item is not None
        assert item["uses"] == 7
        assert transport.operations == ["UpdateItem", "GetItem"]
        assert transport.calls[1][1]["ConsistentRead"] is True

    @pytest.mark.parametrize("reply", [{}, {"Item": stored("somebody")}], ids=["gone", "overwritten"])
    def test_a_counter_that_is_not_recognised_claims_nothing(self, reply: dict[str, Any]) -> None:
        transport = Scripted(TIMEOUT, reply)
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), [use()])
        assert caught.value.problems == (UNKNOWN,)
        assert transport.operations == ["UpdateItem", "GetItem"]

    def test_a_counter_that_cannot_be_read_back_claims_nothing(self) -> None:
        transport = Scripted(TIMEOUT, *[THROTTLED] * 5)
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), [use()])
        assert caught.value.problems == (UNKNOWN,)
        assert transport.operations.count("UpdateItem") == 1

    @pytest.mark.parametrize("write", [put(), use(False)], ids=["put", "set"])
    def test_other_writes_are_repeated_and_recognise_themselves(self, write: Write) -> None:
        own = lambda mark: failed("ConditionalCheckFailedException", Item=stored(mark))  # noqa: E731
        transport = Echo(TIMEOUT, own)  # type: ignore[arg-type]
        item = commit(database(transport), [write])
        assert item is not None
        assert len(transport.calls) == 2

    @pytest.mark.parametrize("write", [put(), use(False)], ids=["put", "set"])
    def test_a_repeat_that_finds_somebody_else_claims_nothing(self, write: Write) -> None:
        transport = Scripted(TIMEOUT, failed("ConditionalCheckFailedException", Item=stored("somebody")))
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), [write])
        assert caught.value.problems == (UNKNOWN,)

    def test_a_removal_that_finds_nothing_was_its_own(self) -> None:
        commit(database(Scripted(TIMEOUT, failed("ConditionalCheckFailedException"))), [Remove(UniqueRow, KEY)])

    @pytest.mark.parametrize("write", [put(), use(False), Remove(UniqueRow, KEY)], ids=["put", "set", "remove"])
    def test_a_lock_after_it_is_not_nothing_applied(self, write: Write) -> None:
        with pytest.raises(Unavailable) as caught:
            commit(database(Scripted(TIMEOUT, *[LOCKED] * 4)), [write])
        assert caught.value.problems == (UNKNOWN,)

    def test_a_throttle_after_it_is_not_busy(self) -> None:
        with pytest.raises(Unavailable) as caught:
            commit(database(Scripted(TIMEOUT, *[THROTTLED] * 4)), [put()])
        assert caught.value.problems == (UNKNOWN,)

    def test_a_transaction_repeats_its_token(self) -> None:
        transport = Scripted(TIMEOUT, cancelled("TransactionConflict", "None"), THROTTLED, {})
        commit(database(transport), [put(), claim(Key("c", "d"), "t")])
        assert all(call == transport.calls[0] for call in transport.calls)

    def test_a_transaction_that_stays_unknown_claims_nothing(self) -> None:
        transport = Scripted(TIMEOUT, *[cancelled("None", "TransactionConflict")] * 4)
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), [put(), claim(Key("c", "d"), "t")])
        assert caught.value.problems == (UNKNOWN,)


class TestTransaction:
    WRITES = (claim(KEY, "t"), claim(Key("c", "d"), "t"))

    def test_failed_conditions_are_told_by_number(self) -> None:
        reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": stored("somebody")}]
        reply = failed("TransactionCanceledException", CancellationReasons=reasons)
        with pytest.raises(Changed) as caught:
            commit(database(Scripted(reply)), self.WRITES)
        assert set(caught.value.found) == {1}
        item = caught.value.found[1]
        assert item is not None
        assert item["operation"] == "somebody"

    def test_a_failed_condition_without_item_is_one(self) -> None:
        with pytest.raises(Changed) as caught:
            commit(database(Scripted(cancelled("ConditionalCheckFailed", "None"))), self.WRITES)
        assert caught.value.found == {0: None}

    def test_a_conflict_is_locked(self) -> None:
        with pytest.raises(Locked):
            commit(database(Scripted(cancelled("TransactionConflict", "None"))), self.WRITES)

    def test_a_lasting_throttle_is_busy(self) -> None:
        transport = Scripted(*[cancelled("ThrottlingError", "None")] * 5)
        with pytest.raises(Unavailable) as caught:
            commit(database(transport), self.WRITES)
        assert caught.value.problems == (BUSY,)

    def test_each_unit_has_a_token_of_its_own(self) -> None:
        transport = Scripted({}, {})
        commit(database(transport), self.WRITES)
        commit(database(transport), self.WRITES)
        tokens = [sent["ClientRequestToken"] for _, sent in transport.calls]
        assert tokens[0] != tokens[1]


class TestAttempt:
    @pytest.mark.parametrize(
        "error", [THROTTLED, LOCKED, TIMEOUT, failed("ConditionalCheckFailedException"), failed("X", 500)], ids=str
    )
    def test_what_is_lost_is_lost(self, error: Exception) -> None:
        transport = Scripted(error)
        assert attempt(database(transport), use()) is False
        assert len(transport.calls) == 1

    def test_what_is_stored_is_stored(self) -> None:
        assert attempt(database(Scripted({})), use()) is True

    def test_a_mistake_of_ours_is_told(self) -> None:
        refused = failed("ValidationException")
        with pytest.raises(type(refused)):
            attempt(database(Scripted(refused)), use())


def test_none_is_removed_never_stored() -> None:
    transport = Scripted({})
    actions = (assign(MeterRow.expiry, None), assign(MeterRow.uses, 0))
    commit(database(transport), [Change(MeterRow, KEY, actions, marked=False)])
    sent = transport.calls[0][1]
    assert sent["UpdateExpression"].startswith("SET ")
    assert " REMOVE " in sent["UpdateExpression"]
    assert list(sent["ExpressionAttributeValues"].values()) == [{"N": "0"}]


def test_an_unmarked_change_leaves_the_mark_alone() -> None:
    transport = Scripted({})
    commit(database(transport), [Change(TaskRow, KEY, (TaskRow.passes.set(1),), marked=False)])
    sent = transport.calls[0][1]
    assert sent["TableName"] == "outbox"
    assert "operation" not in sent["ExpressionAttributeNames"].values()


def test_a_commit_is_one_round() -> None:
    with meter.counting() as ledger:
        commit(database(Scripted(THROTTLED, {})), [put()])
    assert ledger.sequential == 1
