"""Who am I (spec auth.md §4)."""

from __future__ import annotations

from chalicelib.api.document import Resource
from chalicelib.api.operation import Arrival, Command, Operation, Outcome, Scene
from chalicelib.api.show import license, product, token, user
from chalicelib.licensing.access import Bearer, Subject, authorize
from chalicelib.store.fetch import Plan
from chalicelib.store.loads import people
from chalicelib.store.loads.people import Person

_PERMISSIONS = {"user": "user.read", "product": "product.read", "license": "license.read"}


def _subject(bearer: Bearer) -> Subject:
    return Subject(user=bearer.user, product=bearer.product, license=bearer.license, policy=bearer.policy)


def _authorize_me(scene: Scene) -> None:
    assert scene.bearer is not None
    authorize(scene.bearer, "me", _PERMISSIONS[scene.bearer.kind], _subject(scene.bearer))


def _authorize_profile(scene: Scene) -> None:
    assert scene.bearer is not None
    authorize(scene.bearer, "profile", _PERMISSIONS[scene.bearer.kind], _subject(scene.bearer))


def _bearer(scene: Scene) -> Resource:
    found = scene.identity
    if found.licensed is not None:
        licensed = found.licensed
        return license.show(scene.account_id, licensed.license, licensed.policy, licensed.owner, scene.now)
    if found.product is not None:
        return product.show(scene.account_id, found.product)
    person: Person | None = scene.relation
    assert person is not None
    return user.show(scene.account_id, person.user, scene.now, person.last_activity)


def _person(arrival: Arrival, bearer: Bearer, loaded: object) -> Plan[Person | None]:
    """A user as it is shown."""
    if bearer.user is None:
        return None
    return (yield from people.of(arrival.account_id, bearer.user, arrival.now))


def _me(scene: Scene, command: Command) -> Outcome:
    body: dict[str, object] = {"data": _bearer(scene)}
    if scene.identity.token is not None and scene.bearer is not None:
        body["included"] = [token.show(scene.account_id, scene.identity.token, scene.bearer.role, scene.bearer.held)]
    return Outcome(body=body)


def _profile(scene: Scene, command: Command) -> Outcome:
    token_id = None if scene.identity.token is None else scene.identity.token.id
    return Outcome(body={"data": _bearer(scene), "meta": {"tokenId": token_id}})


OPERATIONS = (
    Operation(name="me", methods=("GET",), path="/me", relate=_person, authorize=_authorize_me, decide=_me),
    Operation(
        name="profile", methods=("GET",), path="/profile", relate=_person, authorize=_authorize_profile, decide=_profile
    ),
)
