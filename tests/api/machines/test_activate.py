"""POST /machines: what is made of it, and everything that keeps it out (spec machines.md §3.2, §3.3, §4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.store.table import Row
from tests.api.helpers import BIG_INTEGER, INTEGER, NOWHERE, by_key, codes, first, open_license, staff, user, user_token
from tests.api.installing import (
    DENIED,
    FINGERPRINT,
    GROUP,
    LICENSE,
    MACHINES,
    OWNER,
    activate,
    activated,
    activation,
    at,
    attached,
    changed,
    counts,
    exceeded,
    floating,
    gone,
    limited,
    only,
    part,
    ping,
    roomy,
    spent,
)
from tests.api.licenses.cast import BEARERS, Cast, emitted, grouped, owned, path, protect, related
from tests.races.crowd import rows
from tests.world import HOST, START, Answer, World, resource, segment

TAKEN = (422, "FINGERPRINT_TAKEN", FINGERPRINT)
LIMIT = (422, "MACHINE_LIMIT_EXCEEDED", "/data")
DAY = 86_400
PLAIN: dict[str, Any] = {
    "name": None,
    "ip": None,
    "hostname": None,
    "platform": None,
    "cores": None,
    "memory": None,
    "disk": None,
    "requireHeartbeat": False,
    "heartbeatStatus": "NOT_STARTED",
    "heartbeatDuration": 600,
    "maxProcesses": None,
    "lastCheckOut": None,
    "lastHeartbeat": None,
    "nextHeartbeat": None,
    "metadata": {},
    "created": "2026-03-01T12:00:00.000Z",
    "updated": "2026-03-01T12:00:00.000Z",
}


# --- what is made -----------------------------------------------------------------------------------------------------


def test_wire_shape_and_defaults(world: World) -> None:
    license = world.license()
    answer = activate(world, license, "4d:Eq:UV")
    home = f"/v1/accounts/{world.account['account']}"
    base = f"{home}/machines/{answer.data['id']}"
    assert (answer.status, answer.headers["location"]) == (201, f"https://{HOST}{base}")
    assert answer.attributes == {"fingerprint": "4d:Eq:UV", **PLAIN}
    assert answer.data["links"] == {"self": base}
    assert {name: one.get("data") for name, one in answer.data["relationships"].items()} == {
        "account": {"type": "accounts", "id": world.account["account"]},
        "environment": None,
        "product": license["relationships"]["product"]["data"],
        "group": None,
        "license": {"type": "licenses", "id": license["id"]},
        "owner": None,
        "components": None,
        "processes": None,
    }
    assert world.get(base).document == answer.document
    assert world.get(f"/v1/machines/{segment('4d:Eq:UV')}").data["id"] == answer.data["id"]
    assert counts(world, license) == (1, 0, 0, 0)


def test_everything_sent_is_kept(world: World) -> None:
    ann, group = user(world), grouped(world)
    license = owned(world, ann)
    sent: dict[str, Any] = {
        "name": "",
        "ip": " ",
        "hostname": "host",
        "platform": "x" * 255,
        "cores": INTEGER,
        "memory": BIG_INTEGER,
        "disk": 1,
        "metadata": {"userName": {"firstName": [1, None]}},
    }
    given: dict[str, Any] = {"owner": ann.id, "group": group["id"], "id_": "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE"}
    made = activated(world, license, "x" * 4096, **given, **sent)
    assert made["id"] == "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
    assert {name: made["attributes"][name] for name in sent} == sent
    assert (related(made, "owner"), related(made, "group")) == (ann.id, group["id"])
    assert counts(world, license) == (1, INTEGER, BIG_INTEGER, 1)
    assert world.get(at(made)).data == made
    found = world.get("/v1/machines?metadata[userName.firstName]=1")
    assert (found.status, world.get(f"/v1/groups/{group['id']}/machines").data) == (200, [made])


@pytest.mark.parametrize("spelling", ["machine", "machines"])
def test_null_is_as_good_as_nothing(shared_world: World, spelling: str) -> None:
    license = shared_world.license()
    body = activation(license, "print", metadata=None, **dict.fromkeys(("name", "cores", "memory", "disk", "ip")))
    body["data"] |= {"type": spelling, "id": None}
    body["data"]["relationships"] |= {"owner": {"data": None}, "group": {"data": None}, "components": {"data": []}}
    body["data"]["relationships"]["license"]["data"]["type"] = "license"
    answer = shared_world.post(MACHINES, body)
    assert (answer.status, answer.attributes) == (201, {"fingerprint": "print", **PLAIN})


@pytest.mark.parametrize("on", ["license", "owner", "both", "request"])
def test_the_group_is_inherited(local_world: World, on: str) -> None:
    """Its license's wins over its owner's, that of the request over both (§4.3)."""
    world = local_world
    groups = {name: grouped(world)["id"] for name in ("license", "owner", "request")}
    ann = user(world, group_id=groups["owner"] if on != "license" else None)
    license = world.license()
    world.post(path(license, "users"), {"data": [{"type": "users", "id": ann.id}]})
    if on != "owner":
        world.send("PUT", path(license, "group"), {"data": {"type": "groups", "id": groups["license"]}})
    made = activated(world, license, owner=ann.id, group=groups["request"] if on == "request" else None)
    assert related(made, "group") == groups["license" if on == "both" else on]
    held = {item["pk"].split("#")[2]: item["machines"] for item in rows(world, Row, "group-meter")}
    assert {name for name, one in groups.items() if held[one]} == {"license" if on == "both" else on}


def test_the_owner_of_a_license_is_not_its_machine_s(shared_world: World) -> None:
    license = owned(shared_world, user(shared_world))
    assert related(activated(shared_world, license), "owner") is None


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        ({}, (False, "NOT_STARTED", False)),
        ({"requireHeartbeat": True}, (True, "ALIVE", True)),
        ({"requireHeartbeat": True, "heartbeatBasis": "FROM_FIRST_PING"}, (True, "NOT_STARTED", False)),
        ({"heartbeatBasis": "FROM_CREATION"}, (True, "ALIVE", True)),
    ],
)
def test_the_first_heartbeat(shared_world: World, policy: Any, shown: tuple[bool, str, bool]) -> None:
    made = activated(shared_world, shared_world.license(shared_world.policy(**policy, heartbeatDuration=120)["id"]))
    found = made["attributes"]
    begun = found["lastHeartbeat"] is not None
    assert (found["requireHeartbeat"], found["heartbeatStatus"], begun) == shown
    assert found["heartbeatDuration"] == 120
    assert found["nextHeartbeat"] == (to_text(START + timedelta(seconds=120)) if begun else None)


def test_components_come_along(world: World) -> None:
    license = world.license()
    sent = [part(f"part-{number}", f"Name {number}", metadata={"number": number}) for number in range(20)]
    world.listen("*")
    made = activated(world, license, parts=sent)
    found = world.get(at(made, "components") + "?limit=100").data
    assert {one["attributes"]["fingerprint"]: one["attributes"]["name"] for one in found} == {
        one["attributes"]["fingerprint"]: one["attributes"]["name"] for one in sent
    }
    assert {one["attributes"]["metadata"]["number"] for one in found} == set(range(20))
    assert emitted(world) == [("machine.created", {"data": made})]


def test_one_machine_in_two_licenses(shared_world: World) -> None:
    one, other = shared_world.license(), shared_world.license()
    assert activated(shared_world, one)["id"] != activated(shared_world, other)["id"]


def test_a_machine_that_left_can_come_back(world: World) -> None:
    license = world.license()
    made = activated(world, license, parts=[part("a"), part("b")])
    assert gone(world, made).status == 204
    again = activated(world, license, parts=[part("a")])
    assert again["id"] != made["id"]
    assert [one["attributes"]["fingerprint"] for one in world.get(at(again, "components")).data] == ["a"]
    assert (counts(world, license), world.get(at(made)).status) == ((1, 0, 0, 0), 404)


# --- the document -----------------------------------------------------------------------------------------------------


IN_PART = "/data/relationships/components/data/0"
MISSING, BLANK, NULL, UNPERMITTED = "is missing", "cannot be blank", "cannot be null", "unpermitted parameter"
NO_UUID = "type mismatch (received string expected UUID string)"


@pytest.mark.parametrize(
    ("where", "value", "detail"),
    [
        ("/data", ..., MISSING),
        ("/data/type", ..., MISSING),
        ("/data/type", "licenses", "is invalid"),
        ("/data/id", "one", NO_UUID),
        ("/data/attributes", ..., MISSING),
        ("/data/relationships", ..., MISSING),
        (FINGERPRINT, ..., MISSING),
        (FINGERPRINT, None, NULL),
        (FINGERPRINT, "", BLANK),
        (FINGERPRINT, " \t", BLANK),
        (FINGERPRINT, 1, "type mismatch (received integer expected string)"),
        ("/data/attributes/cores", "1", "type mismatch (received string expected integer)"),
        ("/data/attributes/memory", 1.0, "type mismatch (received float expected integer)"),
        ("/data/attributes/disk", True, "type mismatch (received boolean expected integer)"),
        ("/data/attributes/name", 1, "type mismatch (received integer expected string)"),
        ("/data/attributes/metadata", [], "type mismatch (received array expected object)"),
        ("/data/attributes/maxProcesses", 1, UNPERMITTED),
        ("/data/attributes/lastHeartbeat", None, UNPERMITTED),
        ("/data/relationships/policy", {}, UNPERMITTED),
        (LICENSE, ..., MISSING),
        (LICENSE, None, NULL),
        (f"{LICENSE}/data", None, NULL),
        (f"{LICENSE}/data/id", "one", NO_UUID),
        (f"{LICENSE}/data/type", "machines", "is invalid"),
        (OWNER, {"data": {"type": "users", "id": "a@b.c"}}, NO_UUID),
        (GROUP, {"data": {"type": "users", "id": NOWHERE}}, "is invalid"),
        ("/data/relationships/components/data", {}, "type mismatch (received object expected array)"),
        (f"{IN_PART}/id", NOWHERE, UNPERMITTED),
        (f"{IN_PART}/type", ..., MISSING),
        (f"{IN_PART}/type", "machines", "is invalid"),
        (f"{IN_PART}/attributes", ..., MISSING),
        (f"{IN_PART}/attributes/name", ..., MISSING),
        (f"{IN_PART}/attributes/name", " ", BLANK),
        (f"{IN_PART}/attributes/fingerprint", ..., MISSING),
        (f"{IN_PART}/attributes/fingerprint", None, NULL),
        (f"{IN_PART}/attributes/metadata", "a", "type mismatch (received string expected object)"),
    ],
)
def test_documents(shared_world: World, where: str, value: Any, detail: str) -> None:
    license = shared_world.license()
    body = changed(activation(license, parts=[part("a")]), where, value)
    pointers = {LICENSE + "/data": LICENSE + "/data"}
    for name, kind in ((f"{OWNER}", "/data/id"), (f"{GROUP}", "/data/type")):
        pointers[name] = name + kind
    answer = shared_world.post(MACHINES, body)
    assert first(answer) == (400, None, pointers.get(where, where), detail)
    assert answer.errors[0]["title"] == "Bad request"
    assert counts(shared_world, license) == (0, 0, 0, 0)


@pytest.mark.parametrize("where", ["/data/attributes", f"{IN_PART}/attributes"])
def test_metadata_is_not_deep(shared_world: World, where: str) -> None:
    body = changed(activation(shared_world.license(), parts=[part("a")]), f"{where}/metadata", {"a": {"bC": [{}]}})
    detail = "maximum depth of 2 exceeded"
    assert first(shared_world.post(MACHINES, body)) == (400, None, f"{where}/metadata/a/bC/0", detail)


@pytest.mark.parametrize("bearer", BEARERS[1:])
def test_who_may_name_a_group(cast: Cast, bearer: str) -> None:
    """The document is told before anything else, to those who may not activate at all too (§4.1)."""
    answer = activate(cast.world, cast.license, as_=cast.tokens[bearer], group=NOWHERE)
    refused = (400, None, GROUP, UNPERMITTED)
    may = bearer in "admin developer sales-agent support-agent product other-product".split()
    assert (first(answer) == refused) != may


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(local_world: World) -> Cast:
    """A license for two machines, with everybody who has to do with it."""
    return Cast(local_world)


def test_each_bearer(cast: Cast) -> None:
    world, shown = cast.world, []
    for bearer in BEARERS:
        answer = activate(world, cast.license, as_=cast.tokens[bearer])
        shown.append(str(answer.status))
        if answer.status == 201:
            assert gone(world, answer.data).status == 204
    assert " ".join(shown) == "401 201 201 201 403 403 201 403 201 403 403 201 403"


def test_users_activate_machines_of_their_own(cast: Cast) -> None:
    """Who is attached names itself; who has nothing to do with the license fails as its user (§3.2)."""
    world = cast.world
    assert first(activate(world, cast.license, as_=cast.tokens["attached"])) == (403, None, None, DENIED)
    elsewhere = activate(world, cast.license, as_=cast.tokens["attached"], owner=cast.stranger.id)
    assert elsewhere.status == 403
    stranger = activate(world, cast.license, as_=cast.tokens["stranger"], owner=cast.stranger.id)
    assert first(stranger) == (422, "OWNER_INVALID", OWNER, "must be a valid license user")
    made = activated(world, cast.license, as_=cast.tokens["attached"], owner=cast.attached.id)
    assert related(made, "owner") == cast.attached.id


def test_protected_licenses(cast: Cast) -> None:
    world = cast.world
    protect(world, cast.license)
    for bearer, owner in (("owner", cast.owner), ("attached", cast.attached)):
        answer = activate(world, cast.license, as_=cast.tokens[bearer], owner=owner.id)
        assert first(answer) == (403, None, None, DENIED)
    assert activate(world, cast.license, as_=cast.tokens["license"]).status == 201


@pytest.mark.parametrize("bearer", ["product", "license", "owner"])
def test_a_license_that_is_not_there_is_forbidden_to_customers(cast: Cast, bearer: str) -> None:
    answer = activate(cast.world, {"id": NOWHERE}, as_=cast.tokens[bearer])
    assert first(answer) == (403, None, None, DENIED)


def test_a_key_is_no_id_of_a_license(local_world: World) -> None:
    """A link names a license by id, even where another license has that id for its key."""
    other = local_world.license(key="11111111-2222-4333-8444-555555555555")
    answer = activate(local_world, {"id": other["attributes"]["key"]})
    assert codes(answer) == [("LICENSE_NOT_FOUND", LICENSE)]
    assert counts(local_world, other) == (0, 0, 0, 0)


@pytest.mark.parametrize("lacking", ["machine.create", "component.create"])
@pytest.mark.parametrize("parts", [None, [], [part("a")]], ids=["none", "empty", "some"])
def test_permissions(local_world: World, lacking: str, parts: Any) -> None:
    license = open_license(local_world, permissions=["machine.create", "component.create"])
    local_world.send("PATCH", path(license), resource("licenses", {"permissions": ["license.read", lacking]}))
    (held,) = {"machine.create", "component.create"} - {lacking}
    local_world.send("PATCH", path(license), resource("licenses", {"permissions": [held]}))
    answer = activate(local_world, license, as_=by_key(license), parts=parts)
    if lacking == "machine.create" or parts:
        detail = "You do not have permission to complete the request (license lacks permission to perform action)"
        assert first(answer) == (403, None, None, detail)
    else:
        assert answer.status == 201


def test_permissions_of_a_token(local_world: World) -> None:
    license = open_license(local_world)
    token = limited(local_world, license, permissions=["license.validate"])[0]
    detail = "You do not have permission to complete the request (token lacks permission to perform action)"
    assert first(activate(local_world, license, as_=token)) == (403, None, None, detail)


# --- the state of the license (§3.3) ----------------------------------------------------------------------------------

EXPIRED = {"duration": DAY}


@pytest.mark.parametrize(
    ("state", "policy", "by_license_key", "by_license_token"),
    [
        ("suspended", {}, "LICENSE_SUSPENDED", None),
        ("expired", {**EXPIRED, "expirationStrategy": "REVOKE_ACCESS"}, "LICENSE_EXPIRED", None),
        ("expired", {**EXPIRED, "expirationStrategy": "RESTRICT_ACCESS"}, None, None),
        ("expired", {**EXPIRED, "expirationStrategy": "MAINTAIN_ACCESS"}, None, None),
        ("expired", {**EXPIRED, "expirationStrategy": "ALLOW_ACCESS"}, None, None),
        (
            "overdue",
            {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 1},
            None,
            None,
        ),
        ("banned", {}, "LICENSE_BANNED", "USER_BANNED"),
        ("", {"authenticationStrategy": "TOKEN"}, "LICENSE_NOT_ALLOWED", None),
        ("", {"authenticationStrategy": "LICENSE"}, None, "TOKEN_NOT_ALLOWED"),
        ("", {"authenticationStrategy": "NONE"}, "LICENSE_NOT_ALLOWED", "TOKEN_NOT_ALLOWED"),
    ],
)
def test_states(
    local_world: World, state: str, policy: Any, by_license_key: str | None, by_license_token: str | None
) -> None:
    """Only a bearer that is the license itself is asked for its state; staff and product never are."""
    world, ann = local_world, user(local_world)
    kept = {"authenticationStrategy": "MIXED", "floating": True} | policy
    license = owned(world, ann, world.policy(**kept)["id"])
    token = world.token(path(license), {"data": {"type": "tokens", "attributes": {"expiry": None}}})
    product = world.token(f"/v1/products/{related(license, 'product')}")
    if state == "suspended":
        assert world.post(path(license, "actions/suspend")).status == 200
    if state == "banned":
        assert world.post(f"/v1/users/{ann.id}/actions/ban").status == 200
    world.clock.advance(days=2)
    for name, as_, code in (
        ("key", by_key(license), by_license_key),
        ("token", token, by_license_token),
        ("product", product, None),
        ("admin", world.admin, None),
    ):
        answer = activate(world, license, name, as_=as_)
        expected = (201, None, None) if code is None else (403, code, None)
        assert (answer.error if answer.status >= 400 else (answer.status, None, None)) == expected, name


def test_a_banned_user(cast: Cast) -> None:
    assert cast.world.post(f"/v1/users/{cast.owner.id}/actions/ban").status == 200
    assert activate(cast.world, cast.license, as_=cast.tokens["owner"]).error == (403, "USER_BANNED", None)


def test_an_expired_token(local_world: World) -> None:
    license = open_license(local_world)
    expiring = {"data": {"type": "tokens", "attributes": {"expiry": to_text(START + timedelta(days=1))}}}
    token = local_world.token(path(license), expiring)
    local_world.clock.advance(days=2)
    assert activate(local_world, license, as_=token).error == (401, "TOKEN_EXPIRED", None)


# --- fingerprints (§4.4) ----------------------------------------------------------------------------------------------


def scattered(world: World, strategy: str) -> dict[str, Any]:
    """Licenses by how far they are from the first: on its policy, on its product, in its account."""
    product = world.product()["id"]
    policy = floating(world, product, machineUniquenessStrategy=strategy)["id"]
    near = floating(world, product)["id"]
    return {
        "license": world.license(policy),
        "policy": world.license(policy),
        "product": world.license(near),
        "account": roomy(world),
    }


@pytest.mark.parametrize("scope", ["license", "policy", "product", "account"])
def test_a_fingerprint_is_new_in_its_scope(local_world: World, scope: str) -> None:
    """Whatever the policy of who holds it says: the one that is asked is the new machine's."""
    world = local_world
    order = ["license", "policy", "product", "account"]
    near = scattered(world, f"UNIQUE_PER_{scope.upper()}")
    for place in order:
        held = activated(world, near[place])
        answer = activate(world, near["license"])
        if order.index(place) <= order.index(scope):
            where = "" if place == "license" else f" for this {scope}"
            assert first(answer) == (*TAKEN, f"has already been taken{where}")
            assert gone(world, held).status == 204
        else:
            assert answer.status == 201
            assert gone(world, answer.data).status == 204
            assert gone(world, held).status == 204
    assert activate(world, near["license"], "PRINT").status == 201
    assert activate(world, near["license"]).status == 201


