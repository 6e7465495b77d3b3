import re
from typing import Any

import pytest

from tests.api.helpers import BIG_INTEGER, INTEGER, NOWHERE, codes, first, staff, user, user_token
from tests.world import HOST, Answer, World, resource

ATTRIBUTES, RELATIONSHIPS = "/data/attributes", "/data/relationships"
LIMITS = ["maxMachines", "maxProcesses", "maxUsers", "maxCores", "maxMemory", "maxDisk", "maxUses"]
PLAIN: dict[str, Any] = {
    "name": None,
    "expiry": None,
    "status": "ACTIVE",
    "uses": 0,
    "protected": False,
    "version": None,
    "suspended": False,
    "scheme": None,
    "encrypted": False,
    "floating": False,
    "strict": False,
    "maxMachines": 1,
    "maxProcesses": None,
    "maxUsers": None,
    "maxCores": None,
    "maxMemory": None,
    "maxDisk": None,
    "maxUses": None,
    "requireHeartbeat": False,
    "requireCheckIn": False,
    "lastValidated": None,
    "lastCheckOut": None,
    "lastCheckIn": None,
    "nextCheckIn": None,
    "metadata": {},
    "created": "2026-03-01T12:00:00.000Z",
    "updated": "2026-03-01T12:00:00.000Z",
}


def create(world: World, policy: Any = None, as_: Any = "admin", **attributes: Any) -> Answer:
    policy_id = policy or world.policy()["id"]
    return world.post("/v1/licenses", resource("licenses", attributes, policy=("policies", policy_id)), as_=as_)


def test_wire_shape_and_defaults(world: World) -> None:
    policy = world.policy()
    answer = create(world, policy["id"])
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/licenses/{answer.data['id']}"
    product = policy["relationships"]["product"]["data"]
    attributes = dict(answer.attributes)
    assert re.fullmatch(r"([0-9A-F]{6}-){5}V3", attributes.pop("key"))
    permissions = attributes.pop("permissions")
    assert (len(permissions), permissions) == (37, sorted(permissions))
    assert attributes == PLAIN
    assert (answer.status, answer.headers["location"]) == (201, f"https://{HOST}{home}")
    assert answer.data["relationships"] == {
        "account": {"links": {"related": account}, "data": {"type": "accounts", "id": world.account["account"]}},
        "environment": {"links": {"related": None}, "data": None},
        "product": {"links": {"related": f"{home}/product"}, "data": product},
        "policy": {"links": {"related": f"{home}/policy"}, "data": {"type": "policies", "id": policy["id"]}},
        "group": {"links": {"related": f"{home}/group"}, "data": None},
        "owner": {"links": {"related": f"{home}/owner"}, "data": None},
        "users": {"links": {"related": f"{home}/users"}, "meta": {"count": 0}},
        "machines": {
            "links": {"related": f"{home}/machines"},
            "meta": {"cores": 0, "memory": 0, "disk": 0, "count": 0},
        },
        "tokens": {"links": {"related": f"{home}/tokens"}},
        "entitlements": {"links": {"related": f"{home}/entitlements"}},
    }
    assert set(answer.document) == {"data"}
    assert set(answer.data) == {"id", "type", "attributes", "relationships", "links"}
    assert (answer.data["type"], answer.data["links"]) == ("licenses", {"self": home})
    assert world.get(home).document == answer.document


def test_everything_sent_is_kept(world: World) -> None:
    sent = {
        "name": "",
        "key": "a key/with.any+thing%20",
        "expiry": "2027-01-01T00:00:00.000Z",
        "protected": True,
        "suspended": True,
        **dict.fromkeys(LIMITS, 7),
        "metadata": {"aB": [1, {"c": None}]},
        "permissions": ["license.read", "license.validate"],
    }
    identifier = "AAAAAAAA-0000-4000-8000-00000000000A"
    policy = world.policy(floating=True)
    document = resource("license", sent, policy=("policies", policy["id"]))
    document["data"]["id"] = identifier
    answer = world.post("/v1/licenses", document)
    assert answer.status == 201, answer.raw
    assert answer.data["id"] == identifier.lower()
    assert answer.attributes == PLAIN | sent | {"status": "SUSPENDED", "floating": True}
    assert world.get(f"/v1/licenses/{identifier}").document == answer.document


@pytest.mark.parametrize(
    "name", ["name", "key", "protected", "suspended", "expiry", *LIMITS, "metadata", "permissions"]
)
def test_null_is_absent(shared_world: World, name: str) -> None:
    plain = create(shared_world).attributes
    answer = create(shared_world, **{name: None})
    assert (answer.status, answer.attributes) == (201, plain | {"key": answer.attributes["key"]})


