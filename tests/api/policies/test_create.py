from typing import Any

import pytest

from tests.api.helpers import BIG_INTEGER, INTEGER, NOWHERE, codes, first, staff
from tests.world import HOST, World, resource

ATTRIBUTES = "/data/attributes"

DEFAULTS: dict[str, Any] = {
    "name": "Policy",
    "duration": None,
    "strict": False,
    "floating": False,
    "scheme": None,
    "encrypted": False,
    "usePool": False,
    "protected": False,
    "maxMachines": 1,
    "maxProcesses": None,
    "maxUsers": None,
    "maxCores": None,
    "maxMemory": None,
    "maxDisk": None,
    "maxUses": None,
    "machineUniquenessStrategy": "UNIQUE_PER_LICENSE",
    "machineMatchingStrategy": "MATCH_ANY",
    "componentUniquenessStrategy": "UNIQUE_PER_MACHINE",
    "componentMatchingStrategy": "MATCH_ANY",
    "expirationStrategy": "RESTRICT_ACCESS",
    "expirationBasis": "FROM_CREATION",
    "renewalBasis": "FROM_EXPIRY",
    "transferStrategy": "KEEP_EXPIRY",
    "authenticationStrategy": "TOKEN",
    "machineLeasingStrategy": "PER_LICENSE",
    "processLeasingStrategy": "PER_MACHINE",
    "overageStrategy": "NO_OVERAGE",
    "requireProductScope": False,
    "requirePolicyScope": False,
    "requireMachineScope": False,
    "requireFingerprintScope": False,
    "requireComponentsScope": False,
    "requireUserScope": False,
    "requireChecksumScope": False,
    "requireVersionScope": False,
    "requireCheckIn": False,
    "checkInInterval": None,
    "checkInIntervalCount": None,
    "requireHeartbeat": False,
    "heartbeatDuration": None,
    "heartbeatCullStrategy": "DEACTIVATE_DEAD",
    "heartbeatResurrectionStrategy": "NO_REVIVE",
    "heartbeatBasis": "FROM_FIRST_PING",
    "metadata": {},
    "created": "2026-03-01T12:00:00.000Z",
    "updated": "2026-03-01T12:00:00.000Z",
}
EVERYTHING = {
    **DEFAULTS,
    "duration": 86_400,
    "strict": True,
    "floating": True,
    "protected": True,
    "maxMachines": 8,
    "maxProcesses": 4,
    "maxUsers": 12,
    "maxCores": 16,
    "maxMemory": BIG_INTEGER - 3,
    "maxDisk": 4,
    "maxUses": 0,
    "scheme": "ED25519_SIGN",
    "overageStrategy": "ALLOW_1_25X_OVERAGE",
    "requireCheckIn": True,
    "checkInInterval": "month",
    "checkInIntervalCount": 365,
    "heartbeatDuration": 60,
    "heartbeatCullStrategy": "KEEP_DEAD",
    "heartbeatResurrectionStrategy": "ALWAYS_REVIVE",
    "metadata": {"aB": 1},
}
UNIQUENESS = "UNIQUE_PER_ACCOUNT UNIQUE_PER_PRODUCT UNIQUE_PER_POLICY UNIQUE_PER_LICENSE"
MATCHING = "MATCH_ANY MATCH_TWO MATCH_MOST MATCH_ALL"
ENUMS = {
    "machineUniquenessStrategy": UNIQUENESS,
    "machineMatchingStrategy": MATCHING,
    "componentUniquenessStrategy": f"{UNIQUENESS} UNIQUE_PER_MACHINE",
    "componentMatchingStrategy": MATCHING,
    "expirationStrategy": "RESTRICT_ACCESS REVOKE_ACCESS MAINTAIN_ACCESS ALLOW_ACCESS",
    "expirationBasis": "FROM_CREATION FROM_FIRST_VALIDATION FROM_FIRST_ACTIVATION FROM_FIRST_USE FROM_FIRST_DOWNLOAD",
    "renewalBasis": "FROM_EXPIRY FROM_NOW FROM_NOW_IF_EXPIRED",
    "transferStrategy": "KEEP_EXPIRY RESET_EXPIRY",
    "authenticationStrategy": "TOKEN LICENSE SESSION MIXED NONE",
    "machineLeasingStrategy": "PER_LICENSE PER_USER",
    "processLeasingStrategy": "PER_MACHINE PER_LICENSE PER_USER",
    "overageStrategy": "NO_OVERAGE ALWAYS_ALLOW_OVERAGE ALLOW_2X_OVERAGE",
    "heartbeatCullStrategy": "DEACTIVATE_DEAD KEEP_DEAD",
    "heartbeatResurrectionStrategy": "NO_REVIVE 1_MINUTE_REVIVE 2_MINUTE_REVIVE 5_MINUTE_REVIVE 10_MINUTE_REVIVE "
    "15_MINUTE_REVIVE",
    "heartbeatBasis": "FROM_CREATION FROM_FIRST_PING",
}
BOOLEANS = [name for name, value in DEFAULTS.items() if isinstance(value, bool)]


