"""Capacity units by the published formula: reads in steps of 4 KB, writes of 1 KB, transactions double."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

READ_STEP = 4096
WRITE_STEP = 1024
TRANSACTION_FACTOR = 2


def read_units(size: int, consistent: bool) -> float:
    """Units of reading `size` bytes at once; at least one step, half of it when eventually consistent."""
    units = max(1, -(-size // READ_STEP))
    return float(units) if consistent else units / 2


def write_units(*sizes: int) -> float:
    """Units of one write, by the larger of the images before and after."""
    return float(max(1, -(-max(sizes) // WRITE_STEP)))


@dataclass(slots=True)
class Units:
    """Units one table and its indexes were charged."""

    table: float = 0.0
    indexes: dict[str, float] = field(default_factory=dict)

    def charge(self, index: str, units: float) -> None:
        """Adds the units of one index."""
        self.indexes[index] = self.indexes.get(index, 0.0) + units

    def add(self, other: "Units", factor: int = 1) -> None:
        """Adds the units of another call, `factor` times."""
        self.table += factor * other.table
        for index, units in other.indexes.items():
            self.charge(index, factor * units)

    def show(self, table: str, detail: str) -> dict[str, Any]:
        """The ConsumedCapacity of one table; `detail` is TOTAL or INDEXES."""
        total = self.table + sum(self.indexes.values())
        shown: dict[str, Any] = {"TableName": table, "CapacityUnits": total}
        if detail == "INDEXES":
            shown["Table"] = {"CapacityUnits": self.table}
            if self.indexes:
                shown["GlobalSecondaryIndexes"] = {
                    index: {"CapacityUnits": units} for index, units in self.indexes.items()
                }
        return shown


def show_all(charged: Iterable[tuple[str, Units]], detail: str) -> list[dict[str, Any]]:
    """The ConsumedCapacity of a call that touches several tables."""
    return [units.show(table, detail) for table, units in charged]