def test_strategies_are_not_symmetric(local_world: World) -> None:
    world = local_world
    wide, narrow = roomy(world, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT"), roomy(world)
    activated(world, wide)
    assert activate(world, narrow).status == 201
    assert activate(world, wide, "other").status == 201
    activated(world, narrow, "third")
    assert activate(world, wide, "third").error == TAKEN


def test_a_strategy_that_is_widened_looks_at_what_was_there(local_world: World) -> None:
    world = local_world
    policy = floating(world)
    one, other = world.license(policy["id"]), world.license(policy["id"])
    activated(world, one)
    body = resource("policies", {"machineUniquenessStrategy": "UNIQUE_PER_POLICY"})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert first(activate(world, other)) == (*TAKEN, "has already been taken for this policy")


def test_a_license_that_moved_counts_where_it_is(local_world: World) -> None:
    world = local_world
    product = world.product()["id"]
    there, here = (floating(world, product, machineUniquenessStrategy="UNIQUE_PER_POLICY") for _ in range(2))
    moving, staying = world.license(here["id"]), world.license(here["id"])
    activated(world, moving)
    assert activate(world, staying).error == TAKEN
    moved = world.send("PUT", path(moving, "policy"), {"data": {"type": "policies", "id": there["id"]}})
    assert moved.status == 200, moved.raw
    assert activate(world, staying).status == 201


@pytest.mark.parametrize("parent", ["license", "policy", "owner"])
def test_what_is_gone_holds_no_fingerprint(local_world: World, parent: str) -> None:
    """Also before what hung on it is removed."""
    world, ann = local_world, user(local_world)
    there = owned(world, ann, floating(world)["id"])
    here = roomy(world, machineUniquenessStrategy="UNIQUE_PER_ACCOUNT")
    activated(world, there)
    place = {
        "license": path(there),
        "policy": f"/v1/policies/{related(there, 'policy')}",
        "owner": f"/v1/users/{ann.id}",
    }
    assert activate(world, here).error == TAKEN
    assert world.send("DELETE", place[parent]).status == 204
    assert activate(world, here).status == 201


def test_dead_machines_hold_their_fingerprint(local_world: World) -> None:
    license = roomy(local_world, requireHeartbeat=True)
    made = activated(local_world, license)
    local_world.clock.advance(hours=1)
    assert local_world.get(at(made)).attributes["heartbeatStatus"] == "DEAD"
    assert activate(local_world, license).error == TAKEN


@pytest.mark.parametrize("spelled", [str, str.upper, lambda text: text.replace("-", "")])
def test_a_fingerprint_that_is_an_id(local_world: World, spelled: Any) -> None:
    license = roomy(local_world)
    made = activated(local_world, license)
    detail = "must not conflict with another machine's identifier (UUID)"
    answer = activate(local_world, license, spelled(made["id"]))
    assert first(answer) == (422, "FINGERPRINT_CONFLICT", FINGERPRINT, detail)
    assert activate(local_world, license, NOWHERE).status == 201
    own = "99999999-aaaa-4bbb-8ccc-dddddddddddd"
    assert activate(local_world, license, spelled(own), id_=own).status == 201
    assert gone(local_world, made).status == 204
    assert activate(local_world, license, spelled(made["id"])).status == 201


@pytest.mark.parametrize(
    ("fingerprint", "code", "detail"),
    [
        ("actions", "FINGERPRINT_NOT_ALLOWED", "is reserved"),
        ("action", "FINGERPRINT_NOT_ALLOWED", "is reserved"),
        ("x" * 4097, "FINGERPRINT_TOO_LONG", "is too long (maximum is 4096 characters)"),
    ],
)
def test_bad_fingerprints(shared_world: World, fingerprint: str, code: str, detail: str) -> None:
    answer = activate(shared_world, shared_world.license(), fingerprint)
    assert first(answer) == (422, code, FINGERPRINT, detail)


def test_fingerprints_are_told_apart(shared_world: World) -> None:
    license = roomy(shared_world)
    for fingerprint in ("print", "PRINT", " print", "print\n", "Actions", "prínt", "a/b?c#d%0A"):
        assert activate(shared_world, license, fingerprint).status == 201


# --- limits (§4.5) ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "highest"),
    [("NO_OVERAGE", 4), ("ALLOW_1_25X_OVERAGE", 5), ("ALLOW_1_5X_OVERAGE", 6), ("ALLOW_2X_OVERAGE", 8)],
)
def test_machines_and_overage(shared_world: World, strategy: str, highest: int) -> None:
    license = roomy(shared_world, maxMachines=4, overageStrategy=strategy)
    for number in range(highest):
        activated(shared_world, license, str(number))
    assert first(activate(shared_world, license, "more")) == exceeded("machines", 4)
    assert counts(shared_world, license) == (highest, 0, 0, 0)


