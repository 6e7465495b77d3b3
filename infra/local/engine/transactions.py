"""TransactWriteItems: all or nothing, reasons in order, and one application per client token."""

from collections.abc import Callable, Mapping
from typing import Any

from .capacity import TRANSACTION_FACTOR, Units, read_units, show_all, write_units
from .codec import fingerprint
from .errors import MISMATCH, KeyRefusal, KeyUpdate, Refusal, canceled, refuse
from .parameters import TRANSACT_WRITES, check, detail, entries
from .reads import MAX_TRANSACTION_ITEMS
from .schema import Table
from .storage import Session, Stored, load, store
from .values import item_size
from .writes import Plan, plan_check, plan_delete, plan_put, plan_update

MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600
MAX_TOKEN_LENGTH = 36

_PLANNERS: dict[str, Callable[[Table, Mapping[str, Any]], Plan]] = {
    "ConditionCheck": plan_check,
    "Put": plan_put,
    "Delete": plan_delete,
    "Update": plan_update,
}

Request = tuple[str, Mapping[str, Any]]
Reason = dict[str, Any]


def transact_write_items(session: Session, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Writes up to 100 items if every condition holds."""
    given = entries(parameters.get("TransactItems"), "TransactItems", 1, MAX_TRANSACTION_ITEMS)
    requests = [_request(entry) for entry in given]
    plans = _plans(session, requests)
    token = parameters.get("ClientRequestToken")
    wanted = detail(parameters)
    if token and _applied_before(session, token, given):
        charged = _replayed(session, plans)
    else:
        charged = _apply(session, plans, requests)
    return {"ConsumedCapacity": show_all(charged.items(), wanted)} if wanted else {}


def _request(entry: object) -> Request:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        refuse("TransactItems can only contain one of ConditionCheck, Put, Update or Delete")
    ((kind, request),) = entry.items()
    if kind not in TRANSACT_WRITES:
        refuse("TransactItems can only contain one of ConditionCheck, Put, Update or Delete")
    return kind, check(request, TRANSACT_WRITES[kind])


def _plans(session: Session, requests: list[Request]) -> list[Plan | Reason]:
    """A plan for each request, or the reason why there can be none."""
    plans: list[Plan | Reason] = []
    for kind, request in requests:
        try:
            plans.append(_PLANNERS[kind](session.table(request.get("TableName")), request))
        except KeyRefusal as refusal:
            plans.append(_invalid(refusal))
    possible = [plan for plan in plans if isinstance(plan, Plan)]
    if len({(plan.table.space, plan.key) for plan in possible}) < len(possible):
        refuse("Transaction request cannot include multiple operations on one item")
    if sum(map(_payload, possible)) > MAX_TRANSACTION_BYTES:
        refuse("Transaction payload size cannot exceed 4MB")
    return plans


def _invalid(refusal: Refusal) -> Reason:
    return {"Code": "ValidationError", "Message": refusal.message}


def _payload(plan: Plan) -> int:
    values = item_size(dict(plan.values))
    return values + (plan.put.size if plan.put else item_size(plan.key_item))


def _applied_before(session: Session, token: object, given: list[Any]) -> bool:
    """Remembers the token for ten minutes, or says that its transaction was applied. Raises Refusal."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH:
        refuse(f"ClientRequestToken must be text of at most {MAX_TOKEN_LENGTH} characters")
    connection = session.connection
    digest = fingerprint({"TransactItems": given})
    connection.execute("DELETE FROM tokens WHERE expires <= ?", (session.now,))
    row = connection.execute("SELECT digest FROM tokens WHERE token = ?", (token,)).fetchone()
    if row is None:
        # A cancelled transaction is rolled back, and its token with it.
        connection.execute(
            "INSERT INTO tokens (token, digest, expires) VALUES (?, ?, ?)",
            (token, digest, session.now + TOKEN_SECONDS),
        )
        return False
    if row[0] != digest:
        raise Refusal(MISMATCH, "The token was used before with other parameters")
    return True


def _replayed(session: Session, plans: list[Plan | Reason]) -> dict[str, Units]:
    charged: dict[str, Units] = {}
    for plan in plans:
        if isinstance(plan, Plan):
            found = load(session.connection, plan.table, plan.key)
            units = charged.setdefault(plan.table.name, Units())
            units.table += TRANSACTION_FACTOR * read_units(found.size if found else 0, consistent=True)
    return charged


def _apply(session: Session, plans: list[Plan | Reason], requests: list[Request]) -> dict[str, Units]:
    reasons: list[Reason] = []
    ready: list[tuple[Plan, Stored | None, Stored | None]] = []
    for plan, (_, request) in zip(plans, requests, strict=True):
        if not isinstance(plan, Plan):
            reasons.append(plan)
            continue
        old = load(session.connection, plan.table, plan.key)
        try:
            reason, new = _decide(plan, request, old)
        except KeyUpdate as refusal:
            raise canceled(
                [*reasons, _invalid(refusal), *[{"Code": "None"}] * (len(plans) - len(reasons) - 1)]
            ) from None
        reasons.append(reason)
        ready.append((plan, old, new))
    if any(reason["Code"] != "None" for reason in reasons):
        raise canceled(reasons)
    charged: dict[str, Units] = {}
    for plan, old, new in ready:
        if plan.keeps:
            units = Units(write_units(old.size if old else 0))
        else:
            units = store(session, plan.table, plan.key, old, new)
        charged.setdefault(plan.table.name, Units()).add(units, TRANSACTION_FACTOR)
    return charged


def _decide(plan: Plan, request: Mapping[str, Any], old: Stored | None) -> tuple[Reason, Stored | None]:
    if plan.holds(old):
        try:
            return {"Code": "None"}, plan.outcome(old)
        except KeyRefusal as refusal:
            return _invalid(refusal), None
    reason: Reason = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    if old is not None and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        reason["Item"] = old.item
    return reason, None
