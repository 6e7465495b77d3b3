"""Lists of licenses, held against a list comprehension over all of them: any filters, any bearer, any form of page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.licensing.clock import to_text
from infra.local.engine import Engine, EngineTransport
from tests.api.helpers import NOWHERE, user_token
from tests.api.listing import ids, pages
from tests.api.stock import policy_of, put, put_group, put_user
from tests.properties.listed import (
    BANNED,
    NOW,
    PRODUCT_OF,
    QUERIES,
    SPECS,
    Filter,
    Keeps,
    Spec,
    all_of,
    always,
    having,
    used_by,
)
from tests.world import World

SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


class Place:
    """A world with licenses as specified."""

    def __init__(self, engine: Engine, specs: Sequence[Spec]) -> None:
        self.world = World(EngineTransport(engine))
        products = [self.world.product()["id"] for _ in range(2)]
        policies = [policy_of(self.world, self.world.policy(products[number])["id"]) for number in PRODUCT_OF]
        users = [put_user(self.world, banned_at=NOW if number == BANNED else None) for number in range(3)]
        groups = [put_group(self.world, "group").id for _ in range(2)]
        self.words = {"nowhere": NOWHERE}
        for name, found in {
            "product": products,
            "policy": [one.id for one in policies],
            "user": [one.id for one in users],
            "email": [one.email for one in users],
            "group": groups,
        }.items():
            self.words |= {f"{name} {number}": one for number, one in enumerate(found)}
        self.bearers = {
            "admin": self.world.admin,
            **{f"product {number}": self.world.token(f"/v1/products/{one}") for number, one in enumerate(products)},
            **{f"user {number}": user_token(self.world, users[number]) for number in (0, 1)},
        }
        self.specs: dict[str, Spec] = {}
        for spec in specs:
            made = put(
                self.world,
                policies[spec.policy],
                [users[number] for number in sorted(spec.attached)],
                created=spec.created,
                updated=spec.created,
                owner_id=None if spec.owner is None else users[spec.owner].id,
                group_id=None if spec.group is None else groups[spec.group],
                expiry=spec.expiry,
                last_validated=spec.validated,
                last_check_out=spec.checked_out,
                last_check_in=spec.checked_in,
                suspended=spec.suspended,
                machines=spec.machines,
                metadata=spec.metadata,
            )
            self.specs[made.id] = spec

    def filled(self, text: str) -> str:
        """`text` with ids for what it names."""
        for word, value in self.words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    def expected(self, keeps: Sequence[Keeps], newest_first: bool) -> list[str]:
        """The ids of all licenses that everything keeps, in order."""
        found = [one for one, spec in self.specs.items() if all(each(spec) for each in keeps)]
        return sorted(found, key=lambda one: (to_text(self.specs[one].created), one), reverse=newest_first)


class List(NamedTuple):
    """A list: who asks for it where, which filters count there (None: all), and what is on it."""

    bearer: str
    path: str
    names: frozenset[str] | None
    holds: Keeps


OF_ACCOUNT = "/v1/licenses"
OF_PRODUCT, OF_POLICY = frozenset({"policy", "user", "suspended"}), frozenset({"product", "user", "suspended"})
OF_USER, OF_GROUP = frozenset({"product", "policy", "suspended"}), frozenset[str]()
LISTS = [
    *[List("admin", OF_ACCOUNT, None, always)] * 4,
    *(List(f"product {n}", OF_ACCOUNT, None, having("product", n)) for n in (0, 1)),
    *(List(f"user {n}", OF_ACCOUNT, None, used_by(n)) for n in (0, 1)),
    List("admin", "/v1/products/{product 0}/licenses", OF_PRODUCT, having("product", 0)),
    List("product 0", "/v1/products/{product 0}/licenses", OF_PRODUCT, having("product", 0)),
    List("admin", "/v1/policies/{policy 1}/licenses", OF_POLICY, having("policy", 1)),
    List("admin", "/v1/users/{user 2}/licenses", OF_USER, used_by(2)),
    List("user 0", "/v1/users/{user 0}/licenses", OF_USER, used_by(0)),
    List("product 0", "/v1/users/{user 1}/licenses", OF_USER, all_of([used_by(1), having("product", 0)])),
    List("admin", "/v1/groups/{group 0}/licenses", OF_GROUP, having("group", 0)),
    List("product 1", "/v1/groups/{group 0}/licenses", OF_GROUP, all_of([having("group", 0), having("product", 1)])),
]


class Asked(NamedTuple):
    """One list, asked for in one form of page; `start` chooses among pages or cursors."""

    listed: List
    filters: Sequence[Filter]
    newest_first: bool
    form: str
    size: int
    start: int


ASKED = st.builds(
    Asked,
    st.sampled_from(LISTS),
    QUERIES,
    st.booleans(),
    st.sampled_from(["limit", "number", "numbers", "cursor", "cursors"]),
    st.integers(1, 12),
    st.integers(0, 30),
)


def check(place: Place, asked: Asked) -> None:
    """One list holds what it should, and its page says so."""
    names = asked.listed.names
    counting = [one for one in asked.filters if names is None or one.name in names]
    expected = place.expected([asked.listed.holds, *(one.keeps for one in counting)], asked.newest_first)
    query = "&".join([*(one.text for one in asked.filters), *(() if asked.newest_first else ("order=asc",))])
    path = place.filled(f"{asked.listed.path}?{query}")
    FORMS[asked.form](place, path, place.bearers[asked.listed.bearer], asked, expected)


def _limit(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    answer = place.world.get(f"{path}&limit={asked.size}", as_=as_)
    assert ids(answer.document["data"]) == expected[: asked.size]
    assert "links" not in answer.document


def _number(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    """One page, which may be behind the last."""
    size, number = asked.size, asked.start % 5 + 1
    document = place.world.get(f"{path}&page[number]={number}&page[size]={size}", as_=as_).document
    last = -(-len(expected) // size)
    assert ids(document["data"]) == expected[(number - 1) * size : number * size]
    links = document["links"]
    assert links["meta"] == {"pages": last, "count": len(expected)}
    assert (links["next"] is None, links["prev"] is None) == (number >= last, number == 1 or number > last)


def _numbers(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    _whole(place, f"{path}&page[number]=1&page[size]={asked.size}", as_, asked, expected)


def _cursors(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    _whole(place, f"{path}&page[cursor]=&page[size]={asked.size}", as_, asked, expected)


def _cursor(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    """What follows any license, whether it is on the list or not."""
    everything = place.expected([always], asked.newest_first)
    if not everything:
        return
    cursor = everything[asked.start % len(everything)]
    behind = set(everything[everything.index(cursor) + 1 :])
    following = [one for one in expected if one in behind]
    _whole(place, f"{path}&page[cursor]={cursor}&page[size]={asked.size}", as_, asked, following)


def _whole(place: Place, path: str, as_: str, asked: Asked, expected: list[str]) -> None:
    """All pages from one on: full ones but for the last."""
    seen = [ids(page.data) for page in pages(place.world, path, as_)]
    assert seen == [expected[at : at + asked.size] for at in range(0, len(expected) or 1, asked.size)]


FORMS = {"limit": _limit, "number": _number, "numbers": _numbers, "cursor": _cursor, "cursors": _cursors}


@settings(SETTINGS, max_examples=150)
@given(st.lists(SPECS, max_size=24), st.lists(ASKED, min_size=12, max_size=12))
def test_lists_hold_what_the_filters_say(specs: list[Spec], several: list[Asked]) -> None:
    engine = Engine(":memory:")
    place = Place(engine, specs)
    for asked in several:
        check(place, asked)
    engine.close()


# --- anything at all ------------------------------------------------------------------------------------------------

NAMES = [
    *("product", "policy", "group", "machine", "owner", "user", "status", "suspended", "expired", "expiring"),
    *("expires", "activity", "assigned", "unassigned", "activated", "activations", "metadata", "roles", "license"),
    *("active", "limit", "order", "page", "bearer"),
]
MEMBERS = [
    *("within", "in", "before", "after", "on", "inside", "outside", "eq", "gt", "x", "", "number", "cursor", "size"),
    *("type", "id", "0", "é", "%5B", "Plan"),
]
TEXTS = [
    *("", "%20", "1", "0", "-1", "1.5", "9" * 400, "true", "null", "ACTIVE", "P1D", "P1Y2M", "1W", "P", "T", "PT"),
    *("P" + "9" * 30 + "Y", "9" * 18 + "S", "T0.000000000001S", "T" + "9" * 400 + ".5H", "1,5D", "P0D"),
    *("2026-02-30", "2026-03-01", "0000-01-01", "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"),
    *("2026-W09", "20260301", "2026-03-01T12:00:00.123456789Z", "253402300800", "-62135596801", "1e400", "NaN"),
    *("%C3%A9", "%F0%9F%98%80", "%FF", "%00", "%", "a=b", "user", "admin", "%D9%A3", "%C2%B2", "%0A", NOWHERE),
    *(NOWHERE.replace("-", ""), NOWHERE + "0", "me@acme.example", "@", "asc", "a" * 300),
]
SHAPES = st.lists(st.sampled_from(MEMBERS), max_size=3).map(lambda parts: "".join(f"[{part}]" for part in parts))
PARTS = st.tuples(st.sampled_from(NAMES), SHAPES, st.sampled_from(TEXTS) | st.text(max_size=8))


def on_the_wire(parts: Sequence[tuple[str, str, str]]) -> str:
    text = "&".join(f"{name}{shape}={value}" for name, shape, value in parts)
    return text.replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@pytest.fixture(scope="module")
def full() -> Iterator[Place]:
    """A place with some of everything."""
    engine = Engine(":memory:")
    one = Spec(NOW, 0, 0, frozenset({1}), 0, NOW, NOW, None, NOW, True, 1, {"plan": "pro", "x": {"x": ["1"]}})
    yield Place(engine, [one, one._replace(owner=2, expiry=None, metadata={"x": 1})])
    engine.close()


@settings(SETTINGS, max_examples=800)
@given(
    asked=st.lists(PARTS, max_size=4),
    bearer=st.sampled_from(["admin", "product 0", "user 0"]),
    path=st.sampled_from(
        ["licenses", "licenses", "users", "policies", "tokens", "machines", "users/{user 0}/licenses"]
    ),
)
def test_whatever_is_asked_is_answered(full: Place, asked: Any, bearer: str, path: str) -> None:
    """No query is an error of ours, and what is refused names what it refuses."""
    answer = full.world.get(full.filled(f"/v1/{path}?{on_the_wire(asked)}"), as_=full.bearers[bearer])
    if answer.status == 400:
        _, code, parameter = answer.error
        named = parameter in ("limit", "order", "page", "page[number]", "page[size]", "page[cursor]")
        assert named or code in ("PARAMETERS_INVALID", "ENCODING_INVALID", "URI_INVALID"), answer.raw
    else:
        # A list that is not open to everybody, or of somebody whom the bearer cannot see.
        assert answer.status in ((200,) if bearer == "admin" else (200, 403, 404)), answer.raw


def test_a_query_as_deep_as_requests_may_be_long(full: Place) -> None:
    """Clients decide how deep their queries are."""
    deep = "[a]" * 2500
    for query in (f"metadata{deep}=1", f"metadata{deep}[]=1", f"expires{deep}=1", f"expired[in]{deep}=1"):
        assert full.world.get(f"/v1/licenses?{query}").status in (200, 400)
