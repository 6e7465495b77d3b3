"""Where the engine differs from DynamoDB Local on purpose, each with the argument. There are no others.

Left out of the comparison as a whole (see `answers`):
- Messages: the codes are the contract, the words are not.
- Capacity of transactions: Local adds up bytes before it rounds, the service rounds each item; the engine follows
  the service.
- Capacity of a query or scan that finds nothing: Local charges nothing, the service its least read.
- The spelling of numbers: Local keeps "-0" and "1E+2" inside lists, maps and returned values, the service does not;
  `test_values` holds the engine to the canonical spelling.
- TransactionConflictException: Local never raises it and the engine has one writer; tests inject it.
- TTL: Local deletes when it pleases, the engine when it is told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.engine.answers import Answer
from tests.engine.requests import Call
from tests.engine.tables import Attributes

_PAIRS = {"keys": ("in_1", "position"), "every": ("in_2", "rank")}


@dataclass(frozen=True)
class Meeting:
    """A request, both answers, the indexes of the table, and the items it named before and after."""

    call: Call
    local: Answer
    ours: Answer
    indexes: tuple[str, ...] = ()
    before: list[Attributes | None] = field(default_factory=list)
    after: list[Attributes | None] = field(default_factory=list)

    def surplus(self) -> float | None:
        """Units by which Local charges more, if nothing else differs."""
        if self.local.code is not None or self.ours.code is not None:
            return None
        name = "units" if self.call[0] in ("Query", "Scan") else "ConsumedCapacity"
        contents = [{**answer.content, name: None} for answer in (self.local, self.ours)]
        shown = [answer.content[name] for answer in (self.local, self.ours)]
        if contents[0] != contents[1] or None in shown:
            return None
        local, ours = (
            sum(part["CapacityUnits"] for part in (units if isinstance(units, list) else [units])) for units in shown
        )
        return float(local - ours)


@dataclass(frozen=True)
class Deviation:
    """A difference that is allowed where `covers` holds."""

    argument: str
    covers: Callable[[Meeting], bool]


def _updates_a_key(meeting: Meeting) -> bool:
    local, ours = meeting.local, meeting.ours
    return (
        meeting.call[0] == "TransactWriteItems"
        and local.code == ours.code == "TransactionCanceledException"
        and local.reasons == ("ValidationError",)
        and "ValidationError" in ours.reasons
    )


def _page_that_ends_at_a_bound(meeting: Meeting) -> bool:
    if meeting.call[0] != "Query" or meeting.local.code is not None or meeting.ours.code is not None:
        return False
    local, ours = meeting.local.content, meeting.ours.content
    *earlier, (count, _) = local["pages"]
    more = [*earlier, (count, True), (0, False)]
    return "Limit" in meeting.call[1] and {**local, "pages": more} == ours


def _two_faults(meeting: Meeting) -> bool:
    ours = meeting.ours
    malformed = ours.code in ("ValidationException", "ResourceNotFoundException") or "ValidationError" in ours.reasons
    spoilt = meeting.call[2]
    return spoilt and malformed and meeting.call[0] == "TransactWriteItems" and meeting.local.code is not None


def _transactional_read_of_a_malformed_key(meeting: Meeting) -> bool:
    return (
        meeting.call[0] == "TransactGetItems"
        and meeting.local.code == "TransactionCanceledException"
        and not meeting.local.reasons
        and meeting.ours.code == "ValidationException"
    )


def _batch_read_of_missing_keys(meeting: Meeting) -> bool:
    if meeting.call[0] != "BatchGetItem":
        return False
    ((table, part),) = meeting.call[1]["RequestItems"].items()
    surplus = meeting.surplus()
    missing = len(part["Keys"]) - len(meeting.ours.content["Responses"][table]) if surplus is not None else 0
    return missing > 0 and surplus == -missing * (1.0 if part.get("ConsistentRead") else 0.5)


def _half(item: Attributes | None, pair: tuple[str, str]) -> str | None:
    """The only attribute of a pair that an item has."""
    present = [name for name in pair if item and name in item]
    return present[0] if len(present) == 1 else None


def _writes(meeting: Meeting) -> bool:
    if meeting.call[0] not in ("PutItem", "UpdateItem", "BatchWriteItem"):
        return False
    changed = 0
    for before, after in zip(meeting.before, meeting.after, strict=True):
        for index, pair in _PAIRS.items():
            halves = {_half(before, pair), _half(after, pair)}
            changed += index in meeting.indexes and None not in halves and len(halves) == 2
        if meeting.call[0] == "BatchWriteItem" and before is None and after is None:
            changed += 1
    surplus = meeting.surplus()
    return changed > 0 and surplus is not None and surplus >= changed


def _scan_of_an_index(meeting: Meeting) -> bool:
    surplus = meeting.surplus()
    narrow = meeting.call[1].get("IndexName") in ("keys", "some")
    return meeting.call[0] == "Scan" and narrow and surplus is not None and surplus > 0


DEVIATIONS = (
    Deviation(
        "An update of a key attribute cancels a transaction in both. Local answers with one reason for the whole"
        " transaction, whatever its length; the service and the engine give one reason for each item, in order.",
        _updates_a_key,
    ),
    Deviation(
        "Where a page reaches its Limit with the last item that an inclusive bound or a hash key alone allows, Local"
        " knows that nothing can follow; the engine always names a LastEvaluatedKey when the Limit is reached, which"
        " is what the documentation promises, and the next page is empty.",
        _page_that_ends_at_a_bound,
    ),
    Deviation(
        "A transaction that is wrong in two ways has two right answers: it was spoilt on purpose, and a condition,"
        " update or value in it fails as well. Both engines refuse it; which fault they meet first differs.",
        _two_faults,
    ),
    Deviation(
        "For a malformed key Local cancels a transactional read without any reasons, which no client could use;"
        " the engine answers ValidationException, as both do for every other read.",
        _transactional_read_of_a_malformed_key,
    ),
    Deviation(
        "Local does not charge for the keys of a batch that name no item, though it does for a single read of one."
        " The service charges its least read for both; the engine follows the service.",
        _batch_read_of_missing_keys,
    ),
    Deviation(
        "Local charges one unit too many for deleting in a batch what is not there, and for an index which holds the"
        " item neither before nor after a write that leaves it the other half of the index key. The service charges"
        " for index entries that are written; the engine follows the service.",
        _writes,
    ),
    Deviation(
        "Local charges a scan of an index for the whole items, though a query of the same index for the projected"
        " attributes. The service charges for what the index holds; the engine follows the service.",
        _scan_of_an_index,
    ),
)


def allowed(meeting: Meeting) -> bool:
    """Whether some deviation covers this difference."""
    return any(deviation.covers(meeting) for deviation in DEVIATIONS)
