"""Load plans: rounds, the identity map, batches and their repeats."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.licensing.errors import Unavailable
from chalicelib.store import fetch, meter
from chalicelib.store.fetch import Entry, Listing, Plan, Prefix, need
from chalicelib.store.items.guard import UniqueRow
from chalicelib.store.keys import Key
from tests.unit.store.fakes import Scripted, Shelf, database, failed

THROTTLED = failed("ThrottlingException")


def keys(*names: str) -> list[Key]:
    return [Key(name, "unique") for name in names]


def shelf(*names: str) -> Shelf:
    return Shelf(*(UniqueRow(pk=name, sk="unique", target=f"t-{name}") for name in names))


def reading(*rounds: list[Key], weak: bool = False, fresh: bool = False) -> Plan[list[Any]]:
    """Reads some keys in each round; what the last one found."""
    found: Any = {}
    for wanted in rounds:
        found = yield need(*wanted, weak=weak, fresh=fresh)
    return [found[key] and found[key]["target"] for key in rounds[-1]]


def test_a_round_is_one_batch() -> None:
    store = shelf("a", "b")
    assert fetch.run(database(store), reading(keys("a", "b", "c"))) == ["t-a", "t-b", None]
    assert store.batches == [keys("a", "b", "c")]


def test_a_single_key_is_a_get() -> None:
    transport = Scripted({})
    assert fetch.run(database(transport), reading(keys("a"))) == [None]
    assert transport.operations == ["GetItem"]


def test_what_was_read_is_not_read_again() -> None:
    store = shelf("a", "b")
    fetch.run(database(store), reading(keys("a"), keys("a", "b"), keys("a", "b")))
    assert store.batches == [keys("a"), keys("b")]


def test_an_absent_item_is_not_looked_for_twice() -> None:
    store = shelf()
    fetch.run(database(store), reading(keys("a"), keys("a")))
    assert len(store.batches) == 1


def test_fresh_reads_again() -> None:
    store = shelf("a")
    fetch.run(database(store), reading(keys("a"), keys("a"), fresh=True))
    assert store.batches == [keys("a"), keys("a")]


def test_the_same_key_twice_is_one() -> None:
    store = shelf("a", "b")
    fetch.run(database(store), reading(keys("a", "b", "a")))
    assert store.batches == [keys("a", "b")]


def test_none_is_left_out() -> None:
    assert need(None, Key("a", "b"), None).keys == (Key("a", "b"),)


def test_plans_share_their_rounds() -> None:
    store = shelf("a", "b", "c")
    with meter.counting() as ledger:
        plan = fetch.together(reading(keys("a"), keys("b")), reading(keys("a", "c")), reading(keys("b"), keys("c")))
        results = fetch.run(database(store), plan)
    assert results == (["t-b"], ["t-a", "t-c"], ["t-c"])
    assert [sorted(batch) for batch in store.batches] == [keys("a", "b", "c")]
    assert ledger.sequential == 1


def test_plans_of_different_length_end_on_their_own() -> None:
    def nothing() -> Plan[str]:
        yield from ()
        return "at once"

    store = shelf("a", "b")
    results = fetch.run(database(store), fetch.together(nothing(), reading(keys("a"), keys("b")), reading(keys("a"))))
    assert results == ("at once", ["t-b"], ["t-a"])
    assert store.batches == [keys("a"), keys("b")]


def test_together_may_be_nested() -> None:
    store = shelf("a", "b")
    inner = fetch.together(reading(keys("a")), reading(keys("b")))
    assert fetch.run(database(store), fetch.together(inner, reading(keys("a")))) == ((["t-a"], ["t-b"]), ["t-a"])
    assert len(store.batches) == 1


def test_one_strong_plan_makes_the_round_strong() -> None:
    store = shelf("a", "b")
    fetch.run(database(store), fetch.together(reading(keys("a"), weak=True), reading(keys("b"))))
    fetch.run(database(store), fetch.together(reading(keys("a"), weak=True), reading(keys("b"), weak=True)))
    assert store.weak == [False, True]


def test_more_than_a_hundred_keys_are_several_batches_of_one_round() -> None:
    names = [f"k{number:03d}" for number in range(250)]
    store = shelf(*names[::2])
    with meter.counting() as ledger:
        found = fetch.run(database(store), reading(keys(*names)))
    assert found == [f"t-{name}" if number % 2 == 0 else None for number, name in enumerate(names)]
    assert sorted(map(len, store.batches)) == [50, 100, 100]
    assert (ledger.sequential, ledger.round_trips) == (1, 3)


def unprocessed(*names: str) -> dict[str, Any]:
    left = [{"pk": {"S": name}, "sk": {"S": "unique"}} for name in names]
    return {"resources": {"Keys": left, "ConsistentRead": True}} if names else {}


def answer(names: list[str], left: list[str]) -> dict[str, Any]:
    items = [UniqueRow(pk=name, sk="unique", target=f"t-{name}").serialize() for name in names]
    return {"Responses": {"resources": items} if items else {}, "UnprocessedKeys": unprocessed(*left)}


def test_unprocessed_keys_are_asked_again_after_a_pause() -> None:
    pauses: list[float] = []
    transport = Scripted(answer(["a"], ["b", "c"]), answer([], ["b", "c"]), answer(["c"], ["b"]), answer(["b"], []))
    assert fetch.run(database(transport, pauses), reading(keys("a", "b", "c"))) == ["t-a", "t-b", "t-c"]
    asked = [[one["pk"]["S"] for one in sent["RequestItems"]["resources"]["Keys"]] for _, sent in transport.calls]
    assert asked == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["b"]]
    assert all(sent["RequestItems"]["resources"]["ConsistentRead"] for _, sent in transport.calls)
    assert len(pauses) == 3


def test_keys_that_stay_unprocessed_end_as_unavailable() -> None:
    transport = Scripted(*[answer([], ["a", "b"])] * 5)
    with pytest.raises(Unavailable):
        fetch.run(database(transport), reading(keys("a", "b")))
    assert transport.replies == []


@pytest.mark.parametrize("error", [THROTTLED, failed("InternalServerError", 500), TimeoutError()], ids=str)
def test_reads_are_repeated(error: Exception) -> None:
    assert fetch.run(database(Scripted(error, error, {})), reading(keys("a"))) == [None]
    with pytest.raises(Unavailable):
        fetch.run(database(Scripted(*[error] * 5)), reading(keys("a")))


def test_a_mistake_of_ours_is_not_repeated() -> None:
    transport = Scripted(failed("ValidationException"))
    with pytest.raises(ClientError):
        fetch.run(database(transport), reading(keys("a")))
    assert len(transport.calls) == 1


def entry(name: str) -> dict[str, Any]:
    return {"position": {"S": name}, "pk": {"S": f"pk-{name}"}, "sk": {"S": "sk"}, "in_3": {"S": "partition"}}


def test_a_listing_goes_on_where_the_service_stopped() -> None:
    first = {"Items": [entry("9"), entry("8")], "LastEvaluatedKey": entry("8")}
    transport = Scripted(first, {"Items": [entry("7")]})
    found = fetch.listing(database(transport), Listing(3, "partition", limit=5))
    assert found == [Entry(name, Key(f"pk-{name}", "sk")) for name in "987"]
    one, two = (sent for _, sent in transport.calls)
    assert (one["IndexName"], one["Limit"], one["ScanIndexForward"]) == ("listing_3", 5, False)
    assert two["Limit"] == 3
    assert two["KeyConditionExpression"] == "#h = :h AND #r < :r"
    assert two["ExpressionAttributeValues"] == {":h": {"S": "partition"}, ":r": {"S": "8"}}


def test_a_listing_stops_at_its_limit() -> None:
    transport = Scripted({"Items": [entry("1"), entry("2")], "LastEvaluatedKey": entry("2")})
    found = fetch.listing(database(transport), Listing(3, "partition", newest_first=False, after="0", limit=2))
    assert [one.position for one in found] == ["1", "2"]
    assert transport.calls[0][1]["KeyConditionExpression"] == "#h = :h AND #r > :r"
    assert transport.calls[0][1]["ScanIndexForward"] is True


def test_rows_are_listed_by_their_own_keys() -> None:
    def row(position: str) -> dict[str, Any]:
        return {"pk": {"S": "rows"}, "sk": {"S": position}, "kind": {"S": "hint"}}

    first = {"Items": [row("1#a")], "LastEvaluatedKey": {"pk": {"S": "rows"}, "sk": {"S": "1#a"}}}
    transport = Scripted(first, {"Items": [row("2#b")]})
    found = fetch.listing(database(transport), Listing(fetch.ROWS, "rows", newest_first=False, after="0", limit=5))
    assert [(one.position, one.key, one.identifier) for one in found] == [
        ("1#a", Key("rows", "1#a"), "a"),
        ("2#b", Key("rows", "2#b"), "b"),
    ]
    one, two = (sent for _, sent in transport.calls)
    assert "IndexName" not in one
    assert one["ExpressionAttributeNames"] == {"#h": "pk", "#r": "sk"}
    assert (one["ExpressionAttributeValues"][":r"], two["ExpressionAttributeValues"][":r"]) == (
        {"S": "0"},
        {"S": "1#a"},
    )
    assert (one["ScanIndexForward"], two["Limit"]) == (True, 4)


def test_a_prefix_is_read_strongly_to_its_end() -> None:
    one, two = (UniqueRow(pk="p", sk=f"user#{name}", target=name).serialize() for name in "ab")
    last = {"pk": {"S": "p"}, "sk": {"S": "user#a"}}
    transport = Scripted({"Items": [one], "LastEvaluatedKey": last}, {"Items": [two]})

    def plan() -> Plan[list[str]]:
        ask = Prefix("p", "user#")
        found = yield fetch.Need(asks=(ask,))
        return [item["target"] for item in found[ask]]

    assert fetch.run(database(transport), plan()) == ["a", "b"]
    assert transport.calls[1][1]["ExclusiveStartKey"] == last
    assert all(sent["ConsistentRead"] for _, sent in transport.calls)


def test_an_empty_prefix_is_that_of_a_whole_partition() -> None:
    transport = Scripted({"Items": [UniqueRow(pk="p", sk="a", target="x").serialize()]})

    def plan() -> Plan[int]:
        ask = Prefix("p", "", 5)
        found = yield fetch.Need(asks=(ask,))
        return len(found[ask])

    assert fetch.run(database(transport), plan()) == 1
    [(_, sent)] = transport.calls
    assert sent["KeyConditionExpression"] == "#h = :h"
    assert (sent["ConsistentRead"], sent["Limit"]) == (True, 5)
    assert ":r" not in sent["ExpressionAttributeValues"]


def test_what_fails_in_one_of_several_calls_is_raised() -> None:
    class Half(Shelf):
        def call(self, operation: str, parameters: Any) -> dict[str, Any]:
            if "k000" in str(parameters):
                raise failed("ValidationException")
            return super().call(operation, parameters)

    with pytest.raises(ClientError):
        fetch.run(database(Half()), reading(keys(*(f"k{number:03d}" for number in range(150)))))
