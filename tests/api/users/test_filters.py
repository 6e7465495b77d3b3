"""What each filter of a list of users leaves (spec resources.md §4.3), whatever the form of page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.licensing.user import User
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, user, user_token
from tests.api.listing import ids, listed, walked
from tests.api.stock import policy_of, put, put_group, put_user
from tests.world import START, World

TICK, DAY = timedelta(milliseconds=1), timedelta(days=1)
QUARTER = START - 90 * DAY
LONG_AGO = START - 1000 * DAY


class People:
    """Users by name, each made a moment after the one before, and the licenses that some of them have."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.policy, self.other = (policy_of(world, world.policy()["id"]) for _ in range(2))
        self.group, self.empty = put_group(world, "one"), put_group(world, "two")
        self.found: dict[str, User] = {}
        self.ids = {world.account["admin"]: "first admin"}
        self.put("quiet", metadata={"plan": "pro", "seats": 5})
        self.put("new", created=QUARTER, group_id=self.group.id, metadata={"plan": "pro", "deleted_at": None})
        self.put("not quite new", created=QUARTER - TICK, metadata={"plan": {"name": "pro"}, "seats": "5"})
        self.put("banned", created=START - DAY, banned_at=START, group_id=self.group.id)
        self.put("owner", metadata={"seats": 5.0})
        self.put("mate")
        self.put("idle owner", group_id=self.group.id)
        self.put("of another", metadata={"tags": ["a", "b"]})
        for role in ("admin", "developer", "sales-agent", "support-agent", "read-only"):
            self.put(role, role=role, metadata={"plan": "pro"})
        self.put("clerk", role="sales-agent", permissions=("user.read",), created=QUARTER - DAY)
        owner, mate = self.found["owner"], self.found["mate"]
        quiet: dict[str, Any] = {"created": LONG_AGO, "updated": LONG_AGO}
        self.shared = put(world, self.policy, [mate], owner_id=owner.id, last_validated=QUARTER, **quiet)
        put(world, self.policy, [owner], **quiet)
        self.idle = put(world, self.policy, owner_id=self.found["idle owner"].id, **quiet)
        self.foreign = put(world, self.other, [self.found["of another"]], last_check_in=START, **quiet)
        put(world, self.other, owner_id=self.found["banned"].id)
        self.bearers = {
            **{name: user_token(world, self.found[name]) for name in ("owner", "mate", "quiet", "of another")},
            "product": world.token(f"/v1/products/{self.policy.product_id}"),
            "support-agent": user_token(world, self.found["support-agent"]),
            "clerk": user_token(world, self.found["clerk"]),
            "developer": user_token(world, self.found["developer"]),
        }

    def put(self, name: str, **fields: Any) -> None:
        created = LONG_AGO + len(self.found) * DAY
        given = {"email": f"{name.replace(' ', '.')}@people.example", "created": created, "updated": created}
        self.found[name] = put_user(self.world, **given | fields)
        self.ids[self.found[name].id] = name

    def shown(self, query: str, as_: str = "admin", path: str = "/v1/users") -> list[str]:
        """The names that a query leaves, newest first; the same for every form of page."""
        return [self.ids[one] for one in listed(self.world, f"{path}?{self.filled(query)}", as_)]

    def filled(self, text: str) -> str:
        """`text` with ids for what it names."""
        for name, value in {
            "{product}": self.policy.product_id,
            "{other}": self.other.product_id,
            "{shared}": self.shared.id,
            "{idle}": self.idle.id,
            "{foreign}": self.foreign.id,
            "{group}": self.group.id,
            "{empty}": self.empty.id,
            "{nowhere}": NOWHERE,
        }.items():
            text = text.replace(name, value)
        return text


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    engine = Engine(":memory:")
    yield People(World(EngineTransport(engine)))
    engine.close()


CUSTOMERS = ["banned", "new", "not quite new", "of another", "idle owner", "mate", "owner", "quiet"]
STAFF = ["first admin", "clerk", "read-only", "support-agent", "sales-agent", "developer", "admin"]
ACTIVE = ["new", "of another", "mate", "owner"]
INACTIVE = ["not quite new", "idle owner", "quiet"]
OWNERS = ["banned", "idle owner", "owner"]

