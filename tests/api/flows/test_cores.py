"""Flow 4: cores are sold, a quarter more is let pass."""

from __future__ import annotations

import pytest

from tests.api.flows.shop import FLOATING, VALID, Shop, detail, verdict
from tests.world import resource

POLICY = FLOATING | {"maxCores": 32, "overageStrategy": "ALLOW_1_25X_OVERAGE"}


def test_cores_and_overage(shop: Shop) -> None:
    license, application = shop.sold(**POLICY)
    application.activated(license, "m1", cores=24)
    assert shop.read(license)["relationships"]["machines"]["meta"]["cores"] == 24
    second = application.activated(license, "m2", cores=16)
    assert verdict(shop.anybody.validate(license)) == (True, "TOO_MANY_CORES")
    full = application.activate(license, "m3", cores=1)
    assert full.error == (422, "MACHINE_CORE_LIMIT_EXCEEDED", "/data")
    assert detail(full) == "machine core count has exceeded maximum allowed for license (32)"
    shop.heard()
    change = resource("machines", {"cores": 8})
    own = application.patch(f"/machines/{second['id']}", change)
    assert own.error == (400, None, "/data/attributes/cores")
    assert detail(own) == "unpermitted parameter"
    changed = shop.vendor.patch(f"/machines/{second['id']}", change)
    assert (changed.status, changed.attributes["cores"]) == (200, 8)
    assert shop.heard() == ["machine.updated"]
    assert verdict(shop.anybody.validate(license)) == VALID
    assert shop.read(license)["relationships"]["machines"]["meta"]["cores"] == 32


@pytest.mark.parametrize("cores", [30, 33, 34])
def test_a_limit_has_to_give_whole_quarters(local_shop: Shop, cores: int) -> None:
    product = local_shop.vendor.made("products", {"name": "App"})
    answer = local_shop.vendor.make(
        "policies", {"name": "Pro", **POLICY, "maxCores": cores}, product=("products", product["id"])
    )
    assert answer.status == 422