@pytest.mark.parametrize("what", ["cores", "memory", "disk"])
@pytest.mark.parametrize(
    ("strategy", "highest"),
    [("NO_OVERAGE", 8), ("ALLOW_1_25X_OVERAGE", 10), ("ALLOW_1_5X_OVERAGE", 12), ("ALLOW_2X_OVERAGE", 16)],
)
def test_sizes_and_overage(shared_world: World, what: str, strategy: str, highest: int) -> None:
    license = roomy(shared_world, overageStrategy=strategy, **only(f"max{what.title()}", 8))
    assert first(activate(shared_world, license, **only(what, highest + 1))) == exceeded(what, 8)
    activated(shared_world, license, "one", **only(what, highest - 1))
    assert first(activate(shared_world, license, "two", **only(what, 2))) == exceeded(what, 8)
    activated(shared_world, license, "two", **only(what, 1))
    activated(shared_world, license, "three")
    assert first(activate(shared_world, license, "four", **only(what, 1))) == exceeded(what, 8)


def test_everything_is_allowed_where_overage_always_is(shared_world: World) -> None:
    policy = {"maxMachines": 1, "maxCores": 1, "maxMemory": 1, "maxDisk": 1, "overageStrategy": "ALWAYS_ALLOW_OVERAGE"}
    license = roomy(shared_world, **policy)
    for number in range(3):
        activated(shared_world, license, str(number), cores=9, memory=9, disk=9)