ROWS: list[tuple[str, list[str]]] = [
    ("", CUSTOMERS),
    ("roles[]=user", CUSTOMERS),
    ("roles[]=", CUSTOMERS),
    ("roles=", CUSTOMERS),
    ("roles=admin", CUSTOMERS),
    ("roles[x]=admin", CUSTOMERS),
    ("roles[]=read-only", ["read-only"]),
    ("roles[]=sales_agent&roles[]=support-agent", ["clerk", "support-agent", "sales-agent"]),
    ("roles[]=user&roles[]=developer&roles[]=user", ["banned", "new", "not quite new", "developer", *CUSTOMERS[3:]]),
    ("roles[]=owner", []),
    ("roles[]=owner&roles[]=developer", ["developer"]),
    ("product={product}", ["idle owner", "mate", "owner"]),
    ("product={other}", ["banned", "of another"]),
    ("product={nowhere}", []),
    ("product=x", []),
    ("product=", CUSTOMERS),
    ("product[]={product}", CUSTOMERS),
    ("license={shared}", ["mate", "owner"]),
    ("license={idle}", ["idle owner"]),
    ("license={foreign}", ["of another"]),
    ("license={nowhere}", []),
    ("license=x", []),
    ("license[x]={shared}", CUSTOMERS),
    ("license={shared}&product={product}", ["mate", "owner"]),
    ("license={shared}&product={other}", []),
    ("group={group}", ["banned", "new", "idle owner"]),
    ("group={empty}", []),
    ("group=x", []),
    ("group=", CUSTOMERS),
    ("group={group}&license={idle}", ["idle owner"]),
    ("status=BANNED", ["banned"]),
    ("status=banned", ["banned"]),
    ("status=ACTIVE", ACTIVE),
    ("status=Inactive", INACTIVE),
    ("status=SUSPENDED", []),
    ("status=", CUSTOMERS),
    ("status[]=ACTIVE", CUSTOMERS),
    ("assigned=true", OWNERS),
    ("active=true", OWNERS),
    ("assigned=false", [name for name in CUSTOMERS if name not in OWNERS]),
    ("active=0", [name for name in CUSTOMERS if name not in OWNERS]),
    ("assigned=", CUSTOMERS),
    ("assigned[x]=true", CUSTOMERS),
    ("assigned=true&active=false", []),
    ("metadata[plan]=pro", ["new", "quiet"]),
    ("metadata[Plan]=pro", ["new", "quiet"]),
    ("metadata[plan]=PRO", []),
    ("metadata[seats]=5", ["not quite new", "owner", "quiet"]),
    ("metadata[seats]=5.0", ["owner", "quiet"]),
    ("metadata[plan]=pro&metadata[seats]=5", ["quiet"]),
    ("metadata[plan][name]=pro", ["not quite new"]),
    ("metadata[deletedAt]=null", ["new"]),
    ("metadata[tags][]=a", ["of another"]),
    ("metadata[plan]=", CUSTOMERS),
    ("metadata=pro", CUSTOMERS),
    ("metadata[plan]=pro&roles[]=developer&roles[]=user", ["new", "developer", "quiet"]),
    ("metadata[plan]=pro&status=ACTIVE", ["new"]),
    ("status=ACTIVE&assigned=true", ["owner"]),
    ("status=INACTIVE&group={group}", ["idle owner"]),
    ("status=BANNED&group={group}&product={other}", ["banned"]),
    ("status=BANNED&roles[]=developer", []),
    ("expired=true&owner=x", CUSTOMERS),
]
SCOPES = {
    "product": CUSTOMERS,
    "owner": ["mate", "owner"],
    "mate": ["mate", "owner"],
    "quiet": ["quiet"],
    "of another": ["of another"],
    "support-agent": None,
}


@pytest.mark.parametrize(("query", "expected"), ROWS)
def test_filters(people: People, query: str, expected: list[str]) -> None:
    assert people.shown(query) == expected


@pytest.mark.parametrize(("query", "expected"), ROWS)
@pytest.mark.parametrize("bearer", SCOPES)
def test_what_a_bearer_sees_of_it(people: People, bearer: str, query: str, expected: list[str]) -> None:
    scope = SCOPES[bearer]
    visible = [name for name in expected if scope is None or name in scope]
    assert people.shown(query, people.bearers[bearer]) == visible