def test_owner(world: World) -> None:
    owner = user(world)
    for alias in ("owner", "user"):
        sent = resource(
            "licenses", {}, policy=("policies", world.policy()["id"]), **{alias: ("user", owner.id.upper())}
        )
        shown = world.post("/v1/licenses", sent).data["relationships"]
        assert shown["owner"]["data"] == {"type": "users", "id": owner.id}
        assert shown["users"]["meta"] == {"count": 1}


@pytest.mark.parametrize("value", [None, {"data": None}])
@pytest.mark.parametrize("name", ["owner", "user", "group"])
def test_null_links(shared_world: World, name: str, value: Any) -> None:
    sent = resource("licenses", {}, policy=("policies", shared_world.policy()["id"]))
    sent["data"]["relationships"][name] = value
    answer = shared_world.post("/v1/licenses", sent)
    assert (answer.status, answer.data["relationships"].get(name, {"data": None})["data"]) == (201, None)


@pytest.mark.parametrize(
    ("policy", "sent", "expiry"),
    [
        ({"duration": 86_400}, {}, "2026-03-02T12:00:00.000Z"),
        ({"duration": 86_400}, {"expiry": None}, "2026-03-02T12:00:00.000Z"),
        ({"duration": 86_400}, {"expiry": ""}, "2026-03-02T12:00:00.000Z"),
        ({"duration": 31_536_000}, {}, "2027-03-01T12:00:00.000Z"),
        ({"duration": 86_400}, {"expiry": "2020-01-01T00:00:00Z"}, "2020-01-01T00:00:00.000Z"),
        ({}, {"expiry": 1_800_000_000}, "2027-01-15T08:00:00.000Z"),
        ({}, {"expiry": "1800000000"}, "2027-01-15T08:00:00.000Z"),
        ({}, {"expiry": "2027-01-01T02:00:00.123456+02:00"}, "2027-01-01T00:00:00.123Z"),
        ({}, {"expiry": "2027-01-01T00:00:00"}, "2027-01-01T00:00:00.000Z"),
        ({}, {}, None),
        *(
            ({"duration": 86_400, "expirationBasis": basis}, {}, None)
            for basis in ("FROM_FIRST_VALIDATION", "FROM_FIRST_ACTIVATION", "FROM_FIRST_USE", "FROM_FIRST_DOWNLOAD")
        ),
    ],
)
def test_expiry(shared_world: World, policy: dict[str, Any], sent: dict[str, Any], expiry: str | None) -> None:
    assert create(shared_world, shared_world.policy(**policy)["id"], **sent).attributes["expiry"] == expiry


@pytest.mark.parametrize(
    ("seconds", "status"), [(-1, "EXPIRED"), (1, "EXPIRING"), (259_199, "EXPIRING"), (259_200, "ACTIVE")]
)
def test_status(shared_world: World, seconds: int, status: str) -> None:
    expiry = int(shared_world.clock.now().timestamp()) + seconds
    assert create(shared_world, expiry=expiry).attributes["status"] == status


def test_inherited_limits(local_world: World) -> None:
    inherited: dict[str, Any] = dict.fromkeys(LIMITS, 5)
    policy = local_world.policy(floating=True, **inherited)["id"]
    for sent in ({}, dict.fromkeys(LIMITS, 0), dict.fromkeys(LIMITS)):
        assert create(local_world, policy, **sent).attributes.items() >= inherited.items()
    assert create(local_world, policy, maxUses=9).attributes.items() >= (inherited | {"maxUses": 9}).items()


def test_copied_from_the_policy(local_world: World) -> None:
    policy = local_world.policy(protected=True, requireCheckIn=True, checkInInterval="month", checkInIntervalCount=1)
    shown = create(local_world, policy["id"]).attributes
    assert (shown["protected"], shown["requireCheckIn"]) == (True, True)
    assert shown["lastCheckIn"] == "2026-03-01T12:00:00.000Z"
    assert shown["nextCheckIn"] == "2026-04-01T12:00:00.000Z"
    assert create(local_world, policy["id"], protected=False).attributes["protected"] is False


HEAD = {"type": "licenses"}
POLICY = {"data": {"type": "policies", "id": NOWHERE}}


