"""What each filter of a list of licenses leaves (spec licenses.md §8), whatever the form of page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.licensing.clock import to_text
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.user import User
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, by_key, open_license, staff, user_token
from tests.api.listing import ids, listed, walked
from tests.api.stock import policy_of, put, put_group, put_user
from tests.world import START, World, resource

NOW, TICK, SECOND, DAY = START, timedelta(milliseconds=1), timedelta(seconds=1), timedelta(days=1)
TODAY = START.replace(hour=0)
LONG_AGO = START - 1000 * DAY


def unix(instant: datetime) -> str:
    return str(int(instant.timestamp()))


class Rack:
    """Licenses by name, in a world of their own; the later of two was made later, unless `created` says otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.policy = policy_of(world, world.policy()["id"])
        self.names: dict[str, str] = {}

    def put(self, name: str, *attached: User, policy: Policy | None = None, **fields: Any) -> License:
        """A license of the rack's policy, unless another one is named."""
        created = LONG_AGO + len(self.names) * SECOND
        made = put(self.world, policy or self.policy, attached, **{"created": created, "updated": created} | fields)
        self.names[made.id] = name
        return made

    def shown(self, query: str, as_: str = "admin", path: str = "/v1/licenses") -> list[str]:
        """The names that a query leaves, newest first; the same for every form of page."""
        return [self.names[one] for one in listed(self.world, f"{path}?{query}" if query else path, as_)]

    def all_but(self, *names: str) -> list[str]:
        """All other names, newest first."""
        return [name for name in reversed(self.names.values()) if name not in names]


@pytest.fixture(scope="module")
def engines() -> Iterator[Callable[[], World]]:
    """Makes worlds, each with an engine of its own."""
    made: list[Engine] = []

    def world() -> World:
        made.append(Engine(":memory:"))
        return World(EngineTransport(made[-1]))

    yield world
    for engine in made:
        engine.close()


# --- expiry ---------------------------------------------------------------------------------------------------------

EXPIRIES: dict[str, datetime | None] = {
    "perpetual": None,
    "2001": datetime(2001, 1, 1, tzinfo=NOW.tzinfo),
    "400 days ago": NOW - 400 * DAY,
    "10 days ago": NOW - 10 * DAY,
    "yesterday's last": TODAY - TICK,
    "today's first": TODAY,
    "just past": NOW - TICK,
    "now": NOW,
    "next": NOW + TICK,
    "tonight": TODAY + DAY - TICK,
    "tomorrow's first": TODAY + DAY,
    "3 days less": NOW + 3 * DAY - TICK,
    "3 days": NOW + 3 * DAY,
    "3 days more": NOW + 3 * DAY + TICK,
    "40 days": NOW + 40 * DAY,
    "10 years": NOW + 3650 * DAY,
    "2999": datetime(2999, 12, 31, 23, 59, 59, tzinfo=NOW.tzinfo),
}


def expiring_between(first: str, last: str) -> list[str]:
    """The names from `first` to `last`, as lists show them."""
    names = list(EXPIRIES)
    return names[names.index(first) : names.index(last) + 1][::-1]


PAST = expiring_between("2001", "just past")
TO_COME = expiring_between("now", "2999")
SOON = expiring_between("next", "3 days less")
ALL = list(EXPIRIES)[::-1]


