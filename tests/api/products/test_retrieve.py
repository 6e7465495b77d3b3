import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license
from tests.world import World, segment


def test_by_id_in_any_spelling_and_by_code(world: World) -> None:
    product = world.product(code="a.b/c+d e%")
    identifier = product["id"]
    for named in (
        identifier,
        identifier.upper(),
        identifier.replace("-", ""),
        segment("a.b/c+d e%"),
        "a.b%2Fc+d%20e%25",
    ):
        assert world.get(f"/v1/products/{named}").data == product


@pytest.mark.parametrize("named", [NOWHERE, "APP", "app%20", "none", "a%2Fb"])
def test_unknown(shared_world: World, named: str) -> None:
    answer = shared_world.get(f"/v1/products/{named}")
    shown = named.replace("%20", " ").replace("%2F", "/")
    assert first(answer) == (404, "NOT_FOUND", None, f"The requested product '{shown}' was not found")
    assert answer.errors[0]["title"] == "Not found"


def test_codes_are_looked_up_exactly(local_world: World) -> None:
    local_world.product(code="App")
    assert local_world.get("/v1/products/App").status == 200
    assert local_world.get("/v1/products/app").status == 404


def test_a_product_sees_itself_only(world: World) -> None:
    own, other = world.product(), world.product(code="other")
    token = world.token(f"/v1/products/{own['id']}")
    assert world.get(f"/v1/products/{own['id']}", as_=token).data == own
    for named in (other["id"], "other"):
        assert world.get(f"/v1/products/{named}", as_=token).error == (404, "NOT_FOUND", None)


def test_licenses_need_the_permission(world: World) -> None:
    own, foreign, open_ = world.product(), world.product(), world.product(distributionStrategy="OPEN")
    plain = by_key(open_license(world, own["id"]))
    reader = by_key(open_license(world, own["id"], permissions=["product.read"]))
    expected = {own["id"]: (403, 200), open_["id"]: (403, 200), foreign["id"]: (404, 404)}
    for identifier, statuses in expected.items():
        path = f"/v1/products/{identifier}"
        assert (world.get(path, as_=plain).status, world.get(path, as_=reader).status) == statuses


def test_a_closed_product_is_forbidden_to_its_licenses(local_world: World) -> None:
    product = local_world.product(distributionStrategy="CLOSED")
    reader = by_key(open_license(local_world, product["id"], permissions=["product.read"]))
    assert local_world.get(f"/v1/products/{product['id']}", as_=reader).error == (403, None, None)