@pytest.mark.parametrize(
    ("document", "pointer", "detail"),
    [
        (None, "/data", "is missing"),
        ({"data": {}}, "/data/type", "is missing"),
        ({"data": HEAD}, RELATIONSHIPS, "is missing"),
        ({"data": {**HEAD, "relationships": {}}}, f"{RELATIONSHIPS}/policy", "is missing"),
        ({"data": {**HEAD, "relationships": {"policy": None}}}, f"{RELATIONSHIPS}/policy", "cannot be null"),
        ({"data": {**HEAD, "relationships": {"policy": {}}}}, f"{RELATIONSHIPS}/policy/data", "is missing"),
        (
            {"data": {**HEAD, "relationships": {"policy": {"data": []}}}},
            f"{RELATIONSHIPS}/policy/data",
            "type mismatch (received array expected object)",
        ),
        (
            {"data": {**HEAD, "relationships": {"policy": {"data": {"type": "policies"}}}}},
            f"{RELATIONSHIPS}/policy/data/id",
            "is missing",
        ),
        (
            {"data": {**HEAD, "relationships": {"policy": POLICY, "owner": {}}}},
            f"{RELATIONSHIPS}/owner/data",
            "is missing",
        ),
        (
            {"data": {**HEAD, "relationships": {"policy": POLICY, "product": POLICY}}},
            f"{RELATIONSHIPS}/product",
            "unpermitted parameter",
        ),
        (
            {"data": {**HEAD, "id": "x", "relationships": {"policy": POLICY}}},
            "/data/id",
            "type mismatch (received string expected UUID string)",
        ),
        (
            {"data": {**HEAD, "id": 5, "relationships": {"policy": POLICY}}},
            "/data/id",
            "type mismatch (received integer expected UUID string)",
        ),
    ],
)
def test_documents(shared_world: World, document: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/licenses", document)) == (400, None, pointer, detail)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("name", 1, "type mismatch (received integer expected string)"),
        ("key", "", "cannot be blank"),
        ("key", "  ", "cannot be blank"),
        ("protected", 1, "type mismatch (received integer expected boolean)"),
        ("suspended", "true", "type mismatch (received string expected boolean)"),
        ("expiry", "tomorrow", "failed to coerce string to time"),
        ("expiry", 10**20, "failed to coerce integer to time"),
        ("expiry", 1.5, "type mismatch (received float expected time)"),
        ("expiry", True, "type mismatch (received boolean expected time)"),
        *((name, 1.0, "type mismatch (received float expected integer)") for name in LIMITS),
        *((name, "1", "type mismatch (received string expected integer)") for name in LIMITS),
        ("permissions", "*", "type mismatch (received string expected array)"),
        ("metadata", "x", "type mismatch (received string expected object)"),
        *(
            (name, None, "unpermitted parameter")
            for name in ("uses", "version", "status", "scheme", "floating", "strict")
        ),
    ],
)
def test_types(shared_world: World, name: str, value: Any, detail: str) -> None:
    assert first(create(shared_world, NOWHERE, **{name: value})) == (400, None, f"{ATTRIBUTES}/{name}", detail)


def test_of_several_wrong_types_the_first_described_is_told(shared_world: World) -> None:
    described = {"name": 1, "key": 1, "protected": 1, "suspended": 1, "expiry": 1.5, "maxMachines": "1"}
    left = {"permissions": 1, "metadata": 1, **dict(reversed(described.items()))}
    told = []
    while left:
        pointer = create(shared_world, NOWHERE, **left).error[2]
        assert pointer is not None
        told.append(pointer.removeprefix(f"{ATTRIBUTES}/"))
        left.pop(told[-1])
    assert told == [*described, "metadata", "permissions"]


FLOATING_ONLY = "must be equal to 1 for non-floating policy"


