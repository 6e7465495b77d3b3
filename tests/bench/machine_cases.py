"""What machines cost: activation and its end, a ping, validations that look at them, and the sweep of dead ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from tests.bench.cases import Broken, Case, request, swept
from tests.bench.fleet import DEAD, SWEPT_AT, Fleet
from tests.bench.place import Place

FEW, MANY = 2_000, 100_000


def machine_cases(small: Place, large: Place) -> tuple[Case, ...]:
    """Every row about machines."""
    few, many = Fleet(small, FEW), Fleet(large, MANY)
    first, second = (f"/v1/machines/{few.machine(number).id}" for number in (DEAD, DEAD + 1))
    by_fingerprint = {"key": few.license.key, "scope": {"fingerprint": few.machine(DEAD).fingerprint}}
    return (
        request("activate", small, small.event("POST", "/v1/machines", _activation(few))),
        request("deactivate", small, small.event("DELETE", first)),
        request("ping", small, small.event("POST", f"{second}/actions/ping")),
        _validation("validate fingerprint", small, {**by_fingerprint, "scope": {"fingerprint": "fingerprint-001001"}}),
        _validation("validate everything", small, _everything(small)),
        swept("sweep 1,000 dead of 2,000", small, few.let_die, DEAD, SWEPT_AT),
        swept("sweep 1,000 dead of 100,000", large, many.let_die, DEAD, SWEPT_AT),
    )


def _validation(operation: str, place: Place, meta: Mapping[str, Any]) -> Case:
    event = place.event("POST", "/v1/licenses/actions/validate-key", {"meta": meta}, anonymous=True)
    with redirect_stdout(StringIO()):
        answer = json.loads(place.app(event, None)["body"])
    if answer["meta"]["code"] != "VALID":
        raise Broken(f"{operation}: {answer['meta']}")
    return request(operation, place, event)


def _activation(fleet: Fleet) -> dict[str, Any]:
    attributes = {"fingerprint": "a-new-machine", "name": "Bench", "cores": 8}
    return _resource("machines", attributes, license=("licenses", fleet.license.id))


def _everything(place: Place) -> dict[str, Any]:
    """A validation that asks for all there is: each scope leads to something that was made for it."""
    product = place.policy.product_id
    user = _made(place, "users", {"email": "everything@bench.example"})
    entitlement = _made(place, "entitlements", {"name": "Bench", "code": "BENCH"})
    policy = _made(place, "policies", {"name": "Bench", "floating": True}, product=("products", product))
    ties = {"policy": ("policies", policy), "owner": ("users", user)}
    license = _made(place, "licenses", {"key": "EVERYTHING"}, **ties)
    _post(place, f"/v1/licenses/{license}/entitlements", {"data": [{"type": "entitlements", "id": entitlement}]})
    machine = _made(place, "machines", {"fingerprint": "all"}, license=("licenses", license), owner=("users", user))
    _made(place, "components", {"fingerprint": "part", "name": "Part"}, machine=("machines", machine))
    release = {"version": "1.2.3", "channel": "stable"}
    released = _made(place, "releases", release, product=("products", product))
    _post(place, f"/v1/releases/{released}/actions/publish", {})
    _made(place, "artifacts", {"filename": "all.zip", "checksum": "c0ffee"}, release=("releases", released))
    scope = {
        "product": product,
        "policy": policy,
        "user": "everything@bench.example",
        "fingerprint": "all",
        "components": ["part"],
        "entitlements": ["BENCH"],
        "version": "1.2.3",
        "checksum": "c0ffee",
    }
    return {"key": "EVERYTHING", "scope": scope}


def _made(place: Place, kind: str, attributes: dict[str, Any], **ties: tuple[str, str]) -> str:
    return str(_post(place, f"/v1/{kind}", _resource(kind, attributes, **ties))["data"]["id"])


def _post(place: Place, path: str, body: object) -> Any:
    with redirect_stdout(StringIO()):
        response = place.app(place.event("POST", path, body), None)
    if response["statusCode"] not in (200, 201):
        raise Broken(f"{path}: {response['statusCode']} {response['body']}")
    return json.loads(response["body"])


def _resource(kind: str, attributes: dict[str, Any], **ties: tuple[str, str]) -> dict[str, Any]:
    related = {name: {"data": {"type": word, "id": identifier}} for name, (word, identifier) in ties.items()}
    return {"data": {"type": kind, "attributes": attributes, **({"relationships": related} if related else {})}}
