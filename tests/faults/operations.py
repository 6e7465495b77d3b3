"""Every write of the road and the jobs, each with a way to tell how often it took effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.store import fetch, keys
from chalicelib.store.table import Outbox, Row
from infra.local.engine import Engine, EngineTransport
from tests.faults.injection import Faulty
from tests.races.crowd import feed, rows
from tests.world import START, World, resource

DAY = 86_400
Context = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What the caller was told: an HTTP status, or 200/503 for a job that ended or raised."""

    status: int
    document: Any = None
    headers: dict[str, str] | None = None


@dataclass(frozen=True)
class Operation:
    """`act` once; `effects` counts what it left behind: 0 or 1 if it happened not at all or once.

    `optional`: a success may leave nothing (a touch). `job`: may be run again until it ends.
    """

    name: str
    prepare: Callable[[World], Context]
    act: Callable[[World, Context], Result]
    effects: Callable[[World, Context], int]
    subscribed: tuple[str, ...] = ()
    optional: bool = False
    job: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass
class Stage:
    """A world, its faulty transport and an operation about to run."""

    operation: Operation
    world: World
    faulty: Faulty
    context: Context

    def act(self) -> Result:
        return self.operation.act(self.world, self.context)

    def effects(self) -> int:
        return self.operation.effects(self.world, self.context)

    def events(self) -> int:
        """Events in the outbox that the operation added."""
        return len(rows(self.world, Outbox, "event")) - int(self.context["events"])


def stage(operation: Operation, engine: Engine) -> Stage:
    """Everything ready for `act`; nothing fails yet."""
    faulty = Faulty(EngineTransport(engine))
    world = World(faulty)
    context = operation.prepare(world)
    if operation.subscribed:
        world.listen(*operation.subscribed)
    world.service.accounts.find(world.slug)
    context["events"] = len(rows(world, Outbox, "event"))
    return Stage(operation, world, faulty, context)


def _http(method: str, path: str, body: Callable[[Context], Any] = lambda context: None) -> Any:
    def act(world: World, context: Context) -> Result:
        answer = world.send(method, path.format(**context), body(context))
        document = answer.document if answer.raw else None
        return Result(answer.status, document, answer.headers)

    return act


def _job(run: Callable[[World, Context], bool]) -> Callable[[World, Context], Result]:
    def act(world: World, context: Context) -> Result:
        try:
            return Result(200 if run(world, context) else 503)
        except Exception as error:
            return Result(503, repr(error))

    return act


def _nothing(world: World) -> Context:
    return {}


def _product(world: World) -> Context:
    return {"product": world.product(code="first")["id"]}


def _policy(**attributes: Any) -> Callable[[World], Context]:
    return lambda world: {"policy": world.policy(**attributes)["id"]}


def _license(**attributes: Any) -> Callable[[World], Context]:
    def prepare(world: World) -> Context:
        created = world.license(world.policy(**attributes)["id"])
        return {"license": created["id"], "key": created["attributes"]["key"]}

    return prepare


def _used(**attributes: Any) -> Callable[[World], Context]:
    def prepare(world: World) -> Context:
        context = _license(**attributes)(world)
        assert world.post(f"/v1/licenses/{context['license']}/actions/increment-usage", _amount(5)).status == 200
        return context

    return prepare


def _amount(number: int) -> dict[str, Any]:
    return {"meta": {"increment": number}}


def _count(kind: str, **attributes: Any) -> Callable[[World, Context], int]:
    """Rows of a kind with these attributes."""

    def effects(world: World, context: Context) -> int:
        return sum(all(item.get(k) == v for k, v in attributes.items()) for item in rows(world, Row, kind))

    return effects


def _whole(world: World, context: Context) -> int:
    """Licenses with this key; never parts of one."""
    facts = [item["id"] for item in rows(world, Row, "license")]
    meters = [item["id"] for item in rows(world, Row, "license-meter")]
    guards = [item["target"] for item in rows(world, Row, "unique") if "#license-key#" in item["pk"]]
    assert sorted(facts) == sorted(meters) == sorted(guards)
    return len(facts)


def _meter(world: World, context: Context) -> Any:
    item = fetch.get(world.database, keys.meter(world.account["account"], context["license"]))
    assert item is not None
    return item


def _uses(base: int, step: int) -> Callable[[World, Context], int]:
    def effects(world: World, context: Context) -> int:
        times, rest = divmod(_meter(world, context)["uses"] - base, step)
        assert rest == 0
        return int(times)

    return effects


