"""Tokens: given, given anew, ended."""

from __future__ import annotations

from tests.faults.operation import Act, Context, Operation, Result, either, http, with_
from tests.world import World

TOKEN = "/v1/tokens/{token}"  # noqa: S105 - a path


def _product(world: World) -> Context:
    return {"product": world.product()["id"]}


def _license(world: World) -> Context:
    return {"license": world.license()["id"]}


def _held(world: World) -> Context:
    """A product with a token."""
    context = _product(world)
    old = world.token(f"/v1/products/{context['product']}")
    (token,) = with_(world, "token", bearer_id=context["product"])
    return context | {"old": old, "token": token["id"]}


def _remembering(act: Act) -> Act:
    """The new value is known to whom it was answered."""

    def remembered(world: World, context: Context) -> Result:
        result = act(world, context)
        if result.status == 200:
            context["new"] = f"Bearer {result.document['data']['attributes']['token']}"
        return result

    return remembered


def _made(world: World, context: Context) -> int:
    """Beside the admin's."""
    return len(with_(world, "token")) - 1


def _values(world: World, context: Context) -> tuple[int, int]:
    """How many tokens the product has, and how the value it had is answered; one that was told anew is good."""
    if "new" in context:
        assert world.get("/v1/me", as_=context["new"]).status == 200
    left = with_(world, "token", id=context["token"])
    return len(left), world.get("/v1/me", as_=context["old"]).status


OPERATIONS = (
    Operation("product-token", _product, http("POST", "/v1/products/{product}/tokens"), _made),
    Operation("license-token", _license, http("POST", "/v1/licenses/{license}/tokens"), _made),
    Operation("regenerate-token", _held, _remembering(http("PUT", TOKEN)), either(_values, (1, 200), (1, 401))),
    Operation(
        "regenerate-own-token",
        _held,
        _remembering(http("PUT", "/v1/tokens", as_="old")),
        either(_values, (1, 200), (1, 401)),
    ),
    Operation("revoke-token", _held, http("DELETE", TOKEN), either(_values, (1, 200), (0, 401))),
)