@pytest.fixture(scope="module")
def expiries(engines: Callable[[], World]) -> Rack:
    rack = Rack(engines())
    for name, expiry in EXPIRIES.items():
        rack.put(name, expiry=expiry)
    return rack


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("expired=true", PAST),
        ("expired=1", PAST),
        ("expired=False", PAST),
        ("expired=maybe", PAST),
        ("expired[other]=x", PAST),
        ("expired=false", [*TO_COME, "perpetual"]),
        ("expired=off", [*TO_COME, "perpetual"]),
        ("expired=0", [*TO_COME, "perpetual"]),
        ("status=EXPIRED", PAST),
        ("status=expired", PAST),
        ("expiring=true", SOON),
        ("expiring=t", SOON),
        ("status=EXPIRING", SOON),
        ("status=eXpiring", SOON),
        ("expiring=false", [one for one in ALL if one not in {*SOON, "now", "3 days"}]),
        ("expiring=NO", [one for one in ALL if one not in {*SOON, "now", "3 days"}]),
        # expired[...]: nothing that is not expired yet
        ("expired[within]=P10D", expiring_between("10 days ago", "just past")),
        ("expired[in]=10d", expiring_between("10 days ago", "just past")),
        ("expired[within]=864000", expiring_between("10 days ago", "just past")),
        ("expired[within]=863999", expiring_between("yesterday's last", "just past")),
        ("expired[within]=12h", []),
        ("expired[within]=T12H", expiring_between("today's first", "just past")),
        ("expired[within]=P20Y", expiring_between("400 days ago", "just past")),
        ("expired[within]=P99999Y", PAST),
        ("expired[within]=0", []),
        (f"expired[before]={unix(NOW - 10 * DAY)}", expiring_between("2001", "10 days ago")),
        (f"expired[before]={to_text(NOW - 10 * DAY - TICK)}", expiring_between("2001", "400 days ago")),
        (f"expired[before]={to_text(NOW)}", PAST),
        ("expired[before]=2999-01-01", PAST),
        ("expired[before]=1999-01-01", []),
        (f"expired[after]={to_text(TODAY)}", expiring_between("today's first", "just past")),
        (f"expired[after]={to_text(TODAY - TICK)}", expiring_between("yesterday's last", "just past")),
        ("expired[after]=1970-01-01", PAST),
        (f"expired[after]={to_text(NOW)}", []),
        ("expired[on]=2026-03-01", expiring_between("today's first", "just past")),
        ("expired[on]=2026-02-28T23:00:00Z", ["yesterday's last"]),
        ("expired[on]=2026-03-02", []),
        # expires[...]: from now on
        ("expires[within]=P3D", expiring_between("now", "3 days")),
        ("expires[in]=3d", expiring_between("now", "3 days")),
        ("expires[within]=259200", expiring_between("now", "3 days")),
        ("expires[within]=1m", expiring_between("now", "3 days more")),
        ("expires[within]=2m", expiring_between("now", "40 days")),
        ("expires[within]=P1M8DT23H", ["3 days more", "3 days", *SOON, "now"]),
        ("expires[within]=P1M9D", expiring_between("now", "40 days")),
        ("expires[within]=1w", expiring_between("now", "3 days more")),
        ("expires[within]=T0.001S", ["next", "now"]),
        ("expires[within]=0", ["now"]),
        ("expires[within]=20y", expiring_between("now", "10 years")),
        ("expires[within]=P99999Y", TO_COME),
        ("expires[within]=99999999999999999999", TO_COME),
        (f"expires[before]={to_text(NOW + 3 * DAY)}", expiring_between("now", "3 days")),
        (f"expires[before]={unix(NOW + 3 * DAY)}", expiring_between("now", "3 days")),
        (f"expires[before]={to_text(NOW - TICK)}", []),
        ("expires[before]=2026-03-04T13:00:00%2B01:00", expiring_between("now", "3 days")),
        ("expires[before]=9999-12-31", TO_COME),
        (f"expires[after]={to_text(NOW + 3 * DAY)}", expiring_between("3 days", "2999")),
        ("expires[after]=1970-01-01", TO_COME),
        ("expires[after]=2990-01-01", ["2999"]),
        ("expires[after]=3000-01-01", []),
        ("expires[on]=2026-03-01", expiring_between("today's first", "tonight")),
        ("expires[on]=2026-02-28", ["yesterday's last"]),
        ("expires[on]=2026-03-02T10:00:00Z", ["tomorrow's first"]),
        ("expires[on]=2001-01-01", ["2001"]),
        ("expires[on]=2999-12-31", ["2999"]),
        # one member counts
        ("expires[after]=2990-01-01&expires[before]=2026-03-02", expiring_between("now", "tomorrow's first")),
        ("expires[on]=2999-12-31&expires[after]=2026-03-03", expiring_between("3 days less", "2999")),
        ("expires[before]=9999-01-01&expires[in]=0", ["now"]),
        ("expires[in]=P3D&expires[within]=0", ["now"]),
        ("expires[within]=&expires[on]=2999-12-31", ["2999"]),
        ("expires[within][x]=1&expires[on]=2999-12-31", ["2999"]),
        ("expires[other]=1&expires[on]=2999-12-31", ["2999"]),
        # together
        ("expired=true&expires[on]=2026-03-01", expiring_between("today's first", "just past")),
        ("expired=true&expires[within]=P1Y", []),
        ("expired=false&expiring=false", [*expiring_between("3 days more", "2999"), "perpetual"]),
        ("status=EXPIRING&expires[after]=2026-03-02", ["3 days less", "tomorrow's first"]),
        ("status=EXPIRING&expired[other]=1", []),
        # well-shaped and meaningless
        ("expires[other]=1", []),
        ("expires[within]=soon", []),
        ("expires[within]=-5", []),
        ("expires[within]=1w2d", []),
        ("expires[within]=P", []),
        ("expires[within]=2026-03-01", []),
        ("expires[before]=30d", []),
        ("expires[after]=tomorrow", []),
        ("expires[on]=2026-13-01", []),
        ("expired[within]=x&expired[before]=2026-01-01", []),
        ("expired[on]=P1D", []),
        ("status=EXPIRES", []),
        ("status=EXPIRED,EXPIRING", []),
        # blank or of another shape: as if it were not there
        ("expired=", ALL),
        ("expired=%20", ALL),
        ("expired[]=true", ALL),
        ("expired[within]=", ALL),
        ("expired[within][x]=1", ALL),
        ("expired[within][]=1", ALL),
        ("expiring[x]=true", ALL),
        ("expires=P3D", ALL),
        ("expires[]=P3D", ALL),
        ("expires[within]=%09", ALL),
        ("status=", ALL),
        ("status[]=EXPIRED", ALL),
        ("status[x]=EXPIRED", ALL),
        ("Expired=true", ALL),
        ("expired[Within]=P10D", PAST),
    ],
)
def test_expiry(expiries: Rack, query: str, expected: list[str]) -> None:
    assert expiries.shown(query) == expected


