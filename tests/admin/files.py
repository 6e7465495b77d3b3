"""Files to import: an account with one of everything and every attribute set, and what the tests do with files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from chalicelib.admin.transfer import Report, export_resources, import_resources
from chalicelib.crypto.digests import token_digest
from chalicelib.crypto.keys import public
from chalicelib.store.table import Outbox
from tests.admin.installed import installed, released
from tests.admin.lines import UPDATED as UPDATED
from tests.admin.lines import Resource
from tests.admin.lines import resource as resource
from tests.admin.lines import stamps as stamps
from tests.admin.lines import uuid as uuid
from tests.races.crowd import WRITES, Watched, rows
from tests.world import World, known_pairs

SLUG = "moved"
SECRET = "5a" * 64
PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$N/+sONNH6EP6Nj3Ke6McpQ$oN/CxGYKZyF5emXb4kOXssAiGnVme/XJWB0w31SYCxo"
TOKEN = "admin-" + "0123456789abcdef" * 4 + "v3"
ACTIVATION_TOKEN = "activ-" + "0123456789abcdef" * 2 + "v3"


ACCOUNT, PRODUCT, ENTITLEMENT, OTHER_ENTITLEMENT, POLICY, POOLED, GROUP = map(uuid, range(1, 8))
ADMIN, OWNER, ATTACHED, BANNED = map(uuid, range(10, 14))
LICENSE, PLAIN = uuid(20), uuid(21)
LICENSE_KEY = "MOVED-FROM-ELSEWHERE-0001"


@cache
def keys_of_account() -> Mapping[str, Any]:
    """What an account signs and hashes with, as a file has it."""
    pairs = known_pairs()
    shown = public(pairs)
    return {
        "privateKeys": {"ed25519": pairs.ed25519, "rsa2048": pairs.rsa, "ecdsa": pairs.ecdsa},
        "publicKeys": {"ed25519": shown.ed25519, "rsa2048": shown.rsa, "ecdsa": shown.ecdsa},
        "secret": SECRET,
    }


POLICY_ATTRIBUTES: Mapping[str, Any] = {
    "name": "Every attribute",
    "duration": 2_592_000,
    "strict": True,
    "floating": True,
    "scheme": None,
    "encrypted": False,
    "usePool": False,
    "protected": True,
    "maxMachines": 8,
    "maxProcesses": 16,
    "maxUsers": 4,
    "maxCores": 64,
    "maxMemory": 9_223_372_036_854_775_804,
    "maxDisk": 4_096,
    "maxUses": 1_000,
    "machineUniquenessStrategy": "UNIQUE_PER_POLICY",
    "machineMatchingStrategy": "MATCH_MOST",
    "componentUniquenessStrategy": "UNIQUE_PER_ACCOUNT",
    "componentMatchingStrategy": "MATCH_ALL",
    "expirationStrategy": "MAINTAIN_ACCESS",
    "expirationBasis": "FROM_FIRST_USE",
    "renewalBasis": "FROM_NOW_IF_EXPIRED",
    "transferStrategy": "RESET_EXPIRY",
    "authenticationStrategy": "MIXED",
    "machineLeasingStrategy": "PER_USER",
    "processLeasingStrategy": "PER_LICENSE",
    "overageStrategy": "ALLOW_1_25X_OVERAGE",
    "requireProductScope": True,
    "requirePolicyScope": True,
    "requireMachineScope": True,
    "requireFingerprintScope": True,
    "requireComponentsScope": True,
    "requireUserScope": True,
    "requireChecksumScope": True,
    "requireVersionScope": True,
    "requireCheckIn": True,
    "checkInInterval": "week",
    "checkInIntervalCount": 3,
    "requireHeartbeat": True,
    "heartbeatDuration": 3_600,
    "heartbeatCullStrategy": "KEEP_DEAD",
    "heartbeatResurrectionStrategy": "ALWAYS_REVIVE",
    "heartbeatBasis": "FROM_CREATION",
    "metadata": {"tier": "gold", "limits": {"perDay": 5, "shares": [1.0, None, True]}},
}

LICENSE_ATTRIBUTES: Mapping[str, Any] = {
    "name": "",
    "key": LICENSE_KEY,
    "expiry": "2019-01-01T00:00:00.000Z",
    "uses": 41,
    "protected": None,
    "suspended": True,
    "version": "1.2.3-beta.4",
    "maxMachines": 5,
    "maxProcesses": 6,
    "maxUsers": 7,
    "maxCores": 8,
    "maxMemory": 9_223_372_036_854_775_807,
    "maxDisk": 10,
    "maxUses": 0,
    "lastValidated": "2021-01-01T00:00:00.001Z",
    "lastCheckOut": "2021-01-02T00:00:00.002Z",
    "lastCheckIn": "2021-01-03T00:00:00.003Z",
    "permissions": ["license.validate", "license.read"],
    "metadata": {"customerId": "c-1", "seats": 3, "note": "naïve ☃"},
}
LICENSE_META: Mapping[str, Any] = {
    "expiredSent": "2021-01-04T00:00:00.004Z",
    "expiringSoonSent": "2021-01-05T00:00:00.005Z",
    "checkInOverdueSent": "2021-01-06T00:00:00.006Z",
    "checkInSoonSent": "2021-01-07T00:00:00.007Z",
}


def account(**attributes: Any) -> Resource:
    """The line of the account."""
    usual = {"name": "Moved Inc.", "slug": SLUG, "protected": True, "apiVersion": "1.7", **stamps()}
    return resource("accounts", ACCOUNT, usual | attributes, keys_of_account())


def everything() -> list[Resource]:
    """One of everything, in the order of an export."""
    policy, license, group = ("policies", POLICY), ("licenses", LICENSE), ("groups", GROUP)
    return [
        account(),
        *_catalog(),
        resource("policy-entitlements", uuid(30), stamps(), policy=policy, entitlement=("entitlements", ENTITLEMENT)),
        *released(PRODUCT, OTHER_ENTITLEMENT),
        resource(
            "keys",
            uuid(35),
            {"key": "POOL-KEY-0001", **stamps()},
            policy=("policies", POOLED),
            product=("products", PRODUCT),
        ),
        resource(
            "groups",
            GROUP,
            {"name": "All", "maxUsers": 0, "maxLicenses": 1, "maxMachines": 9, "metadata": {"a": 1}, **stamps()},
        ),
        *_people(),
        resource("group-owners", uuid(31), stamps(), group=group, user=("users", ATTACHED)),
        resource(
            "licenses",
            LICENSE,
            {**LICENSE_ATTRIBUTES, **stamps()},
            LICENSE_META,
            policy=policy,
            owner=("users", OWNER),
            group=group,
        ),
        resource("licenses", PLAIN, plain_license(), policy=policy, owner=None, group=None),
        resource("license-users", uuid(32), stamps(), license=license, user=("users", ATTACHED)),
        resource("license-users", uuid(33), stamps(2), license=license, user=("users", BANNED)),
        resource(
            "license-entitlements", uuid(34), stamps(), license=license, entitlement=("entitlements", OTHER_ENTITLEMENT)
        ),
        *installed(LICENSE, PLAIN, OWNER, ATTACHED, GROUP),
        *_tokens(),
    ]


def plain_license() -> dict[str, Any]:
    """Attributes of a license that inherits everything it can."""
    inherited = dict.fromkeys(
        ("maxMachines", "maxProcesses", "maxUsers", "maxCores", "maxMemory", "maxDisk", "maxUses", "expiry", "name")
    )
    never = dict.fromkeys(("lastValidated", "lastCheckOut", "lastCheckIn", "version"))
    rest = {"key": "PLAIN-KEY-0002", "uses": 0, "protected": True, "suspended": False, "metadata": {}}
    return {**inherited, **never, **rest, **stamps(2)}


def _catalog() -> list[Resource]:
    product = ("products", PRODUCT)
    unpooled = {**POLICY_ATTRIBUTES, "metadata": {}} | {"name": "Pooled", "usePool": True}
    return [
        resource(
            "products",
            PRODUCT,
            {
                "name": "App",
                "code": "App-1",
                "distributionStrategy": None,
                "url": "https://app.example",
                "platforms": ["linux", "macOS"],
                "permissions": ["*"],
                "metadata": {"k": "v"},
                **stamps(),
            },
        ),
        resource("entitlements", ENTITLEMENT, {"name": "E", "code": "feature", "metadata": {"x": 1}, **stamps()}),
        resource("entitlements", OTHER_ENTITLEMENT, {"name": "O", "code": "Other", "metadata": {}, **stamps(2)}),
        resource("policies", POLICY, {**POLICY_ATTRIBUTES, **stamps()}, product=product),
        resource("policies", POOLED, {**unpooled, **stamps(2)}, product=product),
    ]


def _people() -> list[Resource]:
    def person(email: str, role: str, day: int, **more: Any) -> dict[str, Any]:
        nobody: dict[str, Any] = {"firstName": None, "lastName": None, "metadata": {}}
        return {**nobody, "email": email, "role": role, **stamps(day), **more}

    return [
        resource("users", ADMIN, person("root@moved.example", "admin", 1), {"password": PASSWORD}, group=None),
        resource(
            "users",
            OWNER,
            person(
                "owner@customer.example",
                "user",
                2,
                firstName="First",
                lastName="",
                permissions=["license.validate", "license.read"],
                metadata={"crmId": 7},
            ),
            {
                "password": PASSWORD,
                "resetDigest": "ab" * 32,
                "resetIssued": "2021-01-08T00:00:00.008Z",
            },
            group=("groups", GROUP),
        ),
        resource("users", ATTACHED, person("seat@customer.example", "user", 3), group=("groups", GROUP)),
        resource(
            "users",
            BANNED,
            person("gone@customer.example", "user", 4),
            {"bannedAt": "2021-01-09T00:00:00.009Z"},
            group=None,
        ),
    ]


def _tokens() -> list[Resource]:
    counts = {"maxActivations": None, "activations": 0, "maxDeactivations": None, "deactivations": 0}
    usual = {"name": None, "expiry": None, "permissions": ["*"], **counts}
    counted = {"maxActivations": 5, "activations": 3, "maxDeactivations": 2, "deactivations": 1}
    narrow = {"name": "CI", "expiry": "2031-01-01T00:00:00.000Z", "permissions": ["license.validate"], **counted}
    admin = {"kind": "admin-token", **usual, **stamps()}
    activation = {"kind": "activation-token", **narrow, **stamps(2)}
    return [
        resource("tokens", uuid(40), admin, {"digest": token_digest(SECRET, TOKEN)}, bearer=("users", ADMIN)),
        resource(
            "tokens",
            uuid(41),
            activation,
            {"digest": token_digest(SECRET, ACTIVATION_TOKEN)},
            bearer=("licenses", LICENSE),
        ),
    ]


def license(number: int, policy: str, **attributes: Any) -> Resource:
    """A license like many others."""
    key = {"key": f"KEY-{number:012d}"}
    return resource("licenses", uuid(1_000_000 + number), key | attributes, policy=("policies", policy))


def bring(world: World, resources: Iterable[Any], account: str = "acme", **options: Any) -> Report:
    """Import into an account of a world, as fast as it goes."""
    return import_resources(account, resources, tools=world.tools, **{"pace": None, **options})


def brought(world: World, resources: Iterable[Any], account: str = "acme", **options: Any) -> Report:
    """The same where nothing is to be rejected."""
    report = bring(world, resources, account, **options)
    assert report.rejected == [], report.rejected
    return report


def moved(world: World) -> Report:
    """Everything in an account of its own, `SLUG`."""
    return brought(world, everything(), SLUG, create=True)


def exported(world: World, account: str = SLUG) -> list[Resource]:
    """All resources of an account."""
    return list(export_resources(account, tools=world.tools))


def text(resources: Iterable[Resource]) -> bytes:
    """Resources as a file has them."""
    return b"".join(msgspec.json.encode(one, order="sorted") + b"\n" for one in resources)


def reasons(report: Report) -> list[tuple[int, str]]:
    """Number and reason of every rejected line."""
    return [(one.line, one.reason) for one in report.rejected]


def writes(watched: Watched) -> int:
    """How many writes the store was sent so far."""
    return sum(operation in WRITES for operation, _ in watched.applied)


def tasks(world: World) -> list[dict[str, Any]]:
    """What is announced to be done later."""
    return rows(world, Outbox, "task")