def create(world: World, product: Any = None, **attributes: Any) -> Any:
    product_id = product or world.product()["id"]
    sent = resource("policies", {"name": "Policy", **attributes}, product=("products", product_id))
    return world.post("/v1/policies", sent)


def words(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def test_wire_shape_and_defaults(world: World) -> None:
    product = world.product()["id"]
    answer = create(world, product)
    account = f"/v1/accounts/{world.account['account']}"
    home = f"{account}/policies/{answer.data['id']}"
    assert (answer.status, answer.headers["location"]) == (201, f"https://{HOST}{home}")
    assert answer.document == {
        "data": {
            "id": answer.data["id"],
            "type": "policies",
            "attributes": DEFAULTS,
            "relationships": {
                "account": {
                    "links": {"related": account},
                    "data": {"type": "accounts", "id": world.account["account"]},
                },
                "environment": {"links": {"related": None}, "data": None},
                "product": {"links": {"related": f"{home}/product"}, "data": {"type": "products", "id": product}},
                "pool": {"links": {"related": f"{home}/pool"}},
                "licenses": {"links": {"related": f"{home}/licenses"}},
                "entitlements": {"links": {"related": f"{home}/entitlements"}},
            },
            "links": {"self": home},
        }
    }
    assert world.get(home).document == answer.document


def test_every_attribute_is_kept(world: World) -> None:
    sent = {name: value for name, value in EVERYTHING.items() if name not in ("created", "updated")}
    answer = create(world, **sent)
    assert answer.status == 201, answer.raw
    assert answer.attributes == EVERYTHING
    assert world.get(f"/v1/policies/{answer.data['id']}").attributes == EVERYTHING


@pytest.mark.parametrize("name", [name for name in DEFAULTS if name not in ("name", "created", "updated")])
def test_null_is_the_default(shared_world: World, name: str) -> None:
    assert create(shared_world, **{name: None}).attributes == DEFAULTS


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"floating": True}, {"maxMachines": None}),
        ({"floating": True, "maxMachines": 3}, {"maxMachines": 3}),
        ({"requireHeartbeat": True}, {"heartbeatBasis": "FROM_CREATION"}),
        ({"requireHeartbeat": True, "heartbeatBasis": "FROM_FIRST_PING"}, {"heartbeatBasis": "FROM_FIRST_PING"}),
        ({"encrypted": True}, {"scheme": "LEGACY_ENCRYPT"}),
        ({"checkInInterval": "fortnight", "checkInIntervalCount": 999}, {"checkInInterval": "fortnight"}),
    ],
)
def test_dependent_defaults(shared_world: World, sent: dict[str, Any], shown: dict[str, Any]) -> None:
    assert create(shared_world, **sent).attributes.items() >= shown.items()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in ENUMS for value in ENUMS[name].split()])
def test_enum_values(shared_world: World, name: str, value: str) -> None:
    assert create(shared_world, **{name: value}).attributes[name] == value


@pytest.mark.parametrize("name", ENUMS)
def test_other_enum_values(shared_world: World, name: str) -> None:
    code = words(name).replace(" ", "_").upper() + "_NOT_ALLOWED"
    for value in ("foo", ENUMS[name].split()[0].lower()):
        answer = create(shared_world, **{name: value})
        assert first(answer) == (422, code, f"{ATTRIBUTES}/{name}", f"unsupported {words(name)}")
    assert create(shared_world, **{name: ""}).error == (400, None, f"{ATTRIBUTES}/{name}")


@pytest.mark.parametrize(
    ("name", "low", "high", "below"),
    [
        ("duration", 86_400, INTEGER, "must be greater than or equal to 86400 (1 day)"),
        ("heartbeatDuration", 60, INTEGER, "must be greater than or equal to 60 (1 minute)"),
        ("maxMachines", 1, INTEGER, "must be greater than or equal to 1 for floating policy"),
        ("maxProcesses", 1, INTEGER, "must be greater than 0"),
        ("maxUsers", 1, INTEGER, None),
        ("maxCores", 1, INTEGER, None),
        ("maxMemory", 1, BIG_INTEGER, None),
        ("maxDisk", 1, BIG_INTEGER, None),
        ("maxUses", 0, INTEGER, None),
    ],
)
def test_bounds(shared_world: World, name: str, low: int, high: int, below: str | None) -> None:
    code = words(name).replace(" ", "_").upper() + "_INVALID"
    for value in (low, high):
        assert create(shared_world, floating=True, **{name: value}).attributes[name] == value
    for value in (low - 1, -1, high + 1, 10**30):
        answer = create(shared_world, floating=True, **{name: value})
        assert (answer.error, len(answer.errors)) == ((422, code, f"{ATTRIBUTES}/{name}"), 1)
    if below is not None:
        assert create(shared_world, floating=True, **{name: low - 1}).errors[0]["detail"] == below
    for other, received in ((1.0, "float"), ("1", "string"), (True, "boolean")):
        detail = f"type mismatch (received {received} expected integer)"
        assert first(create(shared_world, **{name: other})) == (400, None, f"{ATTRIBUTES}/{name}", detail)


