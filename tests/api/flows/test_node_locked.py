"""Flow 2: validate a key, then activate, on a license for one machine."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from tests.api.flows.shop import VALID, Shop, detail, linked, refused, verdict
from tests.api.flows.test_sell import PRO
from tests.api.helpers import NOWHERE
from tests.world import START, resource

ONE, TWO = {"fingerprint": "fp1"}, {"fingerprint": "fp2"}


def test_validate_then_activate(shop: Shop) -> None:
    license, application = shop.sold(**PRO)
    anybody = shop.anybody
    first = anybody.validate(license, ONE)
    assert (first.data["id"], first.document["meta"]) == (
        license["id"],
        {
            "valid": False,
            "code": "NO_MACHINE",
            "detail": "fingerprint is not activated (has no associated machine)",
            "scope": ONE,
            "ts": to_text(START),
        },
    )
    assert verdict(anybody.validate(license)) == refused("FINGERPRINT_SCOPE_REQUIRED")
    shop.heard()
    machine = application.activate(license, "fp1", platform="linux", name="laptop")
    assert (machine.status, machine.attributes["fingerprint"]) == (201, "fp1")
    assert (machine.attributes["platform"], machine.attributes["name"]) == ("linux", "laptop")
    assert (machine.attributes["heartbeatStatus"], machine.attributes["requireHeartbeat"]) == ("NOT_STARTED", False)
    assert linked(machine.data, "owner") is None
    assert shop.heard() == ["machine.created"]
    again = anybody.validate(license, ONE)
    assert (verdict(again), again.document["meta"]["detail"]) == (VALID, "is valid")
    assert again.attributes["lastValidated"] == to_text(START)
    assert again.data["relationships"]["machines"]["meta"]["count"] == 1
    duplicate = application.activate(license, "fp1", platform="linux", name="laptop")
    assert duplicate.error == (422, "FINGERPRINT_TAKEN", "/data/attributes/fingerprint")
    assert verdict(anybody.validate(license, TWO)) == refused("FINGERPRINT_SCOPE_MISMATCH")
    full = application.activate(license, "fp2")
    assert full.error == (422, "MACHINE_LIMIT_EXCEEDED", "/data")
    assert detail(full) == "machine count has exceeded maximum allowed for license (1)"
    assert shop.heard() == []
    left = application.deactivate("fp1")
    assert (left.status, left.raw) == (204, b"")
    assert (shop.heard(), shop.seats(license)) == (["machine.deleted"], 0)
    assert application.activate(license, "fp2").status == 201
    assert verdict(anybody.validate(license, TWO)) == VALID
    assert anybody.activate(license, "fp3").error[:2] == (401, "TOKEN_MISSING")


def test_a_key_that_nobody_sold(shop: Shop) -> None:
    answer = shop.anybody.post("/licenses/actions/validate-key", {"meta": {"key": "no-such-key", "scope": ONE}})
    meta = answer.document["meta"]
    assert (answer.status, answer.data, verdict(answer)) == (200, None, refused("NOT_FOUND"))
    assert meta["detail"] == "does not exist"


@pytest.mark.parametrize("by", ["id", "fingerprint"])
def test_deactivate_by_either_name(local_shop: Shop, by: str) -> None:
    license, application = local_shop.sold(**PRO)
    machine = application.activated(license, "4d:Eq UV/8%")
    name = machine["id"] if by == "id" else "4d:Eq UV/8%"
    assert application.deactivate(name).status == 204
    assert application.deactivate(name).error[:2] == (404, "NOT_FOUND")
    assert local_shop.seats(license) == 0


def test_the_way_of_the_sdks(shop: Shop) -> None:
    license, application = shop.sold(**PRO)
    product = linked(license, "product")
    me = application.get("/me")
    assert (me.data["type"], me.data["id"]) == ("licenses", license["id"])
    assert "included" not in me.document

    def validated(asked: str | None) -> tuple[bool, str]:
        scope = {"fingerprint": "fp1", "product": asked}
        return verdict(application.act(license, "validate", {"meta": {"scope": scope}}))

    assert validated(product) == refused("NO_MACHINE")
    application.activated(license, "fp1")
    assert validated(product) == VALID
    assert validated(NOWHERE) == refused("PRODUCT_SCOPE_MISMATCH")


def _with_parts(license: Any) -> dict[str, Any]:
    body = resource("machines", ONE, license=("licenses", license["id"]))
    names = {"cpu1": "CPU", "disk1": "Disk", "nic1": "Network"}
    parts = [
        {"type": "components", "attributes": {"fingerprint": fingerprint, "name": name}}
        for fingerprint, name in names.items()
    ]
    body["data"]["relationships"]["components"] = {"data": parts}
    return body


def test_hardware_components(shop: Shop) -> None:
    per_license = {"componentUniquenessStrategy": "UNIQUE_PER_LICENSE", "componentMatchingStrategy": "MATCH_MOST"}
    license, application = shop.sold(**PRO, **per_license)
    shop.heard()
    assert application.post("/machines", _with_parts(license)).status == 201
    assert shop.heard() == ["machine.created"]
    found = application.get("/machines/fp1/components")
    assert sorted(one["attributes"]["fingerprint"] for one in found.data) == ["cpu1", "disk1", "nic1"]
    verdicts = {
        ("cpu1", "disk1", "x"): VALID,
        ("cpu1", "x", "y"): refused("COMPONENTS_SCOPE_MISMATCH"),
    }
    for parts, expected in verdicts.items():
        assert verdict(shop.anybody.validate(license, ONE | {"components": list(parts)})) == expected
    alone = shop.anybody.validate(license, {"components": ["cpu1"]})
    assert verdict(alone) == refused("FINGERPRINT_SCOPE_REQUIRED")
