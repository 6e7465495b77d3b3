"""The operations that are measured: one request or one sweep each, and the state it starts from."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.composition import sweep
from chalicelib.store import meter
from tests.bench.place import DUE, Place
from tests.bench.wire import Call
from tests.world import START

ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a case cost at the store, and the bodies it read and wrote."""

    calls: tuple[Call, ...]
    sequential: int
    read_units: float
    write_units: float
    request: bytes
    response: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One row: `run` is what is timed, `check` judges what it returned, `observe` runs it once and tells its cost.

    `signed` are the algorithms of the signatures that its floor makes.
    """

    operation: str
    place: Place
    run: Callable[[], Any]
    check: Callable[[Any], None]
    observe: Callable[[], Cost]
    signed: tuple[str, ...] = (ED25519,)


class Broken(Exception):
    """A measured request was not answered as it should be."""


def cases(small: Place, large: Place) -> tuple[Case, ...]:
    """Every row but the cold start, cheap ones first. The touch comes before the hot validation of its license.

    The containers are warm: the account and who listens to validations are remembered.
    """
    for place in (small, large):
        with redirect_stdout(io.StringIO()):
            warming = {"meta": {"key": place.license(2).key}}
            place.app(place.event("POST", "/v1/licenses/actions/validate-key", warming, anonymous=True), None)
    license = small.license(1)
    key = {"meta": {"key": license.key}}
    one, actions = f"/v1/licenses/{license.id}", f"/v1/licenses/{license.id}/actions"
    validate_key = small.event("POST", "/v1/licenses/actions/validate-key", key, anonymous=True)
    return (
        request("validate key, touch due", small, validate_key),
        request("validate key", small, validate_key),
        request("validate id", small, small.event("POST", f"{actions}/validate", {"meta": {}})),
        request("increment", small, small.event("POST", f"{actions}/increment-usage", {"meta": {"increment": 1}})),
        request("create license", small, small.event("POST", "/v1/licenses", _new(small))),
        request("retrieve", small, small.event("GET", one)),
        request("list 100 of 1,000", small, small.event("GET", "/v1/licenses?limit=100")),
        request("list 100 of 100,000", large, large.event("GET", "/v1/licenses?limit=100")),
        swept("sweep 100 due of 1,000", small, small.fall_due, DUE),
        swept("sweep 100 due of 100,000", large, large.fall_due, DUE),
    )


def _new(place: Place) -> Mapping[str, Any]:
    policy = {"data": {"type": "policies", "id": place.policy.id}}
    attributes = {"name": "Bench", "metadata": {"plan": "pro", "seats": 5}}
    return {"data": {"type": "licenses", "attributes": attributes, "relationships": {"policy": policy}}}


def request(operation: str, place: Place, event: dict[str, Any], signed: tuple[str, ...] = (ED25519,)) -> Case:
    """A row of one request."""

    def run() -> Any:
        return place.app(event, None)

    def check(response: Any) -> None:
        if response["statusCode"] not in (200, 201, 204):
            raise Broken(f"{operation}: {response['statusCode']} {response['body']}")

    def observe() -> Cost:
        calls: list[Call] = []
        place.recorder.calls = calls
        with redirect_stdout(io.StringIO()) as log:
            response = run()
        place.recorder.calls = None
        check(response)
        told = json.loads(log.getvalue())
        return Cost(
            tuple(calls),
            told["sequential"],
            told["readUnits"],
            told["writeUnits"],
            (event["body"] or "").encode(),
            response["body"].encode(),
        )

    return Case(operation, place, run, check, observe, signed)


def swept(operation: str, place: Place, prepare: Callable[[], None], due: int, at: datetime = START) -> Case:
    """A row of one sweep at that time, which finds so many due once they are as `prepare` leaves them."""

    def run() -> Any:
        place.clock.instant = at
        try:
            return sweep(place.service).run()
        finally:
            place.clock.instant = START

    def check(report: Any) -> None:
        if report.looked_at != due or report.lost:
            raise Broken(f"{operation}: {report}")

    def observe() -> Cost:
        prepare()
        calls: list[Call] = []
        place.recorder.calls = calls
        with meter.counting() as ledger:
            report = run()
        place.recorder.calls = None
        check(report)
        return Cost(tuple(calls), ledger.sequential, ledger.read_units, ledger.write_units, b"", b"")

    return Case(operation, place, run, check, observe, signed=())