def test_admins_are_told_to_those_who_may_read_them(people: People) -> None:
    """One row that is an admin takes `admin.read`; nobody else does."""
    everybody = "&".join(
        f"roles[]={name}" for name in ("admin", "read-only", "support-agent", "sales-agent", "developer")
    )
    assert people.shown(everybody) == people.shown(everybody, people.bearers["developer"]) == STAFF
    agent = people.bearers["clerk"]
    assert people.world.get("/v1/users?roles[]=admin", as_=agent).error == (403, None, None)
    assert people.world.get(f"/v1/users?{everybody}&limit=100", as_=agent).error == (403, None, None)
    assert people.world.get("/v1/users?roles[]=admin&metadata[x]=y", as_=agent).data == []
    assert people.shown("roles[]=developer", agent) == ["developer"]
    for bearer in ("product", "owner"):
        assert people.shown(everybody, people.bearers[bearer]) == []


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/products/{product}/users", "", ["idle owner", "mate", "owner"]),
        ("/v1/products/{product}/users", "status=INACTIVE&group={nowhere}", ["idle owner", "mate", "owner"]),
        ("/v1/products/{product}/users", "roles[]=admin", []),
        ("/v1/products/{other}/users", "roles[]=user", ["banned", "of another"]),
        ("/v1/groups/{group}/users", "", ["banned", "new", "idle owner"]),
        ("/v1/groups/{group}/users", "status=BANNED", ["banned", "new", "idle owner"]),
        ("/v1/licenses/{shared}/users", "", ["mate", "owner"]),
    ],
)
def test_lists_below_others(people: People, path: str, query: str, expected: list[str]) -> None:
    assert people.shown(query, path=people.filled(path)) == expected


def test_pagination_comes_before_authorization(people: People) -> None:
    world = people.world
    license = f"License {put(world, people.policy).key}"
    assert world.get("/v1/users?status=x&page[size]=5").error == (400, None, "page")
    nobody = user_token(world, user(world, permissions=()))
    for query in ("status=x", "roles[]=admin", ""):
        assert world.get(f"/v1/users?{query}&limit=0", as_=nobody).error == (400, None, "limit")
        assert world.get(f"/v1/users?{query}", as_=nobody).error == (403, None, None)
    assert world.get("/v1/users", as_=license).status in (401, 403)


def test_changes_are_found_at_once(world: World) -> None:
    group = world.create("groups", {"name": "Group"})["id"]
    one = world.create("users", {"email": "ann@acme.example", "metadata": {"plan": "pro"}})["id"]
    path = f"/v1/users/{one}"

    def found(query: str) -> bool:
        return ids(world.get(f"/v1/users?{query}").data) == [one]

    def change(method: str, what: str, body: Any = None) -> None:
        assert world.send(method, f"{path}{what}", body).status < 300

    assert [found(f"metadata[plan]={text}") for text in ("pro", "free")] == [True, False]
    change("PATCH", "", {"data": {"type": "users", "attributes": {"metadata": {"plan": "free"}, "role": "developer"}}})
    assert [found(f"metadata[plan]={text}") for text in ("pro", "free")] == [False, False]
    assert [found(f"metadata[plan]=free&roles[]={role}") for role in ("user", "developer")] == [False, True]
    change("PATCH", "", {"data": {"type": "users", "attributes": {"role": "user"}}})
    change("PUT", "/group", {"data": {"type": "groups", "id": group}})
    assert found(f"group={group}")
    change("PUT", "/group", {"data": None})
    assert not found(f"group={group}")
    change("POST", "/actions/ban")
    assert [found(f"status={text}") for text in ("BANNED", "ACTIVE")] == [True, False]
    change("POST", "/actions/unban")
    assert [found(f"status={text}") for text in ("BANNED", "ACTIVE")] == [False, True]
    world.clock.advance(days=91)
    assert [found(f"status={text}") for text in ("INACTIVE", "ACTIVE")] == [True, False]
    license = world.license()["id"]
    change_owner = world.send("PUT", f"/v1/licenses/{license}/owner", {"data": {"type": "users", "id": one}})
    assert change_owner.status == 200
    assert [found(query) for query in ("status=ACTIVE", "assigned=true", f"license={license}")] == [True, True, True]
    change("DELETE", "")
    for query in ("metadata[plan]=free", "status=ACTIVE", "", "assigned=true"):
        assert listed(world, f"/v1/users?{query}") == []


def test_a_cursor_that_the_filter_leaves_out_still_says_where(people: People) -> None:
    everything = ids(people.world.get("/v1/users?limit=100").data)
    grouped = ids(people.world.get(people.filled("/v1/users?group={group}")).data)
    for position, cursor in enumerate(everything):
        after = [one for one in grouped if one in everything[position + 1 :]]
        path = people.filled(f"/v1/users?group={{group}}&page[cursor]={cursor}&page[size]=1")
        assert walked(people.world, path) == after