@pytest.mark.parametrize("name", BOOLEANS)
def test_booleans(shared_world: World, name: str) -> None:
    for value, received in ((1, "integer"), ("true", "string")):
        detail = f"type mismatch (received {received} expected boolean)"
        assert first(create(shared_world, **{name: value})) == (400, None, f"{ATTRIBUTES}/{name}", detail)


OVERAGE = {"overageStrategy": "ALLOW_1_25X_OVERAGE", "floating": True}


@pytest.mark.parametrize(
    ("sent", "code", "name", "detail"),
    [
        ({"name": None}, "NAME_MISSING", "name", "can't be blank"),
        ({"name": "x" * 256}, "NAME_TOO_LONG", "name", "is too long (maximum is 255 characters)"),
        ({"checkInInterval": "x" * 500_000}, "CHECK_IN_INTERVAL_TOO_LONG", "checkInInterval", "is too long (maximum"),
        ({"duration": 0}, "DURATION_INVALID", "duration", "must be greater than 0"),
        ({"maxMachines": 2}, "MAX_MACHINES_INVALID", "maxMachines", "must be equal to 1 for non-floating policy"),
        ({"maxMachines": 0}, "MAX_MACHINES_INVALID", "maxMachines", "must be equal to 1 for non-floating policy"),
        (
            {"encrypted": True, "scheme": "ED25519_SIGN"},
            "SCHEME_NOT_ALLOWED",
            "scheme",
            "unsupported encryption scheme",
        ),
        ({"scheme": "ROT13"}, "SCHEME_NOT_ALLOWED", "scheme", "unsupported signing scheme"),
        (
            {"scheme": "LEGACY_ENCRYPT"},
            "SCHEME_INVALID",
            "scheme",
            "must be encrypted when using LEGACY_ENCRYPT scheme",
        ),
        ({"usePool": True, "scheme": "ED25519_SIGN"}, "SCHEME_NOT_SUPPORTED", "scheme", "cannot use a scheme"),
        ({"usePool": True, "encrypted": True}, "ENCRYPTED_NOT_SUPPORTED", "encrypted", "cannot be encrypted and use a"),
        (
            {"heartbeatResurrectionStrategy": "ALWAYS_REVIVE"},
            "HEARTBEAT_CULL_STRATEGY_NOT_ALLOWED",
            "heartbeatCullStrategy",
            "incompatible heartbeat cull strategy",
        ),
        (
            {"requireCheckIn": True, "checkInIntervalCount": 1},
            "CHECK_IN_INTERVAL_NOT_ALLOWED",
            "checkInInterval",
            "must be one of: day, week, month, year",
        ),
        (
            {"requireCheckIn": True, "checkInInterval": "day"},
            "CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED",
            "checkInIntervalCount",
            "must be a number between 1 and 365 inclusive",
        ),
        (
            {"requireCheckIn": True, "checkInInterval": "day", "checkInIntervalCount": 366},
            "CHECK_IN_INTERVAL_COUNT_NOT_ALLOWED",
            "checkInIntervalCount",
            "must be a number between 1 and 365 inclusive",
        ),
        *(
            (sent, "OVERAGE_STRATEGY_NOT_ALLOWED", "overageStrategy", "incompatible overage strategy")
            for sent in (
                {"overageStrategy": "ALLOW_1_25X_OVERAGE"},
                {"overageStrategy": "ALLOW_1_5X_OVERAGE"},
                *(
                    {**OVERAGE, name: 6}
                    for name in ("maxMachines", "maxCores", "maxMemory", "maxDisk", "maxProcesses", "maxUsers")
                ),
                {"overageStrategy": "ALLOW_1_5X_OVERAGE", "floating": True, "maxMachines": 3, "maxUsers": 3},
            )
        ),
        ({"metadata": {"a": "x" * 16_384}}, "METADATA_TOO_LONG", "metadata", "too large (exceeded limit of 16384"),
    ],
)
def test_fields(shared_world: World, sent: dict[str, Any], code: str, name: str, detail: str) -> None:
    answer = create(shared_world, **sent)
    assert answer.error == (422, code, f"{ATTRIBUTES}/{name}")
    assert answer.errors[0]["detail"].startswith(detail)
    assert len({(one["code"], one["source"]["pointer"]) for one in answer.errors}) == len(answer.errors)