@pytest.mark.parametrize(("strategy", "highest"), [("NO_OVERAGE", 1), ("ALLOW_2X_OVERAGE", 2)])
def test_node_locked(shared_world: World, strategy: str, highest: int) -> None:
    license = shared_world.license(shared_world.policy(overageStrategy=strategy)["id"])
    for number in range(highest):
        activated(shared_world, license, str(number))
    assert first(activate(shared_world, license, "more")) == exceeded("machines", 1)


def test_an_override_wins_and_zero_is_none(shared_world: World) -> None:
    policy = floating(shared_world, maxMachines=1)
    more, same = shared_world.license(policy["id"], maxMachines=2), shared_world.license(policy["id"], maxMachines=0)
    for number in range(2):
        activated(shared_world, more, str(number))
    assert first(activate(shared_world, more, "more")) == exceeded("machines", 2)
    activated(shared_world, same)
    assert first(activate(shared_world, same, "more")) == exceeded("machines", 1)


def test_a_lowered_limit_evicts_nobody(local_world: World) -> None:
    world = local_world
    policy = floating(world, maxMachines=3, maxCores=9)
    license = world.license(policy["id"])
    made = [activated(world, license, str(number), cores=3) for number in range(3)]
    body = resource("policies", {"maxMachines": 1, "maxCores": 1})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    assert gone(world, made[0]).status == 204
    answer = activate(world, license, "more")
    assert codes(answer) == [("MACHINE_LIMIT_EXCEEDED", "/data"), ("MACHINE_CORE_LIMIT_EXCEEDED", "/data")]
    assert counts(world, license) == (2, 6, 0, 0)
    assert ping(world, made[1]).status == 200