@pytest.mark.parametrize(
    ("name", "value", "code", "detail"),
    [
        ("name", "x" * 1025, "NAME_TOO_LONG", "is too long (maximum is 1024 characters)"),
        ("key", "1234567", "KEY_TOO_SHORT", "is too short (minimum is 8 characters)"),
        ("key", "x" * 16_385, "KEY_TOO_LONG", "is too long (maximum is 16384 characters)"),
        ("maxMachines", -1, "MAX_MACHINES_INVALID", "must be greater than or equal to 0"),
        ("maxMachines", 2, "MAX_MACHINES_INVALID", FLOATING_ONLY),
        ("maxCores", -1, "MAX_CORES_INVALID", "must be greater than or equal to 1"),
        ("maxMemory", -1, "MAX_MEMORY_INVALID", "must be greater than or equal to 1"),
        ("maxDisk", BIG_INTEGER + 1, "MAX_DISK_INVALID", f"must be less than or equal to {BIG_INTEGER}"),
        ("maxUses", -1, "MAX_USES_INVALID", "must be greater than or equal to 0"),
        ("maxProcesses", INTEGER + 1, "MAX_PROCESSES_INVALID", f"must be less than or equal to {INTEGER}"),
        ("maxUsers", 10**30, "MAX_USERS_INVALID", f"must be less than or equal to {INTEGER}"),
        ("metadata", {"a": "x" * 16_384}, "METADATA_TOO_LONG", "too large (exceeded limit of 16384 bytes)"),
        ("permissions", ["license.create"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["license.read"] * 2, "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
        ("permissions", ["nope"], "PERMISSIONS_NOT_ALLOWED", "unsupported permissions"),
    ],
)
def test_fields(shared_world: World, name: str, value: Any, code: str, detail: str) -> None:
    answer = create(shared_world, **{name: value})
    assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", detail)
    assert len(answer.errors) == 1


@pytest.mark.parametrize("key", ["action", "actions"])
def test_reserved_keys(shared_world: World, key: str) -> None:
    pointer = f"{ATTRIBUTES}/key"
    assert codes(create(shared_world, key=key)) == [("KEY_NOT_ALLOWED", pointer), ("KEY_TOO_SHORT", pointer)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "x" * 1024),
        ("key", "12345678"),
        ("key", "x" * 16_384),
        ("key", "ключ с пробелами"),
        ("maxMachines", 1),
        ("maxMemory", BIG_INTEGER),
        ("maxUses", INTEGER),
        ("permissions", []),
        ("permissions", ["*"]),
        ("permissions", ["account.read", "policy.read"]),
    ],
)
def test_bounds(world: World, name: str, value: Any) -> None:
    answer = create(world, **{name: value})
    assert (answer.status, answer.attributes[name]) == (201, value)
    assert world.get(f"/v1/licenses/{answer.data['id']}").document == answer.document


def test_all_problems_at_once(shared_world: World) -> None:
    links = {name: (f"{name}s", NOWHERE) for name in ("owner", "group")}
    links["owner"] = ("users", NOWHERE)
    sent = resource("licenses", {"key": "short", "maxUses": -1}, policy=("policies", NOWHERE), **links)
    assert codes(shared_world.post("/v1/licenses", sent)) == [
        ("POLICY_NOT_FOUND", f"{RELATIONSHIPS}/policy"),
        ("OWNER_NOT_FOUND", f"{RELATIONSHIPS}/owner"),
        ("GROUP_NOT_FOUND", f"{RELATIONSHIPS}/group"),
        ("KEY_TOO_SHORT", f"{ATTRIBUTES}/key"),
        ("MAX_USES_INVALID", f"{ATTRIBUTES}/maxUses"),
    ]


def test_keys_and_ids_are_unique(world: World) -> None:
    taken = world.license(key="MY-SECRET-KEY")
    key = f"{ATTRIBUTES}/key"
    assert first(create(world, key="MY-SECRET-KEY")) == (422, "KEY_TAKEN", key, "has already been taken")
    assert create(world, key="my-secret-key").status == 201
    assert create(world, key=taken["id"]).error == (422, "KEY_CONFLICT", key)
    sent = resource("licenses", {}, policy=("policies", world.policy()["id"]))
    sent["data"]["id"] = taken["id"].upper()
    assert first(world.post("/v1/licenses", sent)) == (
        *(422, "ID_CONFLICT", "/data/id"),
        "must not conflict with another license",
    )


def test_another_account_is_another_world(local_world: World) -> None:
    other = World(local_world.transport, slug="other")
    other.license(key="MY-SECRET-KEY")
    assert create(local_world, key="MY-SECRET-KEY").status == 201
    assert create(local_world, other.policy()["id"]).error[1] == "POLICY_NOT_FOUND"
    sent = resource("licenses", {}, policy=("policies", local_world.policy()["id"]), owner=("users", user(other).id))
    assert local_world.post("/v1/licenses", sent).error[1] == "OWNER_NOT_FOUND"


@pytest.mark.parametrize(
    ("policy", "sent", "error"),
    [
        ({"usePool": True}, {}, (422, "POLICY_POOL_EMPTY", f"{RELATIONSHIPS}/policy")),
        ({"usePool": True}, {"key": "MY-SECRET-KEY"}, None),
        ({"encrypted": True}, {"key": "MY-SECRET-KEY"}, (422, "SCHEME_NOT_SUPPORTED", f"{RELATIONSHIPS}/policy")),
    ],
)
def test_policies_with_other_keys(
    local_world: World, policy: dict[str, Any], sent: dict[str, Any], error: tuple[int, str, str] | None
) -> None:
    answer = create(local_world, local_world.policy(**policy)["id"], **sent)
    if error is None:
        assert answer.status == 201
    else:
        assert (answer.status, error[1:] in codes(answer)) == (error[0], True)