# --- activity -------------------------------------------------------------------------------------------------------

QUARTER = NOW - 90 * DAY
BY_ACTIVITY: dict[str, dict[str, Any]] = {
    "2005": {"created": datetime(2005, 6, 1, tzinfo=NOW.tzinfo)},
    "old": {"created": LONG_AGO},
    "validated just outside": {"created": LONG_AGO + SECOND, "last_validated": QUARTER - TICK},
    "validated": {"created": LONG_AGO + 2 * SECOND, "last_validated": QUARTER},
    "checked out": {"created": LONG_AGO + 3 * SECOND, "last_check_out": NOW - 30 * DAY},
    "checked in": {"created": LONG_AGO + 4 * SECOND, "last_check_in": NOW - 30 * DAY - TICK},
    "long validated, lately checked in": {
        "created": LONG_AGO + 5 * SECOND,
        "last_validated": LONG_AGO + 6 * SECOND,
        "last_check_in": NOW,
    },
    "made": {"created": QUARTER},
    "made today": {"created": NOW - SECOND, "last_validated": NOW - TICK},
}
INACTIVE = ["validated just outside", "old", "2005"]
ACTIVE = [
    "made today",
    "made",
    "long validated, lately checked in",
    "checked in",
    "checked out",
    "validated",
]


@pytest.fixture(scope="module")
def activities(engines: Callable[[], World]) -> Rack:
    rack = Rack(engines())
    banned = put_user(rack.world, banned_at=LONG_AGO)
    for name, fields in BY_ACTIVITY.items():
        rack.put(name, **fields)
    rack.put("banned's, old", created=LONG_AGO - DAY, owner_id=banned.id)
    rack.put("banned's, active", created=NOW - SECOND - TICK, owner_id=banned.id)
    return rack


EVERY_ACTIVITY = ["made today", "banned's, active", *ACTIVE[1:], *INACTIVE[:2], "banned's, old", "2005"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", EVERY_ACTIVITY),
        ("status=ACTIVE", ACTIVE),
        ("status=active", ACTIVE),
        ("status=INACTIVE", INACTIVE),
        ("status=BANNED", ["banned's, active", "banned's, old"]),
        ("activity[inside]=90d", ACTIVE),
        ("activity[inside]=P90D", ACTIVE),
        (f"activity[inside]={90 * 86_400}", ACTIVE),
        (f"activity[inside]={90 * 86_400 - 1}", [one for one in ACTIVE if one not in ("made", "validated")]),
        ("activity[outside]=90d", INACTIVE),
        (f"activity[outside]={90 * 86_400 - 1}", ["made", "validated", *INACTIVE]),
        ("activity[inside]=30d", ["made today", "long validated, lately checked in", "checked out"]),
        ("activity[inside]=0", ["long validated, lately checked in"]),
        ("activity[inside]=P99999Y", [one for one in EVERY_ACTIVITY if "banned" not in one]),
        ("activity[outside]=P99999Y", []),
        ("activity[outside]=20y", ["2005"]),
        (f"activity[after]={to_text(QUARTER)}", ACTIVE),
        (f"activity[after]={to_text(NOW)}", ["long validated, lately checked in"]),
        (f"activity[after]={to_text(NOW + 30 * DAY)}", []),
        (f"activity[before]={to_text(QUARTER)}", INACTIVE),
        (f"activity[before]={to_text(QUARTER - TICK)}", ["old", "2005"]),
        (f"activity[before]={unix(LONG_AGO)}", ["2005"]),
        ("activity[before]=2005-01-01", []),
        ("activity[before]=2100-01-01", [one for one in EVERY_ACTIVITY if "banned" not in one]),
        ("activity[after]=1", [one for one in EVERY_ACTIVITY if "banned" not in one]),
        # one member counts
        ("activity[after]=2100-01-01&activity[inside]=90d", ACTIVE),
        ("activity[after]=2100-01-01&activity[outside]=90d", INACTIVE),
        ("activity[after]=1&activity[before]=2005-01-01", []),
        ("activity[inside]=&activity[before]=2010-01-01", ["2005"]),
        # together
        ("status=ACTIVE&activity[before]=2026-01-01", ["made", "validated"]),
        ("status=INACTIVE&status=ACTIVE", ACTIVE),
        ("status=BANNED&activity[inside]=90d", []),
        # meaningless
        ("activity[within]=90d", []),
        ("activity[inside]=x", []),
        ("activity[inside]=2026-01-01", []),
        ("activity[after]=90d", []),
        ("activity[before]=x&activity[after]=1", []),
        ("status=IDLE", []),
        ("status=%20ACTIVE", []),
        # blank or of another shape
        ("activity[inside]=", EVERY_ACTIVITY),
        ("activity=90d", EVERY_ACTIVITY),
        ("activity[][inside]=90d", None),
        ("activity[]=90d", EVERY_ACTIVITY),
    ],
)
def test_activity(activities: Rack, query: str, expected: list[str] | None) -> None:
    if expected is None:
        assert activities.world.get(f"/v1/licenses?{query}").error == (400, "PARAMETERS_INVALID", None)
    else:
        assert activities.shown(query) == expected