def test_the_first_machine_gets_in_but_not_its_size(shared_world: World) -> None:
    """`maxMachines` cannot be below one; a machine that is too large is refused even as the first."""
    license = roomy(shared_world, maxCores=4)
    assert first(activate(shared_world, license, cores=5)) == exceeded("cores", 4)
    assert counts(shared_world, license) == (0, 0, 0, 0)


def test_buckets_per_user(local_world: World) -> None:
    world = local_world
    license = roomy(world, maxMachines=2, maxCores=8, machineLeasingStrategy="PER_USER")
    ann, bob = attached(world, license), attached(world, license)
    for owner in (ann.id, bob.id, None):
        for number in range(2):
            activated(world, license, f"{owner}-{number}", owner=owner, cores=4)
        assert first(activate(world, license, "more", owner=owner)) == exceeded("machines", 2, "user")
        answer = activate(world, license, "more", owner=owner, cores=1)
        assert codes(answer) == [("MACHINE_LIMIT_EXCEEDED", "/data"), ("MACHINE_CORE_LIMIT_EXCEEDED", "/data")]
    assert counts(world, license) == (6, 24, 0, 0)


def test_a_change_of_leasing_is_right_at_once(local_world: World) -> None:
    world = local_world
    policy = floating(world, maxMachines=2)
    license = world.license(policy["id"])
    ann = attached(world, license)
    activated(world, license, "1", owner=ann.id)
    activated(world, license, "2", owner=ann.id)
    assert activate(world, license, "3").error == LIMIT
    body = resource("policies", {"machineLeasingStrategy": "PER_USER"})
    assert world.send("PATCH", f"/v1/policies/{policy['id']}", body).status == 200
    activated(world, license, "3")
    assert activate(world, license, "4", owner=ann.id).error == LIMIT


