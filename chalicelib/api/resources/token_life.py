"""Tokens: list, retrieve, regenerate, revoke (spec auth.md §1.2, §3)."""

from __future__ import annotations

from msgspec.structs import replace

from chalicelib.api.authenticate import token_key
from chalicelib.api.kind import collection, is_customer
from chalicelib.api.kinds.tokens import TOKENS, load_one, relate, show, subject
from chalicelib.api.lists.small import small_page
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.api.tokens import new_value
from chalicelib.licensing import token as tokens
from chalicelib.licensing.access import authorize
from chalicelib.licensing.errors import missing
from chalicelib.licensing.filters import lists as list_filters
from chalicelib.licensing.filters.lists import TokenCandidate
from chalicelib.store.fetch import Plan
from chalicelib.store.items import token as stored
from chalicelib.store.loads import tokens as loads
from chalicelib.store.loads.tokens import Held
from chalicelib.store.starts import Streams, related

PATH, MEMBER = "/tokens", "/tokens/{id}"
REGENERATED, REVOKED = "token.regenerated", "token.revoked"


def _load_presented(arrival: Arrival) -> Plan[Held | None]:
    """The token the request came with; it is read for authentication anyway."""
    key = token_key(arrival.tenant, arrival.presented)
    if key is None:
        return None
    (held,) = yield from loads.at(arrival.account_id, [key])
    return held


def _presented(scene: Scene) -> Held:
    """NotFound for whoever came without one, by license key."""
    held: Held | None = scene.loaded
    if held is None:
        raise missing("token")
    return held


def _may_regenerate_presented(scene: Scene) -> None:
    authorize(scene.bearer, "token.regenerate", "token.regenerate", subject(_presented(scene), None))


def _list(scene: Scene, command: Command) -> Outcome:
    filters = list_filters.of_tokens(scene.arrival.query.tree)
    is_product = scene.bearer is not None and scene.bearer.kind == "product"
    return small_page(scene, TOKENS, stored.KIND, filters, _own(scene), candidate=_candidate, cut=is_product)


def _own(scene: Scene) -> Streams:
    """What holds all that a customer may see; those of a product's licenses and users are in no partition."""
    if scene.bearer is None or not is_customer(scene):
        return ()
    return (related(scene.account_id, "bearer", scene.bearer.id, stored.KIND),)


def _candidate(held: Held) -> TokenCandidate:
    return TokenCandidate(token=held.token, bearer_role=held.role)


def _regenerate(scene: Scene, command: Command) -> Outcome:
    return _regenerated(scene, TOKENS.one(scene))


def _regenerate_presented(scene: Scene, command: Command) -> Outcome:
    return _regenerated(scene, _presented(scene))


def _regenerated(scene: Scene, held: Held) -> Outcome:
    """The same token under a new value, which only this answer shows."""
    after = replace(held, token=tokens.regenerated(held.token, scene.now))
    value, digest = new_value(scene, held.token.kind)
    return Outcome(
        body={"data": show(scene, after, value)},
        payload={"data": show(scene, after)},
        writes=stored.regeneration(scene.account_id, held.key, after.token, digest),
        event=REGENERATED,
    )


def _revoke(scene: Scene, command: Command) -> Outcome:
    held = TOKENS.one(scene)
    return Outcome(
        status=204,
        payload={"data": show(scene, held)},
        writes=stored.removal(scene.account_id, held.key, held.token, scene.now),
        event=REVOKED,
    )


OPERATIONS = (
    collection("token.list", PATH, "token.read", _list),
    TOKENS.member("token.read", ("GET",), MEMBER, load_one, TOKENS.shown, relate=relate),
    TOKENS.member(
        "token.regenerate",
        ("PUT",),
        MEMBER,
        load_one,
        _regenerate,
        relate=relate,
        events=(REGENERATED,),
    ),
    TOKENS.member(
        "token.revoke",
        ("DELETE",),
        MEMBER,
        load_one,
        _revoke,
        relate=relate,
        events=(REVOKED,),
    ),
    Operation(
        name="token.regenerate-presented",
        methods=("PUT",),
        path=PATH,
        load=_load_presented,
        find=_presented,
        authorize=_may_regenerate_presented,
        decide=_regenerate_presented,
        events=(REGENERATED,),
    ),
)
