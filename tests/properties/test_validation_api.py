"""Validations sent to the service against the second reading of the specification: what is loaded, decided and left.

The cases are those of test_validation.py, by the same numbers and with the same VALIDATION_CASE, stored under names
of their own; those are sent that `chosen` finds in the first blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.license import License
from chalicelib.store import fetch
from chalicelib.store.loads import license as loads
from infra.local.engine import Engine, EngineTransport
from tests.properties import validation_stock as stock
from tests.properties.test_validation import BLOCK, BOTH_WAYS, CODES, NUMBERS, specified
from tests.properties.validation_cases import Case, case
from tests.properties.validation_choice import check_spread, chosen
from tests.properties.validation_named import NEIGHBOUR, named
from tests.world import Answer, World, segment

ADMIN = "admin"


class Seen(NamedTuple):
    """The answer to a validation, what it shows of the license, and what it leaves behind."""

    valid: bool
    code: str
    detail: str
    shown: tuple[str | None, ...]
    stored: License


@pytest.fixture(scope="module")
def service() -> Iterator[World]:
    engine = Engine(":memory:")
    service = World(EngineTransport(engine), {"LICENSING_TOUCH_SECONDS": "0"})
    stock.put_entitlements(service)
    stock.put(service, numbered(NEIGHBOUR.number).world, NEIGHBOUR.number)
    yield service
    engine.close()


def numbered(number: int) -> Case:
    """Case `number` as it is stored."""
    return named(case(Random(number)), number)


def requests(one: Case, number: int) -> list[tuple[str, str, str | None]]:
    """What is sent one after the other: method, path, and as whom."""
    license = one.world.license
    path = f"/v1/licenses/{license.id if number % 2 else segment(license.key)}/actions/validate"
    if one.quick:
        return [("GET", path, ADMIN)]
    both = [("POST", path, ADMIN), ("POST", "/v1/licenses/actions/validate-key", ADMIN if number % 4 < 2 else None)]
    return both[::-1] if number % 8 < 4 else both


def expected(one: Case) -> Seen:
    """What the specification makes of it."""
    answer, after = specified(one)
    return Seen(answer.valid, answer.code, answer.detail, shown(after), after)


def shown(license: License) -> tuple[str | None, ...]:
    """What the answer shows of what a validation changes."""
    expiry, seen = (None if at is None else to_text(at) for at in (license.expiry, license.last_validated))
    return expiry, seen, license.release_version


def answered(service: World, one: Case, request: tuple[str, str, str | None]) -> Seen:
    """What the service makes of it."""
    method, path, as_ = request
    key = {"key": one.world.license.key} if path.endswith("validate-key") else {}
    body = {"meta": {**key, "scope": one.sent}} if method == "POST" else None
    answer = service.send(method, path, body, as_=as_)
    assert answer.status == 200, answer.raw
    meta, attributes = answer.document["meta"], _attributes(answer)
    return Seen(meta["valid"], meta["code"], meta["detail"], attributes, stored(service, one.world.license.id))


def _attributes(answer: Answer) -> tuple[str | None, ...]:
    return tuple(answer.attributes[name] for name in ("expiry", "lastValidated", "version"))


def stored(service: World, license_id: str) -> License:
    """The license as it is stored."""
    found = fetch.run(service.database, loads.by_exact_id(service.account["account"], license_id))
    assert found is not None
    return replace(found.license, operation=None)


def compare(service: World, number: int) -> None:
    """Store case `number` and send it in each of its ways; the first of them may start the clock of the license."""
    one = numbered(number)
    stock.put(service, one.world, number)
    service.clock.instant = one.world.now
    one = one._replace(world=one.world._replace(license=stock.counted(one.world)))
    for request in requests(one, number):
        wanted = expected(one)
        assert answered(service, one, request) == wanted, f"VALIDATION_CASE={number}: {request} {one}"
        one = one._replace(world=one.world._replace(license=wanted.stored))


@pytest.mark.slow
@pytest.mark.parametrize("numbers", NUMBERS[:4], ids=lambda numbers: f"from {numbers.start}")
def test_cases_are_answered_as_specified(service: World, numbers: range) -> None:
    if len(numbers) < BLOCK:
        for number in numbers:
            compare(service, number)
        return
    sent, seen = chosen(numbers, numbered)
    for number in sent:
        compare(service, number)
    check_spread(seen, CODES, BOTH_WAYS)