# --- owner, group, id (§4.6) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "code", "place", "detail"),
    [
        ({"owner": NOWHERE}, "OWNER_NOT_FOUND", OWNER, "must exist"),
        ({"group": NOWHERE}, "GROUP_NOT_FOUND", GROUP, "must exist"),
    ],
)
def test_what_is_not_there(shared_world: World, given: Any, code: str, place: str, detail: str) -> None:
    answer = activate(shared_world, shared_world.license(), **given)
    assert [first(answer), len(answer.errors)] == [(422, code, place, detail), 1]


def test_a_license_that_is_not_there(shared_world: World) -> None:
    group = grouped(shared_world)
    answer = activate(shared_world, {"id": NOWHERE}, group=group["id"])
    assert [first(answer), len(answer.errors)] == [(422, "LICENSE_NOT_FOUND", LICENSE, "must exist"), 1]


def test_owners_belong_to_the_license(shared_world: World) -> None:
    owner, stranger = user(shared_world), user(shared_world)
    license = owned(shared_world, owner, floating(shared_world)["id"])
    answer = activate(shared_world, license, owner=stranger.id)
    assert first(answer) == (422, "OWNER_INVALID", OWNER, "must be a valid license user")
    activated(shared_world, license, "1", owner=owner.id)
    activated(shared_world, license, "2", owner=attached(shared_world, license).id)


@pytest.mark.parametrize("inherited", [False, True])
def test_a_full_group(local_world: World, inherited: bool) -> None:
    world = local_world
    license, group = roomy(world), grouped(world, maxMachines=2)
    given = {} if inherited else {"group": group["id"]}
    if inherited:
        world.send("PUT", path(license, "group"), {"data": {"type": "groups", "id": group["id"]}})
    made = [activated(world, license, str(number), **given) for number in range(2)]
    detail = "machine count has exceeded maximum allowed by current group (2)"
    full = (422, "GROUP_MACHINE_LIMIT_EXCEEDED", GROUP, detail)
    assert first(activate(world, license, "more", **given)) == full
    assert gone(world, made[0]).status == 204
    activated(world, license, "more", **given)
    assert first(activate(world, license, "2", **given)) == full


def test_an_id_is_used_once(local_world: World) -> None:
    world, own = local_world, "12345678-1234-4234-8234-123456789abc"
    made = activated(world, world.license(), id_=own)
    conflict = (422, "ID_CONFLICT", "/data/id", "must not conflict with another machine")
    assert first(activate(world, world.license(), id_=own.upper())) == conflict
    assert gone(world, made).status == 204
    assert first(activate(world, world.license(), id_=own)) == conflict


def test_customers_choose_ids_too(local_world: World) -> None:
    license = open_license(local_world)
    own = "12345678-1234-4234-8234-123456789abc"
    assert activated(local_world, license, as_=by_key(license), id_=own)["id"] == own


# --- fields -----------------------------------------------------------------------------------------------------------

INTEGER_LOW, LONG = "must be greater than or equal to 1", "is too long (maximum is 255 characters)"


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("cores", 0, "CORES_INVALID", INTEGER_LOW),
        ("cores", INTEGER + 1, "CORES_INVALID", f"must be less than or equal to {INTEGER}"),
        ("memory", -1, "MEMORY_INVALID", INTEGER_LOW),
        ("memory", BIG_INTEGER + 1, "MEMORY_INVALID", f"must be less than or equal to {BIG_INTEGER}"),
        ("disk", 0, "DISK_INVALID", INTEGER_LOW),
        ("disk", BIG_INTEGER + 1, "DISK_INVALID", f"must be less than or equal to {BIG_INTEGER}"),
        ("ip", "x" * 256, "IP_TOO_LONG", LONG),
        ("hostname", "x" * 256, "HOSTNAME_TOO_LONG", LONG),
        ("platform", "x" * 256, "PLATFORM_TOO_LONG", LONG),
        ("name", "x" * 256, "NAME_TOO_LONG", LONG),
        ("metadata", {"k": "x" * 16384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
        (
            "metadata",
            {str(number): number for number in range(65)},
            "METADATA_TOO_LONG",
            "too many keys (exceeded limit of 64 keys)",
        ),
    ],
)
def test_fields(shared_world: World, name: str, value: Any, code: str, detail: str) -> None:
    answer = activate(shared_world, shared_world.license(), **{name: value})
    assert [first(answer), len(answer.errors)] == [(422, code, f"/data/attributes/{name}", detail), 1]


# --- components that come along (§4.7) --------------------------------------------------------------------------------


def place(index: int, name: str = "fingerprint") -> str:
    return f"/data/relationships/components/data/{index}/attributes/{name}"


def test_too_many_components(local_world: World) -> None:
    license = local_world.license()
    answer = activate(local_world, license, parts=[part(str(number)) for number in range(21)])
    assert answer.errors == [{"title": "Unprocessable entity", "detail": "too many records"}]
    assert (answer.status, counts(local_world, license), rows(local_world, Row, "component")) == (422, (0, 0, 0, 0), [])


def test_components_twice_in_one_request(shared_world: World) -> None:
    answer = activate(shared_world, shared_world.license(), parts=[part("a"), part("b"), part("a")])
    assert codes(answer) == [("COMPONENTS_FINGERPRINT_CONFLICT", place(index)) for index in (0, 2)]
    assert {error["detail"] for error in answer.errors} == {"is duplicated"}


