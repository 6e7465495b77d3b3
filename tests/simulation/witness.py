"""Who looks at the seats after every transaction: at no moment are more taken than may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.store import keys
from chalicelib.store.transport import Transport
from tests.simulation.stage import MAX_MACHINES, Stage

Raw = Mapping[str, Mapping[str, Any]]


class Witness:
    """Compares what licenses and owners have after a transaction with what they had before it.

    A limit of the license binds whoever commits after it was set. One of the policy binds whoever was decided after:
    those under way may still use any that was there since the run began.
    """

    def __init__(self, stage: Stage[Any], transport: Transport) -> None:
        self._stage, self._transport = stage, transport
        self._account = stage.world.account["account"]
        self._taken: dict[tuple[str, str], int] = {}
        self._policy_limits = {name: {MAX_MACHINES} for name in ("one", "two")}
        self.problems: list[str] = []
        for name in ("one", "two"):
            self._taken.update(dict(self._seats(name, self._read(name))))

    def applied(self, parameters: Mapping[str, Any]) -> None:
        """A transaction was applied."""
        for name in ("one", "two"):
            meter = keys.meter(self._account, self._stage.ids[name])
            if any(_writes(entry, meter) for entry in parameters["TransactItems"]):
                self._look(name)

    def policy_changes(self, name: str, limit: int) -> None:
        """The policy of a license is about to get another limit."""
        self._policy_limits[name].add(limit)

    def _look(self, name: str) -> None:
        items = self._read(name)
        facts = next((item for item in items if item["kind"]["S"] == "license"), None)
        override = None if facts is None or "max_machines" not in facts else int(facts["max_machines"]["N"])
        highest = override or max(self._policy_limits[name])
        for seats, number in self._seats(name, items):
            if number > max(highest, self._taken.get(seats, 0), 1):
                self.problems.append(f"too many machines: {seats} {number} of {highest}")
            self._taken[seats] = number

    def _seats(self, name: str, items: list[Raw]) -> Iterator[tuple[tuple[str, str], int]]:
        """What the limit is about: owners' buckets or the license."""
        kind = "bucket" if self._stage.per_user else "license-meter"
        return (((name, item["sk"]["S"]), int(item["machines"]["N"])) for item in items if item["kind"]["S"] == kind)

    def _read(self, name: str) -> list[Raw]:
        reply = self._transport.call(
            "Query",
            {
                "TableName": self._stage.world.database.names.resources,
                "ConsistentRead": True,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": keys.facts(self._account, self._stage.ids[name]).pk}},
            },
        )
        items: list[Raw] = reply["Items"]
        return items


def _writes(entry: Mapping[str, Any], key: keys.Key) -> bool:
    update = entry.get("Update")
    return update is not None and (update["Key"]["pk"]["S"], update["Key"]["sk"]["S"]) == key