PRIVILEGED = {"protected": True, "suspended": False, "expiry": "2030-01-01", "maxUses": 1}


@pytest.mark.parametrize("name", [*PRIVILEGED, "permissions", "id", "group"])
@pytest.mark.parametrize(
    ("role", "allowed"),
    [("admin", "pqg"), ("developer", "pqg"), ("sales-agent", "pg"), ("support-agent", "g"), ("read-only", "")],
)
def test_members_of_roles(shared_world: World, role: str, allowed: str, name: str) -> None:
    """P: privileged attributes and the id, Q: permissions, G: the group (spec licenses.md §4.1)."""
    sent = resource("licenses", {}, policy=("policies", shared_world.policy()["id"]))
    letter, pointer = "p", f"{ATTRIBUTES}/{name}"
    if name == "id":
        sent["data"]["id"], pointer = shared_world.tools.new_id(), "/data/id"
    elif name == "group":
        sent["data"]["relationships"]["group"] = None
        letter, pointer = "g", f"{RELATIONSHIPS}/group"
    else:
        letter = "q" if name == "permissions" else "p"
        sent["data"]["attributes"][name] = PRIVILEGED.get(name, ["license.read"])
    answer = shared_world.post("/v1/licenses", sent, as_=staff(shared_world, role))
    if letter not in allowed:
        assert first(answer) == (400, None, pointer, "unpermitted parameter")
    else:
        assert answer.status == (403 if role in ("support-agent", "read-only") else 201), answer.raw


def test_a_product_makes_its_own_licenses_only(world: World) -> None:
    policy = world.policy()
    token = world.token(f"/v1/products/{policy['relationships']['product']['data']['id']}")
    everything = {"protected": True, "expiry": "2030-01-01", "maxUses": 5, "permissions": ["license.read"]}
    assert create(world, policy["id"], token, **everything).status == 201
    assert create(world, world.policy()["id"], token).error == (403, None, None)
    assert create(world, NOWHERE, token).error == (403, None, None)
    assert create(world, NOWHERE, token, key="").error == (400, None, f"{ATTRIBUTES}/key")


def test_users_make_their_own_unprotected_ones(world: World) -> None:
    me, other = user(world), user(world)
    token = user_token(world, me)
    free, guarded = world.policy()["id"], world.policy(protected=True)["id"]

    def post(policy: str, owner: str | None, **attributes: Any) -> Answer:
        links = {"policy": ("policies", policy)} | ({"owner": ("users", owner)} if owner else {})
        return world.post("/v1/licenses", resource("licenses", attributes, **links), as_=token)

    assert post(free, me.id, name="Mine", metadata={}, key="MY-SECRET-KEY").status == 201
    assert post(free, me.id, maxUses=1).error == (400, None, f"{ATTRIBUTES}/maxUses")
    assert post(NOWHERE, me.id).error == (422, "POLICY_NOT_FOUND", f"{RELATIONSHIPS}/policy")
    for policy, owner in ((free, None), (free, other.id), (guarded, me.id), (NOWHERE, other.id)):
        assert post(policy, owner).error == (403, None, None)


def test_permissions_never_exceed_those_of_the_owner(local_world: World) -> None:
    owner = user(local_world, permissions=("license.read", "machine.read"))
    links = {"policy": ("policies", local_world.policy()["id"]), "owner": ("users", owner.id)}
    for sent, shown in (
        ({}, ["license.read", "machine.read"]),
        ({"permissions": ["*"]}, ["license.read", "machine.read"]),
        ({"permissions": ["license.validate", "license.read"]}, ["license.read"]),
    ):
        answer = local_world.post("/v1/licenses", resource("licenses", sent, **links))
        assert answer.attributes["permissions"] == shown


@pytest.mark.parametrize("names", [25, 26, 64])
def test_metadata_however_much_is_found(world: World, names: int) -> None:
    """One transaction has no room for a row of each: what does not fit is put before."""
    metadata = {f"name{number}": number for number in range(names)}
    policy = world.policy()["id"]
    answer = world.post("/v1/licenses", resource("licenses", {"metadata": metadata}, policy=("policies", policy)))
    assert answer.status == 201
    for number in (0, 24, names - 1):
        page = world.get(f"/v1/licenses?metadata[name{number}]={number}")
        assert [one["id"] for one in page.data] == [answer.data["id"]]