# --- relations, flags, counts -------------------------------------------------------------------------------------


class Relations(Rack):
    """Who and what licenses belong to; `fill` writes what queries and expectations name."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.other = policy_of(world, world.policy()["id"])
        self.mate = policy_of(world, world.policy(self.policy.product_id)["id"])
        self.owner = put_user(world, email="owner@acme.example")
        self.guest = put_user(world, email="guest@acme.example")
        self.banned = put_user(world, email="banned@acme.example", banned_at=LONG_AGO)
        self.idle = put_user(world, email="idle@acme.example")
        self.group, self.empty = put_group(world, "one"), put_group(world, "two")
        self.put("nobody's")
        self.put("owned", owner_id=self.owner.id)
        self.put("shared", self.guest)
        self.put("owned and shared", self.guest, owner_id=self.owner.id)
        self.put("banned owner", owner_id=self.banned.id, suspended=True)
        self.put("banned guest", self.banned, group_id=self.group.id)
        self.put("grouped", owner_id=self.guest.id, group_id=self.group.id)
        self.put("suspended", suspended=True, machines=1)
        self.put("of another policy", policy=self.mate, machines=2, group_id=self.group.id)
        self.put("of another product", self.owner, policy=self.other, machines=3, suspended=True)

        self.bearers = {
            "product": world.token(f"/v1/products/{self.policy.product_id}"),
            "other product": world.token(f"/v1/products/{self.other.product_id}"),
            **{name: user_token(world, getattr(self, name)) for name in ("owner", "guest", "idle")},
            "read-only": staff(world, "read-only"),
        }

    def filled(self, query: str) -> str:
        """`query` with ids for what it names."""
        for name, value in {
            "{product}": self.policy.product_id,
            "{other product}": self.other.product_id,
            "{policy}": self.policy.id,
            "{mate}": self.mate.id,
            "{other}": self.other.id,
            "{owner}": self.owner.id,
            "{guest}": self.guest.id,
            "{banned}": self.banned.id,
            "{idle}": self.idle.id,
            "{group}": self.group.id,
            "{empty}": self.empty.id,
            "{nowhere}": NOWHERE,
        }.items():
            query = query.replace(name, value)
        return query


@pytest.fixture(scope="module")
def relations(engines: Callable[[], World]) -> Relations:
    return Relations(engines())


OF_THE_PRODUCT = [
    "of another policy",
    "suspended",
    "grouped",
    "banned guest",
    "banned owner",
    "owned and shared",
    "shared",
    "owned",
    "nobody's",
]
EVERY = ["of another product", *OF_THE_PRODUCT]
OWNED = ["owned and shared", "owned"]
USED = ["of another product", *OWNED]
GROUPED = ["of another policy", "grouped", "banned guest"]
SUSPENDED = ["of another product", "suspended", "banned owner"]
ASSIGNED = [
    "of another product",
    "grouped",
    "banned guest",
    "banned owner",
    "owned and shared",
    "shared",
    "owned",
]


def but(names: list[str]) -> list[str]:
    return [name for name in EVERY if name not in names]


RELATIONS: list[tuple[str, list[str]]] = [
    ("", EVERY),
    ("product={product}", OF_THE_PRODUCT),
    ("product={other product}", ["of another product"]),
    ("policy={policy}", OF_THE_PRODUCT[1:]),
    ("policy={mate}", ["of another policy"]),
    ("policy={other}", ["of another product"]),
    ("group={group}", GROUPED),
    ("group={empty}", []),
    ("owner={owner}", OWNED),
    ("owner=owner@acme.example", OWNED),
    ("owner=Owner@acme.example", []),
    ("owner={guest}", ["grouped"]),
    ("owner={idle}", []),
    ("user={owner}", USED),
    ("user=owner@acme.example", USED),
    ("user=OWNER@ACME.EXAMPLE", []),
    ("user={guest}", ["grouped", "owned and shared", "shared"]),
    ("user={banned}", ["banned guest", "banned owner"]),
    ("user={idle}", []),
    ("machine={nowhere}", []),
    ("suspended=true", SUSPENDED),
    ("suspended=yes", SUSPENDED),
    ("status=SUSPENDED", SUSPENDED),
    ("status=Suspended", SUSPENDED),
    ("suspended=false", but(SUSPENDED)),
    ("suspended=F", but(SUSPENDED)),
    ("status=BANNED", ["banned owner"]),
    ("status=INACTIVE", but(["banned owner"])),
    ("status=ACTIVE", []),
    ("assigned=true", ASSIGNED),
    ("assigned=false", but(ASSIGNED)),
    ("unassigned=true", but(ASSIGNED)),
    ("unassigned=false", ASSIGNED),
    ("assigned=true&unassigned=true", []),
    ("activated=true", ["of another product", "of another policy", "suspended"]),
    ("activated=false", but(["of another product", "of another policy", "suspended"])),
    ("activations[eq]=2", ["of another policy"]),
    ("activations[gt]=1", ["of another product", "of another policy"]),
    ("activations[gte]=3", ["of another product"]),
    ("activations[lt]=1", but(["of another product", "of another policy", "suspended"])),
    ("activations[lte]=1", but(["of another product", "of another policy"])),
    ("activations[eq]=3x", ["of another product"]),
    ("activations[gt]=many", ["of another product", "of another policy", "suspended"]),
    ("activations[gt]=-7", ["of another product", "of another policy", "suspended"]),
    ("activations[lt]=99999999999999999999999", EVERY),
    ("activations[lte]=0&activations[gt]=2", ["of another product"]),
    # together
    ("policy={policy}&owner={owner}", OWNED),
    ("policy={mate}&owner={owner}", []),
    ("owner={owner}&user={guest}", ["owned and shared"]),
    ("owner=owner@acme.example&user=guest@acme.example", ["owned and shared"]),
    ("group={group}&user={guest}", ["grouped"]),
    ("group={group}&policy={mate}", ["of another policy"]),
    ("product={product}&suspended=true", ["suspended", "banned owner"]),
    ("product={product}&policy={other}", []),
    ("status=BANNED&suspended=true", ["banned owner"]),
    ("status=BANNED&suspended=false", []),
    ("status=BANNED&policy={policy}", ["banned owner"]),
    ("status=SUSPENDED&activated=true", ["of another product", "suspended"]),
    ("user={guest}&unassigned=false&suspended=0", ["grouped", "owned and shared", "shared"]),
    ("owner={owner}&unknown=1&filter[x]=2", OWNED),
    # meaningless, or of nobody
    *((f"{name}={{nowhere}}", []) for name in ("product", "policy", "group", "owner", "user", "machine")),
    *((f"{name}=x", []) for name in ("product", "policy", "group", "owner", "user", "machine")),
    ("owner=nobody@acme.example", []),
    ("user=nobody@acme.example", []),
    ("product=MY-APP", []),
    ("activations[ne]=2", []),
    # blank or of another shape
    *((f"{name}=", EVERY) for name in ("product", "policy", "group", "owner", "user", "machine", "suspended")),
    *((f"{name}[]={{nowhere}}", EVERY) for name in ("product", "policy", "group", "owner", "user", "machine")),
    *((f"{name}[x]={{nowhere}}", EVERY) for name in ("product", "policy", "group", "owner", "user", "machine")),
    *((f"{name}[]=true", EVERY) for name in ("suspended", "assigned", "unassigned", "activated")),
    *((f"{name}=%20%0A", EVERY) for name in ("suspended", "assigned", "unassigned", "activated")),
    ("activations=2", EVERY),
    ("activations[]=2", EVERY),
    ("activations[eq]=", EVERY),
    ("activations[eq][x]=2", EVERY),
]


@pytest.mark.parametrize(("query", "expected"), RELATIONS)
def test_relations(relations: Relations, query: str, expected: list[str]) -> None:
    assert relations.shown(relations.filled(query)) == expected


def test_ids_in_any_spelling(relations: Relations) -> None:
    for name, value, expected in (
        ("policy", relations.mate.id, ["of another policy"]),
        ("owner", relations.owner.id, OWNED),
        ("user", relations.owner.id, USED),
        ("group", relations.group.id, GROUPED),
    ):
        assert relations.shown(f"{name}={value.upper()}") == expected


@pytest.mark.parametrize(("query", "expected"), RELATIONS)
@pytest.mark.parametrize("bearer", ["product", "other product", "owner", "guest", "idle", "read-only"])
def test_what_a_bearer_sees_of_it(relations: Relations, bearer: str, query: str, expected: list[str]) -> None:
    """Filters AND with the scope of whoever asks."""
    scopes = {
        "product": OF_THE_PRODUCT,
        "other product": ["of another product"],
        "owner": USED,
        "guest": ["grouped", "owned and shared", "shared"],
        "idle": [],
        "read-only": EVERY,
    }
    found = relations.shown(relations.filled(query), relations.bearers[bearer])
    assert found == [name for name in expected if name in scopes[bearer]]


# --- metadata -------------------------------------------------------------------------------------------------------

METADATA: dict[str, dict[str, Any]] = {
    "none": {},
    "text": {"plan": "pro"},
    "text in capitals": {"plan": "PRO"},
    "number": {"plan": 1},
    "number as text": {"plan": "1"},
    "decimal": {"plan": 1.0},
    "padded text": {"plan": "01"},
    "half": {"plan": 1.5},
    "negative": {"plan": -1},
    "yes": {"plan": True},
    "yes as text": {"plan": "true"},
    "no": {"plan": False},
    "null": {"plan": None},
    "null as text": {"plan": "null"},
    "empty text": {"plan": ""},
    "nested": {"plan": {"name": "pro", "cores": 64, "note": "64"}},
    "nested more": {"plan": {"name": "pro", "tags": ["x"], "a": {"b": "c"}}},
    "array": {"plan": ["pro", "x", 1]},
    "two": {"plan": "pro", "deleted_at": "2026-01-01"},
    "odd": {"plan": "a=b:c.d", "x_y": "é"},
}


@pytest.fixture(scope="module")
def metadata(engines: Callable[[], World]) -> Rack:
    rack = Rack(engines())
    for name, stored in METADATA.items():
        rack.put(name, metadata=stored)
    return rack


EVERY_METADATA = list(METADATA)[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("metadata[plan]=pro", ["two", "text"]),
        ("metadata[Plan]=pro", ["two", "text"]),
        ("metadata[plan]=PRO", ["text in capitals"]),
        ("metadata[plan]=pr", []),
        ("metadata[plan]=pro%20", []),
        ("metadata[plan]=1", ["decimal", "number as text", "number"]),
        ("metadata[plan]=1.0", ["decimal", "number"]),
        ("metadata[plan]=01", ["padded text", "decimal", "number"]),
        ("metadata[plan]=1.5", ["half"]),
        ("metadata[plan]=1.50", ["half"]),
        ("metadata[plan]=-1", []),
        ("metadata[plan]=1e0", []),
        ("metadata[plan]=true", ["yes as text", "yes"]),
        ("metadata[plan]=True", []),
        ("metadata[plan]=false", ["no"]),
        ("metadata[plan]=null", ["null as text", "null"]),
        ("metadata[gone]=null", []),
        ("metadata[plan][name]=pro", ["nested more", "nested"]),
        ("metadata[plan][name]=pr", []),
        ("metadata[plan][cores]=64", []),
        ("metadata[plan][note]=64", ["nested"]),
        ("metadata[plan][name]=pro&metadata[plan][note]=64", ["nested"]),
        ("metadata[plan][Name]=pro", ["nested more", "nested"]),
        ("metadata[plan][a][b]=c", ["nested more"]),
        ("metadata[plan][a][b]=d", []),
        ("metadata[plan.name]=pro", []),
        ("metadata[plan][]=pro", ["array"]),
        ("metadata[plan][]=pro&metadata[plan][]=x", ["array"]),
        ("metadata[plan][]=pro&metadata[plan][]=y", []),
        ("metadata[plan][]=1", []),
        ("metadata[plan][tags][]=x", ["nested more"]),
        ("metadata[plan][tags][]=x&metadata[plan][name]=pro", ["nested more"]),
        ("metadata[plan][tags]=x", []),
        ("metadata[deletedAt]=2026-01-01", ["two"]),
        ("metadata[deleted_at]=2026-01-01", ["two"]),
        ("metadata[DeletedAt]=2026-01-01", ["two"]),
        ("metadata[plan]=pro&metadata[deletedAt]=2026-01-01", ["two"]),
        ("metadata[plan]=pro&metadata[deletedAt]=2026-01-02", []),
        ("metadata[deletedAt]=2026-01-01&metadata[plan]=pro", ["two"]),
        ("metadata[plan]=a%3Db:c.d", ["odd"]),
        ("metadata[xY]=%C3%A9", ["odd"]),
        ("metadata[plan]=pro&expired=true", []),
        ("metadata[plan]=pro&expired=false&status=INACTIVE", ["two", "text"]),
        ("metadata[other]=pro", []),
        (f"metadata[plan]={'9' * 5000}", []),
        ("metadata=pro", EVERY_METADATA),
        ("metadata[]=pro", EVERY_METADATA),
        ("metadata[plan]=", EVERY_METADATA),
        ("metadata[plan]=%20", EVERY_METADATA),
        ("metadata[plan][name]=", EVERY_METADATA),
        ("metadata[plan][]=", EVERY_METADATA),
        ("metadata[plan]=&metadata[deletedAt]=2026-01-01", ["two"]),
    ],
)
def test_metadata(metadata: Rack, query: str, expected: list[str]) -> None:
    assert metadata.shown(query) == expected


# --- through the API alone, on both engines -----------------------------------------------------------------------


def test_changes_are_found_at_once(world: World) -> None:
    """What a list starts from moves with every change, and back."""
    mine, yours = put_user(world), put_user(world)
    group, policy = put_group(world, "one"), world.policy(duration=10 * 86_400)["id"]
    other = world.policy(duration=86_400)["id"]
    one = world.license(policy, metadata={"plan": "pro", "box": {"size": "L"}})["id"]
    path = f"/v1/licenses/{one}"

    def found(query: str) -> bool:
        return ids(world.get(f"/v1/licenses?{query}").data) == [one]

    def change(method: str, what: str, body: Any = None) -> None:
        answer = world.send(method, f"{path}{what}", body)
        assert answer.status < 300, answer.raw

    def link(kind: str, identifier: str | None) -> dict[str, Any]:
        return {"data": None if identifier is None else {"type": kind, "id": identifier}}

    assert found("metadata[plan]=pro")
    change("PATCH", "", resource("licenses", {"metadata": {"plan": 5}}))
    assert [found(f"metadata[{text}") for text in ("plan]=pro", "plan]=5", "box][size]=L")] == [False, True, False]
    change("PUT", "/owner", link("users", mine.id))
    assert [found(f"owner={one.id}") for one in (mine, yours)] == [True, False]
    change("PUT", "/owner", link("users", yours.id))
    assert [found(f"owner={one.id}") for one in (mine, yours)] == [False, True]
    change("POST", "/users", {"data": [{"type": "users", "id": mine.id}]})
    assert [found(f"user={one.id}") for one in (mine, yours)] == [True, True]
    change("DELETE", "/users", {"data": [{"type": "users", "id": mine.id}]})
    change("PUT", "/owner", link("users", None))
    assert [found(query) for query in (f"user={mine.id}", f"user={yours.id}", "assigned=false")] == [False, False, True]
    change("PUT", "/group", link("groups", group.id))
    assert found(f"group={group.id}")
    change("PUT", "/group", link("groups", None))
    assert not found(f"group={group.id}")
    change("PUT", "/policy", link("policies", other))
    assert [found(f"policy={one}") for one in (policy, other)] == [False, True]
    change("POST", "/actions/suspend")
    assert [found(query) for query in ("suspended=true", "status=SUSPENDED", "suspended=false")] == [True, True, False]
    change("POST", "/actions/reinstate")
    assert not found("suspended=true")
    assert [found(f"expires[within]=P{days}D") for days in (9, 10)] == [False, True]
    change("POST", "/actions/renew")
    assert [found(f"expires[within]=P{days}D") for days in (10, 11)] == [False, True]
    change("PATCH", "", resource("licenses", {"expiry": None}))
    assert [found("expires[within]=P99Y"), found("expired=false")] == [False, True]
    world.clock.advance(days=100)
    assert [found(f"status={text}") for text in ("ACTIVE", "INACTIVE")] == [False, True]
    change("POST", "/actions/validate")
    assert [found(f"status={text}") for text in ("ACTIVE", "INACTIVE")] == [True, False]
    change("DELETE", "")
    for query in ("status=ACTIVE", "metadata[plan]=5", f"policy={other}", "expired=false"):
        assert listed(world, f"/v1/licenses?{query}") == []


def test_lists_of_the_account_on_both_engines(world: World) -> None:
    rack = Relations(world)
    for query, expected in RELATIONS[:26]:
        found = ids(world.get(f"/v1/licenses?{rack.filled(query)}").data)
        assert [rack.names[one] for one in found] == expected, query


def test_the_license_of_a_machine(local_world: World) -> None:
    world = local_world
    holder, other = world.license(), world.license()
    installed = world.create("machines", {"fingerprint": "one"}, license=("licenses", holder["id"]))["id"]
    path = f"/v1/licenses?machine={installed}"
    product = holder["relationships"]["product"]["data"]["id"]
    assert listed(world, path) == listed(world, path.replace(installed, installed.upper())) == [holder["id"]]
    assert listed(world, f"{path}&product={product}&activated=true&activations[eq]=1") == [holder["id"]]
    assert listed(world, f"{path}&suspended=true") == []
    for license, expected in ((holder, [holder["id"]]), (other, [])):
        bearer = world.token(f"/v1/products/{license['relationships']['product']['data']['id']}")
        assert listed(world, path, bearer) == expected
    assert world.send("DELETE", f"/v1/machines/{installed}").status == 204
    assert listed(world, path) == listed(world, "/v1/licenses?activated=true") == []


def test_expiry_passes_by_itself(world: World) -> None:
    one = world.license(world.policy(duration=2 * 86_400)["id"])["id"]

    def standing() -> list[str]:
        queries = ("status=EXPIRING", "expired=true", "expired[in]=1d", "expires[in]=1d")
        return [query for query in queries if ids(world.get(f"/v1/licenses?{query}").data) == [one]]

    assert standing() == ["status=EXPIRING"]
    world.clock.advance(days=1)
    assert standing() == ["status=EXPIRING", "expires[in]=1d"]
    world.clock.advance(days=1)
    assert standing() == ["expires[in]=1d"]
    world.clock.advance(days=1)
    assert standing() == ["expired=true", "expired[in]=1d"]
    world.clock.advance(days=400)
    assert standing() == ["expired=true"]


def test_banned_owners(local_world: World) -> None:
    """However many they are, one more than is read side by side included."""
    rack = Rack(local_world)
    rack.put("free", owner_id=put_user(local_world).id)
    for number in range(59):
        put_user(local_world, banned_at=LONG_AGO)
        rack.put(f"free {number}")
    for name in ("first", "second", "third"):
        rack.put(name, owner_id=put_user(local_world, banned_at=LONG_AGO).id)
        assert rack.shown("status=BANNED")[0] == name
    assert rack.shown("status=BANNED") == ["third", "second", "first"]


# --- order of errors, links, other lists ----------------------------------------------------------------------------

NUMBER, SIZE = "page%5Bnumber%5D", "page%5Bsize%5D"


@pytest.mark.parametrize("query", ["expires[within]=soon", "owner=nobody@acme.example", "expired=true", "policy=x"])
def test_filters_then_pagination_then_authorization(local_world: World, query: str) -> None:
    """What a filter means is never an error; then 400, then 403."""
    license = by_key(open_license(local_world))
    bad = f"/v1/licenses?{query}&page[size]=5"
    assert local_world.get(bad).error == (400, None, "page")
    assert local_world.get(bad, as_=license).error == (400, None, "page")
    assert local_world.get(f"/v1/licenses?{query}", as_=license).error == (403, None, None)
    assert local_world.get(f"/v1/licenses?{query}", as_=None).error == (401, "TOKEN_MISSING", None)
    assert local_world.get(f"/v1/licenses?{query}&order=up").error == (400, None, "order")
    assert local_world.get(f"/v1/licenses?{query}&limit=101").error == (400, None, "limit")


def test_links_carry_the_filters(relations: Relations) -> None:
    path = f"/v1/licenses?status=SUSPENDED&activations[gt]=0&{NUMBER}=1&{SIZE}=1"
    answer = relations.world.get(path.replace("%5B", "[").replace("%5D", "]")).document
    kept = "/v1/licenses?activations%5Bgt%5D=0"

    def link(number: int) -> str:
        return f"{kept}&{NUMBER}={number}&{SIZE}=1&status=SUSPENDED"

    assert answer["links"] == {
        **{"self": link(1), "prev": None, "next": link(2), "first": link(1), "last": link(2)},
        "meta": {"pages": 2, "count": 2},
    }
    nothing = relations.world.get("/v1/licenses?policy=x&page[number]=1").document
    assert (nothing["data"], nothing["links"]["meta"]) == ([], {"pages": 0, "count": 0})
    assert nothing["links"]["last"] == f"/v1/licenses?{NUMBER}=0&{SIZE}=10&policy=x"
    assert nothing["links"]["next"] is None
    empty = relations.world.get("/v1/licenses?policy=x&page[cursor]=").document
    assert (empty["data"], empty["links"]["next"]) == ([], None)
    assert relations.world.get("/v1/licenses?policy=x").document == {"data": []}


def test_a_cursor_that_the_filter_leaves_out_still_says_where(relations: Relations) -> None:
    everything = ids(relations.world.get("/v1/licenses?limit=100").data)
    suspended = ids(relations.world.get("/v1/licenses?suspended=true").data)
    for position, cursor in enumerate(everything):
        after = [one for one in suspended if one in everything[position + 1 :]]
        assert walked(relations.world, f"/v1/licenses?suspended=true&page[cursor]={cursor}&page[size]=1") == after
    assert walked(relations.world, f"/v1/licenses?suspended=true&page[cursor]={NOWHERE}") == []


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/products/{product}/licenses", "", OF_THE_PRODUCT),
        ("/v1/products/{product}/licenses", "policy={mate}", ["of another policy"]),
        ("/v1/products/{product}/licenses", "policy={other}", []),
        ("/v1/products/{product}/licenses", "user={guest}", ["grouped", "owned and shared", "shared"]),
        ("/v1/products/{product}/licenses", "user=guest@acme.example&suspended=true", []),
        ("/v1/products/{product}/licenses", "suspended=true", ["suspended", "banned owner"]),
        ("/v1/products/{product}/licenses", "owner={guest}&expired=true&metadata[x]=1", OF_THE_PRODUCT),
        ("/v1/policies/{policy}/licenses", "", OF_THE_PRODUCT[1:]),
        ("/v1/policies/{mate}/licenses", "expired=true", ["of another policy"]),
        ("/v1/users/{owner}/licenses", "", USED),
        ("/v1/users/{owner}/licenses", "product={other product}", ["of another product"]),
        ("/v1/users/{owner}/licenses", "policy={policy}", OWNED),
        ("/v1/users/{owner}/licenses", "suspended=true", ["of another product"]),
        ("/v1/users/{owner}/licenses", "suspended=false&user={idle}", OWNED),
        ("/v1/users/{idle}/licenses", "", []),
        ("/v1/groups/{group}/licenses", "", GROUPED),
    ],
)
def test_lists_below_others(relations: Relations, path: str, query: str, expected: list[str]) -> None:
    where, asked = relations.filled(path), relations.filled(query)
    assert relations.shown(asked, path=where) == expected
    if "/policies/" not in path and "/{product}/" not in path:
        seen = relations.shown(asked, relations.bearers["product"], where)
        assert seen == [name for name in expected if name in OF_THE_PRODUCT]