def _tokens(world: World, context: Context) -> int:
    tokens, pointers = rows(world, Row, "token"), rows(world, Row, "pointer")
    assert len(tokens) == len(pointers)
    return len(tokens) - 1


def _gone(*kinds: str) -> Callable[[World, Context], int]:
    def effects(world: World, context: Context) -> int:
        left = [kind for kind in kinds if rows(world, Row, kind)]
        tasks = len(rows(world, Outbox, "task"))
        assert left in ([], list(kinds))
        assert tasks == (0 if left else len(kinds))
        return 0 if left else 1

    return effects


def _stamped(name: str) -> Callable[[World, Context], int]:
    return lambda world, context: int(_meter(world, context).get(name) == world.clock.instant)


def _later(prepare: Callable[[World], Context], **duration: float) -> Callable[[World], Context]:
    def later(world: World) -> Context:
        context = prepare(world)
        world.clock.advance(**duration)
        return context

    return later


def _sweep(world: World, context: Context) -> bool:
    return world.sweep().lost == 0


def _delivering(world: World) -> Context:
    delivered: list[str] = []
    world.listen("*")
    world.product()
    return {"delivered": delivered, "feed": feed(world, "event")}


def _deliver(world: World, context: Context) -> bool:
    stream = world.stream()
    stream.channels = {"log": lambda delivery: context["delivered"].append(delivery["id"])}
    stream.failed = lambda sequence, error: None
    return not stream.handle(context["feed"])["batchItemFailures"]


def _delivered(world: World, context: Context) -> int:
    done = [item for item in rows(world, Outbox, "delivery") if item["status"] == "DELIVERED"]
    assert len(done) <= 1
    return len(done)


def _doomed(world: World) -> Context:
    policy_id = world.policy()["id"]
    created = world.license(policy_id)
    world.token(f"/v1/licenses/{created['id']}")
    assert world.send("DELETE", f"/v1/policies/{policy_id}").status == 204
    return {"license": created["id"], "feed": feed(world, "task")}


def _work(world: World, context: Context) -> bool:
    stream = world.stream()
    stream.failed = lambda sequence, error: None
    return not stream.handle(context["feed"])["batchItemFailures"]


def _erased(world: World, context: Context) -> int:
    left = [kind for kind in ("license", "license-meter", "pointer") if rows(world, Row, kind)]
    guards = [item for item in rows(world, Row, "unique") if item["target"] == context["license"]]
    first_pass = [item["passes"] for item in rows(world, Outbox, "task")]
    assert first_pass in ([0], [1])
    return int(first_pass == [1] and len(left) == 1 and not guards)


PRODUCT = resource("products", {"name": "New"})
CODED = resource("products", {"name": "New", "code": "new"})
RENAMED = {"data": {"type": "products", "attributes": {"name": "Renamed", "code": "second"}}}
MONTHLY = {
    "data": {
        "type": "policies",
        "attributes": {"requireCheckIn": True, "checkInInterval": "month", "checkInIntervalCount": 1},
    }
}
LIMITED = {"data": {"type": "licenses", "attributes": {"maxUses": 7, "expiry": "2030-01-01T00:00:00Z"}}}
ACTIONS = "/v1/licenses/{license}/actions"
CHECKED = {"requireCheckIn": True, "checkInInterval": "month", "checkInIntervalCount": 1}
ON_VALIDATION = {"duration": DAY, "expirationBasis": "FROM_FIRST_VALIDATION"}
ON_USE = {"duration": DAY, "expirationBasis": "FROM_FIRST_USE", "maxUses": 9}


def _policy_body(context: Context) -> Any:
    return resource("policies", {"name": "New"}, product=("products", context["product"]))


def _license_body(context: Context) -> Any:
    return resource("licenses", {"key": "the-only-key"}, policy=("policies", context["policy"]))


def _facts(world: World) -> Any:
    (facts,) = rows(world, Row, "license")
    return facts


def _limited(world: World, context: Context) -> int:
    facts, meter = _facts(world), _meter(world, context)
    assert facts["basis"] == meter["basis"] == facts["revision"] == ("max_uses" in facts) == ("expiry" in meter)
    return int(facts["revision"])


def _suspended(world: World, context: Context) -> int:
    facts = _facts(world)
    assert facts["suspended"] == (facts["revision"] == 1)
    return int(facts["revision"])


