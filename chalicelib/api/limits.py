"""How often single operations may be tried by one address (spec http.md §11)."""

from __future__ import annotations

from chalicelib.api.operation import CONFLICT, Arrival, Limit
from chalicelib.api.peek import peek
from chalicelib.licensing.emails import normal_email
from chalicelib.licensing.errors import Conflicting
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.rates import Rate, TooManyAttempts, window_at
from chalicelib.store.items.rate import attempt
from chalicelib.store.unit import Changed, Locked, commit


def count(arrival: Arrival) -> None:
    """Count the attempt; raises TooManyAttempts when there were as many as may be, Conflicting if it cannot be told."""
    limit = arrival.operation.limit
    who = None if limit is None else limit.who(arrival)
    if limit is None or who is None:
        return
    window = window_at(limit.rate, arrival.now)
    address = arrival.raw.address
    try:
        commit(arrival.service.database, (attempt(arrival.account_id, f"{address} {who}", window),))
    except Changed as changed:
        raise TooManyAttempts(window, arrival.now) from changed
    except Locked as locked:
        raise Conflicting(CONFLICT) from locked


def _who_signs_in(arrival: Arrival) -> str | None:
    login = None if arrival.presented is None else arrival.presented.login
    return None if login is None else normal_email(login.email)


def _who_forgot(arrival: Arrival) -> str | None:
    email = peek(arrival.document, "meta", "email")
    return normal_email(email) if isinstance(email, str) else None


def _whose_password(arrival: Arrival) -> str | None:
    text = arrival.ids["id"]
    return normal_uuid(text) if is_uuid(text) else normal_email(text)


LOGIN = Limit(Rate(name="auth", most=5, seconds=60), _who_signs_in)
FORGOTTEN_PASSWORD = Limit(Rate(name="forgotten-password", most=5, seconds=3_600), _who_forgot)
PASSWORD = Limit(Rate(name="password", most=5, seconds=600), _whose_password)