@pytest.mark.parametrize(
    ("sent", "code", "name", "detail"),
    [
        (part("actions"), "FINGERPRINT_NOT_ALLOWED", "fingerprint", "is reserved"),
        (part("x" * 4097), "FINGERPRINT_TOO_LONG", "fingerprint", "is too long (maximum is 4096 characters)"),
        (part("a", "x" * 256), "NAME_TOO_LONG", "name", LONG),
        (
            part("a", metadata={"k": "x" * 16384}),
            "METADATA_TOO_LONG",
            "metadata",
            "too large (exceeded limit of 16384 bytes)",
        ),
    ],
)
def test_fields_of_components(shared_world: World, sent: Any, code: str, name: str, detail: str) -> None:
    license = shared_world.license()
    answer = activate(shared_world, license, parts=[part("fine"), sent])
    assert first(answer) == (422, f"COMPONENTS_{code}", place(1, name), detail)
    assert counts(shared_world, license) == (0, 0, 0, 0)


@pytest.mark.parametrize("scope", ["machine", "license", "policy", "product", "account"])
def test_components_are_new_in_their_scope(local_world: World, scope: str) -> None:
    world, order = local_world, ["license", "policy", "product", "account"]
    product = world.product()["id"]
    policy = floating(world, product, componentUniquenessStrategy=f"UNIQUE_PER_{scope.upper()}")["id"]
    near = {
        "license": world.license(policy),
        "policy": world.license(policy),
        "product": world.license(floating(world, product)["id"]),
        "account": roomy(world),
    }
    for where in order:
        held = activated(world, near[where], "other", parts=[part("a")])
        answer = activate(world, near["license"], parts=[part("new"), part("a")])
        if scope != "machine" and order.index(where) <= order.index(scope):
            detail = f"has already been taken for this {scope}"
            assert first(answer) == (422, "COMPONENTS_FINGERPRINT_TAKEN", place(1), detail)
        else:
            assert answer.status == 201
            assert gone(world, answer.data).status == 204
        assert gone(world, held).status == 204
    activated(world, near["license"], parts=[part("new"), part("a")])


# --- tokens of a license (§4.8) ---------------------------------------------------------------------------------------


def test_activations_of_a_token(world: World) -> None:
    license = roomy(world)
    token, where = limited(world, license, maxActivations=2)
    made = activated(world, license, "1", token)
    activated(world, license, "2", token)
    detail = "exceeds maximum allowed (2)"
    refused = (422, "ACTIVATIONS_LIMIT_EXCEEDED", "/data/attributes/activations", detail)
    answer = activate(world, license, "3", token)
    assert (first(answer), answer.errors[0]["title"], len(answer.errors)) == (refused, "Unprocessable resource", 1)
    assert (spent(world, where), counts(world, license)) == ((2, 0), (2, 0, 0, 0))
    assert gone(world, made).status == 204
    assert first(activate(world, license, "1", token)) == refused
    assert activate(world, license, "1").status == 201


def test_activations_count_without_maximum_too(local_world: World) -> None:
    license = roomy(local_world, authenticationStrategy="MIXED")
    token, where = limited(local_world, license)
    for number in range(3):
        activated(local_world, license, str(number), token)
    activated(local_world, license, "key", by_key(license))
    activated(local_world, license, "admin")
    assert spent(local_world, where) == (3, 0)


@pytest.mark.parametrize("broken", [{"fingerprint": "1"}, {"cores": 0}, {"fingerprint": "actions"}, {"owner": NOWHERE}])
def test_what_fails_spends_nothing(local_world: World, broken: Any) -> None:
    license = roomy(local_world)
    token, where = limited(local_world, license, maxActivations=2)
    activated(local_world, license, "1", token)
    given = {"fingerprint": "2"} | broken
    assert activate(local_world, license, given.pop("fingerprint"), token, **given).status == 422
    assert spent(local_world, where) == (1, 0)


def test_other_errors_come_before_what_a_token_may(local_world: World) -> None:
    license = roomy(local_world)
    token, _ = limited(local_world, license, maxActivations=1)
    activated(local_world, license, "1", token)
    assert codes(activate(local_world, license, "1", token)) == [("FINGERPRINT_TAKEN", FINGERPRINT)]


# --- effects (§4.9) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bearer", ["admin", "license"])
def test_the_first_activation_sets_the_expiry_once(world: World, bearer: str) -> None:
    policy = {"duration": 30 * DAY, "expirationBasis": "FROM_FIRST_ACTIVATION", "authenticationStrategy": "MIXED"}
    license = roomy(world, **policy)
    as_ = "admin" if bearer == "admin" else by_key(license)
    assert world.get(path(license)).attributes["expiry"] is None
    made = activated(world, license, "1", as_)
    expiry = to_text(START + timedelta(days=30))
    assert world.get(path(license)).attributes["expiry"] == expiry
    world.clock.advance(days=1)
    activated(world, license, "2", as_)
    assert gone(world, made).status == 204
    assert gone(world, world.get("/v1/machines/2").data).status == 204
    activated(world, license, "3", as_)
    shown = world.get(path(license)).attributes
    assert (shown["expiry"], shown["lastValidated"]) == (expiry, None)
    world.listen("license.expired")
    world.clock.advance(days=29, seconds=1)
    world.sweep()
    assert [name for name, _ in emitted(world)] == ["license.expired"]


@pytest.mark.parametrize(
    ("policy", "license"),
    [
        ({"duration": DAY, "expirationBasis": "FROM_FIRST_VALIDATION"}, {}),
        ({"duration": DAY, "expirationBasis": "FROM_FIRST_USE"}, {}),
        ({"expirationBasis": "FROM_FIRST_ACTIVATION"}, {}),
        ({"duration": DAY, "expirationBasis": "FROM_FIRST_ACTIVATION"}, {"expiry": "2030-01-01T00:00:00.000Z"}),
    ],
)
def test_other_expiries_stay(shared_world: World, policy: Any, license: Any) -> None:
    made = shared_world.license(shared_world.policy(**policy)["id"], **license)
    activated(shared_world, made)
    assert shared_world.get(path(made)).attributes["expiry"] == license.get("expiry")