def _renewed(world: World, context: Context) -> int:
    """How many durations the expiry lies beyond the first."""
    return int((_meter(world, context)["expiry"] - START).days - 1)


def _renamed(world: World, context: Context) -> int:
    (product,) = rows(world, Row, "product")
    guards = [item for item in rows(world, Row, "unique") if item["target"] == product["id"]]
    assert len(guards) == 1
    return int(product["name"] == "Renamed" and product["code"] == "second")


def _rearmed(world: World, context: Context) -> int:
    (policy,) = rows(world, Row, "policy")
    tasks = len(rows(world, Outbox, "task"))
    assert tasks == int(policy["require_check_in"])
    return tasks


def _soon(world: World, context: Context) -> int:
    return int("expiring_soon_sent" in _meter(world, context))


def _expiry(world: World, context: Context) -> int:
    meter = _meter(world, context)
    assert ("expiry" in meter) == ("due_at" in meter)
    return int("expiry" in meter)


EVERYTHING = ("*",)

PLAIN = (
    Operation("create-product", _nothing, _http("POST", "/v1/products", lambda c: PRODUCT), _count("product")),
    Operation("create-coded-product", _nothing, _http("POST", "/v1/products", lambda c: CODED), _count("product")),
    Operation("update-product", _product, _http("PATCH", "/v1/products/{product}", lambda c: RENAMED), _renamed),
    Operation("delete-product", _product, _http("DELETE", "/v1/products/{product}"), _gone("product")),
    Operation("create-policy", _product, _http("POST", "/v1/policies", _policy_body), _count("policy")),
    Operation("update-policy", _policy(), _http("PATCH", "/v1/policies/{policy}", lambda c: MONTHLY), _rearmed),
    Operation("delete-policy", _policy(), _http("DELETE", "/v1/policies/{policy}"), _gone("policy")),
    Operation("create-license", _policy(), _http("POST", "/v1/licenses", _license_body), _whole),
    Operation("product-token", _product, _http("POST", "/v1/products/{product}/tokens"), _tokens),
    Operation("update-license", _license(), _http("PATCH", "/v1/licenses/{license}", lambda c: LIMITED), _limited),
    Operation("suspend", _license(), _http("POST", ACTIONS + "/suspend"), _suspended),
    Operation("renew", _license(duration=DAY), _http("POST", ACTIONS + "/renew"), _renewed),
    Operation("delete-license", _license(), _http("DELETE", "/v1/licenses/{license}"), _gone("license")),
    Operation("license-token", _license(), _http("POST", "/v1/licenses/{license}/tokens"), _tokens),
    Operation(
        "increment",
        _used(maxUses=9),
        _http("POST", f"{ACTIONS}/increment-usage", lambda c: _amount(2)),
        _uses(5, 2),
    ),  # fmt: skip
    Operation("first-use", _license(**ON_USE), _http("POST", f"{ACTIONS}/increment-usage"), _uses(0, 1)),
    Operation("decrement", _used(), _http("POST", f"{ACTIONS}/decrement-usage"), _uses(5, -1)),
    Operation("reset", _used(), _http("POST", f"{ACTIONS}/reset-usage"), _uses(5, -5)),
    Operation(
        "check-in",
        _later(_license(**CHECKED), hours=1),
        _http("POST", f"{ACTIONS}/check-in"),
        _stamped("last_check_in"),
    ),
    Operation("validate", _license(), _http("POST", f"{ACTIONS}/validate"), _stamped("last_validated"), optional=True),
    Operation("first-validation", _license(**ON_VALIDATION), _http("POST", f"{ACTIONS}/validate"), _expiry),
)


def _with_events(operation: Operation) -> Operation:
    return Operation(
        f"{operation.name}-subscribed",
        operation.prepare,
        operation.act,
        operation.effects,
        EVERYTHING,
        operation.optional,
        operation.job,
    )


JOBS = (
    Operation("sweep", _later(_license(duration=DAY), hours=1), _job(_sweep), _soon, job=True),
    Operation("sweep-subscribed", _later(_license(duration=DAY), hours=1), _job(_sweep), _soon, EVERYTHING, job=True),
    Operation("deliver", _delivering, _job(_deliver), _delivered, job=True),
    Operation("erase", _doomed, _job(_work), _erased, job=True),
)

REQUESTS = (*PLAIN, *(_with_events(operation) for operation in PLAIN))
