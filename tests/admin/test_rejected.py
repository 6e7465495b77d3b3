"""A line that cannot be imported is reported with its reason, and the others go on."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.admin.transfer import Rejection
from chalicelib.licensing.errors import InvalidState, NotFound
from chalicelib.store.table import Row
from infra.local.engine import Engine, EngineTransport
from tests.admin import files
from tests.admin.edits import NEW, linked, new, of, to
from tests.admin.files import (
    GROUP,
    LICENSE,
    OWNER,
    POLICY,
    PRODUCT,
    SLUG,
    bring,
    everything,
    exported,
    moved,
    reasons,
    resource,
    text,
    uuid,
)
from tests.races.crowd import rows
from tests.world import World

UNDER, POOLED, USER = ("policies", POLICY), ("policies", files.POOLED), ("users", OWNER)
EMAIL = {"email": "a@b.example"}


REJECTED: list[tuple[str, Any, str]] = [
    ("text", "{not json", "is no JSON"),
    ("bytes", b'"\xff"', "is no JSON"),
    ("scalar", 7, "is no resource object"),
    ("array", "[]", "is no resource object"),
    ("no JSON value", {"type": "groups", "id": object()}, "is no JSON"),
    ("too long", {"type": "groups", "x": "y" * 400_000}, "is longer than 350000 bytes"),
    ("no type", {"id": NEW}, "type: is missing"),
    ("later type", new("environments"), "type: environments cannot be imported"),
    ("unknown type", resource("x" * 99, NEW), "type: " + "x" * 40 + " cannot be imported"),
    ("no id", {"type": "groups"}, "id: is missing"),
    ("bad id", resource("groups", "7"), "id: must be a UUID"),
    ("attributes", {"type": "groups", "id": NEW, "attributes": []}, "attributes: must be an object"),
    ("unknown attribute", new("groups", {"nmae": "x"}), "attributes.nmae: is not known"),
    ("unknown meta", new("groups", {"name": "x"}, {"secret": 1}), "meta.secret: is not known"),
    ("type of attribute", new("groups", {"maxUsers": "5"}), "attributes.maxUsers: must be an integer"),
    ("float", new("groups", {"maxUsers": 5.0}), "attributes.maxUsers: must be an integer"),
    ("true", new("groups", {"maxUsers": True}), "attributes.maxUsers: must be an integer"),
    ("bounds", new("groups", {"name": "x", "maxUsers": 2**31}), "attributes.maxUsers: must be less than or"),
    ("time", new("groups", {"name": "x", "created": "soon"}), "attributes.created: must be a time"),
    ("boolean", of("licenses", LICENSE, suspended=1), "attributes.suspended: must be true or false"),
    ("names", of("licenses", LICENSE, permissions=[1]), "attributes.permissions: must be an array of strings"),
    ("metadata", of("licenses", LICENSE, metadata=[]), "attributes.metadata: must be an object"),
    ("deep", of("licenses", LICENSE, metadata={"a": {"b": {"c": {}}}}), "attributes.metadata: must be at most two"),
    ("no name", new("groups"), "attributes.name: can't be blank"),
    ("link", linked("licenses", LICENSE, owner=to("groups", OWNER)), "relationships.owner: must be null or of type"),
    ("link id", linked("licenses", LICENSE, owner=to("users", "x")), "relationships.owner.id: must be a UUID"),
    ("unknown link", linked("licenses", LICENSE, seat=to("users", OWNER)), "relationships.seat: is not supported"),
    ("environment", linked("users", OWNER, environment=to("environments", NEW)), "relationships.environment: is not"),
    ("no product", new("policies", {"name": "x"}), "relationships.product: is missing"),
    ("product gone", new("policies", {"name": "x"}, product=("products", NEW)), f"product {NEW} does not"),
    ("rules", new("policies", {"name": "x", "duration": 1}, product=("products", PRODUCT)), "attributes.dur"),
    ("fixed", of("policies", POLICY, scheme="ED25519_SIGN"), "attributes.scheme: cannot change"),
    ("moved", linked("policies", POLICY, product=to("products", NEW)), "relationships.product: cannot change from"),
    ("created", of("groups", GROUP, created="2001-01-01"), "attributes.created: cannot change from 2020-02-01"),
    ("code", new("products", {"name": "x", "code": "APP-1"}), "attributes.code: has already been taken"),
    ("entitlement code", new("entitlements", {"name": "x", "code": "FEATURE"}), "attributes.code: has alre"),
    ("email", new("users", {"email": "OWNER@customer.example"}), "attributes.email: has already been taken"),
    ("no email", new("users"), "attributes.email: is invalid"),
    ("role", new("users", {"email": "a@b.example", "role": "root"}), "attributes.role: unsupported role"),
    ("group", linked("users", OWNER, group=to("groups", NEW)), f"group {NEW} does not exist"),
    (
        "password",
        new("users", EMAIL, {"password": "12345"}),
        "attributes.password: is",
    ),
    (
        "bcrypt",
        new("users", EMAIL, {"password": "$2b$12$" + "x" * 53}),
        "meta.password: o",
    ),
    ("last admin", of("users", files.ADMIN, role="user"), "relationships.account: account must"),
    ("no policy", new("licenses", {"key": "12345678"}), "relationships.policy: is missing"),
    ("policy", linked("licenses", LICENSE, policy=to("policies", NEW)), f"policy {NEW} does not exist"),
    ("owner", linked("licenses", LICENSE, owner=to("users", NEW)), f"user {NEW} does not exist"),
    ("attached", linked("licenses", LICENSE, owner=to("users", files.ATTACHED)), "relationships.owner: is attached"),
    ("product", linked("licenses", LICENSE, product=to("products", NEW)), f"relationships.product: must be {PRODUCT}"),
    ("key", of("licenses", LICENSE, key="another-key"), "attributes.key: cannot change"),
    (
        "taken",
        new("licenses", {"key": files.LICENSE_KEY}, policy=UNDER),
        "attributes.key: has",
    ),
    (
        "an id",
        new("licenses", {"key": LICENSE}, policy=UNDER),
        "attributes.key: must not conf",
    ),
    ("short", new("licenses", {"key": "1234567"}, policy=UNDER), "attributes.key: is too sho"),
    ("uses", of("licenses", LICENSE, uses=-1), "attributes.uses: must be greater than or equal to 0"),
    ("permissions", of("licenses", LICENSE, permissions=["x"]), "attributes.permissions: unsupported permissions"),
    ("pooled", new("licenses", policy=POOLED), "attributes.key: is missing"),
    (
        "unpooled",
        new("keys", {"key": "12345678"}, policy=UNDER),
        "relationships.policy: cannot",
    ),
    (
        "pool key",
        new("keys", {"key": files.LICENSE_KEY}, policy=POOLED),
        "attributes.key",
    ),
    ("end", new("license-users", license=("licenses", LICENSE)), "relationships.user: is missing"),
    ("holder", linked("license-users", uuid(32), license=to("licenses", NEW)), f"license {NEW} does not exist"),
    ("target", linked("license-users", uuid(32), user=to("users", NEW)), f"user {NEW} does not exist"),
    ("other id", {**linked("license-users", uuid(32)), "id": NEW}, f"is there already, with the id {uuid(32)}"),
    (
        "the owner",
        linked("license-users", uuid(32), user=to("users", OWNER)),
        "relationships.user: is the owner",
    ),
    ("no value", new("tokens", bearer=USER), "meta.token: is missing"),
    ("no bearer", new("tokens", {}, {"digest": "0" * 64}), "relationships.bearer: is missing"),
    ("bearer", new("tokens", {}, {"digest": "0" * 64}, bearer=("users", NEW)), f"user {NEW} does not exist"),
    ("version", new("tokens", {}, {"token": "x-v2"}, bearer=USER), "meta.token: must end in v3"),
    ("digest", new("tokens", {}, {"digest": "0"}, bearer=USER), "meta.digest: must be 64 lower"),
    (
        "both",
        new("tokens", {}, {"digest": "0" * 64, "token": "x-v3"}, bearer=USER),
        "meta.digest",
    ),
    ("in use", new("tokens", {}, {"token": files.TOKEN}, bearer=USER), "meta: another token has"),
    ("rebound", linked("tokens", uuid(40), bearer=to("users", OWNER)), "relationships.bearer: cannot change from"),
    ("version of account", files.account(apiVersion="2.0"), "attributes.apiVersion: is no version"),
]


@pytest.fixture(scope="module")
def full() -> Any:
    """An account with everything, which rejected lines leave as it is."""
    engine = Engine(":memory:")
    world = World(EngineTransport(engine))
    moved(world)
    yield world
    engine.close()


@pytest.mark.parametrize(("name", "line", "reason"), REJECTED, ids=[name for name, _, _ in REJECTED])
def test_reasons(full: World, name: str, line: Any, reason: str) -> None:
    report = bring(full, [line], SLUG)
    assert [(number, told[: len(reason)]) for number, told in reasons(report)] == [(1, reason)]
    assert text(exported(full)) == text(everything())


def test_the_others_go_on(world: World) -> None:
    moved(world)
    good = [resource("groups", uuid(200 + number), {"name": "x"}) for number in range(3)]
    lines = [
        good[0],
        "",
        "nonsense",
        good[1],
        resource("groups", NEW, {"name": ""}),
        resource("environments", NEW),
        good[2],
    ]
    report = bring(world, lines, SLUG)
    assert (report.created, report.lines) == (3, 7)
    assert report.rejected == [
        Rejection(3, None, None, "is no JSON"),
        Rejection(5, "groups", NEW, "attributes.name: can't be blank"),
        Rejection(6, "environments", NEW, "type: environments cannot be imported"),
    ]


def test_every_reason_of_a_line_is_told(world: World) -> None:
    line = resource("entitlements", NEW, {"name": "", "code": "action"})
    assert reasons(bring(world, [line])) == [(1, "attributes.name: can't be blank; attributes.code: is reserved")]


def test_children_are_rejected_with_their_parents(world: World) -> None:
    lines = [
        resource("products", uuid(1), {"name": ""}),
        resource("policies", uuid(2), {"name": "x"}, product=("products", uuid(1))),
        resource("licenses", uuid(3), policy=("policies", uuid(2))),
        resource("tokens", uuid(4), {}, {"digest": "0" * 64}, bearer=("licenses", uuid(3))),
    ]
    told = [reason for _, reason in reasons(bring(world, lines))]
    assert told[1:] == [
        f"product {uuid(1)} does not exist",
        f"policy {uuid(2)} does not exist",
        f"license {uuid(3)} does not exist",
    ]
    assert [row for row in rows(world, Row) if row["pk"].endswith(tuple(map(uuid, range(1, 5))))] == []


def test_times_end_with_the_year_9999(world: World) -> None:
    policy = world.policy(duration=86_400)["id"]
    report = bring(world, [files.license(1, policy, created="9999-12-31T12:00:00Z")])
    assert reasons(report) == [(1, "a time would lie beyond the year 9999")]


def test_what_was_deleted_comes_back_only_later(world: World) -> None:
    product = world.product()
    assert world.send("DELETE", f"/v1/products/{product['id']}").status == 204
    report = bring(world, [resource("products", product["id"], {"name": "again"})])
    assert reasons(report) == [(1, "was deleted a short while ago, its id cannot be used again yet")]


def test_secrets_are_never_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    keys = {**files.keys_of_account(), "secret": "hush"}
    private = {**files.keys_of_account(), "privateKeys": {"ed25519": "hush", "rsa2048": "hush", "ecdsa": "hush"}}
    other = {**files.keys_of_account(), "publicKeys": {"ed25519": "00" * 32}}
    lines = [
        resource("users", NEW, {"email": "a@b.example"}, {"password": "hush"}),
        resource("users", NEW, {"email": "a@b.example"}, {"password": ["hush"]}),
        resource("tokens", NEW, {}, {"token": "hush"}, bearer=("users", NEW)),
        resource("tokens", NEW, {}, {"digest": "hush"}, bearer=("users", NEW)),
        *(resource("accounts", NEW, {}, meta) for meta in (keys, private, other)),
        '{"meta": {"password": "hush"',
    ]
    report = bring(world, lines)
    assert len(report.rejected) == len(lines)
    assert "hush" not in repr(report)
    assert "".join(capsys.readouterr()) == ""


def test_the_account_must_be_there(world: World) -> None:
    with pytest.raises(NotFound):
        bring(world, [], "nobody")
    with pytest.raises(NotFound):
        exported(world, "nobody")


@pytest.mark.parametrize(
    "lines",
    [[], [resource("groups", NEW, {"name": "x"})], ["nonsense"], [files.account(slug="other")]],
    ids=["nothing", "another kind", "unreadable", "another account"],
)
def test_a_new_account_is_made_of_the_first_line(world: World, lines: list[Any]) -> None:
    with pytest.raises(InvalidState):
        bring(world, lines, SLUG, create=True)


def test_a_slug_that_is_taken_makes_no_account(world: World) -> None:
    lines = [files.account(slug="acme"), new("groups", {"name": "x"})]
    report = bring(world, lines, files.ACCOUNT, create=True)
    assert reasons(report) == [(1, "attributes.slug: has already been taken")]
    assert [row for row in rows(world, Row) if files.ACCOUNT in row["pk"]] == []