def test_a_pool_cannot_be_encrypted(shared_world: World) -> None:
    assert codes(create(shared_world, usePool=True, encrypted=True)) == [
        ("ENCRYPTED_NOT_SUPPORTED", f"{ATTRIBUTES}/encrypted"),
        ("SCHEME_NOT_SUPPORTED", f"{ATTRIBUTES}/scheme"),
    ]


LINK = {"type": "products", "id": NOWHERE}
HEAD = {"type": "policies", "attributes": {"name": "A"}}
RELATIONSHIPS = "/data/relationships"


@pytest.mark.parametrize(
    ("data", "pointer", "detail"),
    [
        ({"type": "policies"}, ATTRIBUTES, "is missing"),
        (HEAD, RELATIONSHIPS, "is missing"),
        ({**HEAD, "id": NOWHERE}, "/data/id", "unpermitted parameter"),
        ({**HEAD, "relationships": None}, RELATIONSHIPS, "cannot be null"),
        ({**HEAD, "relationships": {}}, f"{RELATIONSHIPS}/product", "is missing"),
        ({**HEAD, "relationships": {"product": None}}, f"{RELATIONSHIPS}/product", "cannot be null"),
        ({**HEAD, "relationships": {"product": {}}}, f"{RELATIONSHIPS}/product/data", "is missing"),
        ({**HEAD, "relationships": {"product": {"data": None}}}, f"{RELATIONSHIPS}/product/data", "cannot be null"),
        (
            {**HEAD, "relationships": {"product": {"data": {"type": "policies", "id": NOWHERE}}}},
            f"{RELATIONSHIPS}/product/data/type",
            "is invalid",
        ),
        (
            {**HEAD, "relationships": {"product": {"data": {"type": "product", "id": "app"}}}},
            f"{RELATIONSHIPS}/product/data/id",
            "type mismatch (received string expected UUID string)",
        ),
        (
            {**HEAD, "relationships": {"product": {"data": {**LINK, "meta": {}}}}},
            f"{RELATIONSHIPS}/product/data/meta",
            "unpermitted parameter",
        ),
        (
            {**HEAD, "relationships": {"product": {"data": LINK, "links": {}}}},
            f"{RELATIONSHIPS}/product/links",
            "unpermitted parameter",
        ),
        (
            {**HEAD, "relationships": {"product": {"data": LINK}, "environment": {"data": None}}},
            f"{RELATIONSHIPS}/environment",
            "unpermitted parameter",
        ),
    ],
)
def test_documents(shared_world: World, data: Any, pointer: str, detail: str) -> None:
    assert first(shared_world.post("/v1/policies", {"data": data})) == (400, None, pointer, detail)


def test_unknown_product(world: World) -> None:
    answer = create(world, NOWHERE, name=None)
    assert codes(answer) == [
        ("PRODUCT_NOT_FOUND", f"{RELATIONSHIPS}/product"),
        ("NAME_MISSING", f"{ATTRIBUTES}/name"),
    ]
    assert answer.errors[0]["detail"] == "must exist"


def test_product_of_another_account(local_world: World) -> None:
    other = World(local_world.transport, slug="other")
    assert create(local_world, other.product()["id"]).error[1] == "PRODUCT_NOT_FOUND"


def test_a_product_makes_its_own_policies_only(world: World) -> None:
    own, other = world.product()["id"], world.product()["id"]
    token = world.token(f"/v1/products/{own}")

    def post(product: str, **attributes: Any) -> tuple[int, str | None, str | None]:
        sent = resource("policies", attributes, product=("products", product))
        answer = world.post("/v1/policies", sent, as_=token)
        return answer.error if answer.status != 201 else (201, None, None)

    assert post(own, name="A") == (201, None, None)
    assert post(other, name="A") == (403, None, None)
    assert post(NOWHERE, name="A") == (403, None, None)
    assert post(other, name=1) == (400, None, f"{ATTRIBUTES}/name")


@pytest.mark.parametrize(
    ("role", "status"), [("developer", 201), ("sales-agent", 201), ("support-agent", 403), ("read-only", 403)]
)
def test_staff(local_world: World, role: str, status: int) -> None:
    sent = resource("policies", {"name": "A"}, product=("products", local_world.product()["id"]))
    assert local_world.post("/v1/policies", sent, as_=staff(local_world, role)).status == status