def test_a_refused_activation_sets_no_expiry(shared_world: World) -> None:
    license = roomy(shared_world, duration=DAY, expirationBasis="FROM_FIRST_ACTIVATION", maxCores=1)
    assert activate(shared_world, license, cores=2).status == 422
    assert shared_world.get(path(license)).attributes["expiry"] is None


def test_validation_sees_it(local_world: World) -> None:
    license = roomy(local_world, strict=True, maxMachines=1)
    validate = path(license, "actions/validate")
    assert local_world.post(validate).document["meta"]["code"] == "NO_MACHINES"
    made = activated(local_world, license)
    assert local_world.post(validate).document["meta"]["code"] == "VALID"
    gone(local_world, made)
    assert local_world.post(validate).document["meta"]["code"] == "NO_MACHINES"


def test_event(world: World) -> None:
    license = roomy(world)
    world.listen("machine.created")
    made = activated(world, license, metadata={"a": 1})
    assert activate(world, license).status == 422
    assert emitted(world) == [("machine.created", {"data": made})]


# --- the order of errors (§4.10) --------------------------------------------------------------------------------------


def test_everything_that_is_wrong_in_its_order(local_world: World) -> None:
    world = local_world
    policy = floating(
        world, maxMachines=1, maxCores=1, maxMemory=1, maxDisk=1, componentUniquenessStrategy="UNIQUE_PER_ACCOUNT"
    )
    license, group = world.license(policy["id"]), grouped(world, maxMachines=0)
    held = activated(world, license, parts=[part("a")])
    long = dict.fromkeys(("ip", "hostname", "platform", "name"), "x" * 256)
    answer = activate(
        world,
        license,
        id_=held["id"],
        owner=user(world).id,
        group=group["id"],
        parts=[part("b"), part("b"), part("a"), part("actions", "x" * 256)],
        cores=0,
        memory=BIG_INTEGER + 1,
        disk=0,
        metadata={"k": "x" * 16384},
        **long,
    )
    conflict, taken = "COMPONENTS_FINGERPRINT_CONFLICT", "COMPONENTS_FINGERPRINT_TAKEN"
    assert codes(answer) == [
        (conflict, place(0)),
        (conflict, place(1)),
        (taken, place(2)),
        ("COMPONENTS_FINGERPRINT_NOT_ALLOWED", place(3)),
        ("COMPONENTS_NAME_TOO_LONG", place(3, "name")),
        ("FINGERPRINT_TAKEN", FINGERPRINT),
        *(
            (f"{name.upper()}_{kind}", f"/data/attributes/{name}")
            for name, kind in [
                ("metadata", "TOO_LONG"),
                *((name, "INVALID") for name in ("cores", "memory", "disk")),
                *((name, "TOO_LONG") for name in ("ip", "hostname", "platform", "name")),
            ]
        ),
        ("ID_CONFLICT", "/data/id"),
        ("MACHINE_LIMIT_EXCEEDED", "/data"),
        ("MACHINE_MEMORY_LIMIT_EXCEEDED", "/data"),
        ("GROUP_MACHINE_LIMIT_EXCEEDED", GROUP),
        ("OWNER_INVALID", OWNER),
    ]
    assert {error["title"] for error in answer.errors} == {"Unprocessable resource"}


def test_what_is_not_there_comes_first(shared_world: World) -> None:
    answer = activate(shared_world, {"id": NOWHERE}, "actions", owner=NOWHERE, group=NOWHERE, parts=[part("action")])
    assert codes(answer) == [
        ("LICENSE_NOT_FOUND", LICENSE),
        ("COMPONENTS_FINGERPRINT_NOT_ALLOWED", place(0)),
        ("OWNER_NOT_FOUND", OWNER),
        ("GROUP_NOT_FOUND", GROUP),
        ("FINGERPRINT_NOT_ALLOWED", FINGERPRINT),
    ]


def test_a_second_activation_is_told_the_fingerprint_first(world: World) -> None:
    """SDKs read the first error: this one means that the machine is there already."""
    license = world.license()
    activated(world, license)
    answer = activate(world, license)
    assert (answer.status, codes(answer)) == (422, [(TAKEN[1], TAKEN[2]), (LIMIT[1], LIMIT[2])])


def test_the_document_before_who_asks_before_what_is_wrong(cast: Cast) -> None:
    world, as_ = cast.world, cast.tokens["other-license"]

    def answered(token: Any, **given: Any) -> Answer:
        return activate(world, {"id": NOWHERE}, "actions", as_=token, **given)

    assert answered(None, cores="1").status == 401
    assert answered(as_, cores="1").status == 400
    assert answered(as_, cores=0).status == 403
    assert answered(staff(world, "read-only"), cores=0).status == 403
    assert answered(user_token(world, cast.owner), cores=0).status == 403
    assert answered("admin", cores=0).status == 422


def test_the_fullest_activation(world: World) -> None:
    """All that one request can bring along, with everything to be proved about it, is still one transaction."""
    wide = dict.fromkeys(("machineUniquenessStrategy", "componentUniquenessStrategy"), "UNIQUE_PER_ACCOUNT")
    license = roomy(world, maxUsers=1, **wide)
    moved = world.send("PUT", path(license, "group"), {"data": {"type": "groups", "id": grouped(world)["id"]}})
    assert moved.status == 200
    token, where = limited(world, license, maxActivations=1)
    given: dict[str, Any] = {
        "owner": attached(world, license).id,
        "parts": [part(str(number)) for number in range(20)],
        "metadata": {f"key{number}": number for number in range(64)},
    }
    world.listen("*")
    made = activated(world, license, "abcdef00-0000-4000-8000-000000000001", token, **given)
    assert spent(world, where) == (1, 0)
    assert [name for name, _ in emitted(world)] == ["machine.created"]
    for number in (0, 63):
        assert world.get(f"{MACHINES}?metadata[key{number}]={number}").data == [made]
