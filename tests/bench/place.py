"""A deployment with as many licenses as wanted, in memory or in a file that the next run finds again."""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from chalicelib.api.application import application
from chalicelib.composition import compose
from chalicelib.licensing.license import License
from chalicelib.licensing.policy import Policy
from chalicelib.runtime import database
from chalicelib.store import fetch
from chalicelib.store.items import hint
from chalicelib.store.items import license as licenses
from chalicelib.store.keys import Key
from chalicelib.store.loads import license as loads
from chalicelib.store.table import Row
from chalicelib.store.unit import Put
from infra.local.engine.engine import Engine
from infra.local.engine.transport import EngineTransport
from infra.local.events import HttpRequest, RouteTable, build_event
from tests.bench.spread import spread
from tests.bench.wire import Recorder, Wire
from tests.world import HOST, JSON_API, START, Clock, PlainVault, World

T = TypeVar("T")

DUE = 100
BATCH = 25
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "bench"
# What decides how a seeded file looks; a change of any of them makes a new one.
_SHAPING = (
    "chalicelib/store/items/*.py",
    "chalicelib/store/keys.py",
    "chalicelib/store/table.py",
    "chalicelib/licensing/license.py",
    "chalicelib/licensing/deadlines.py",
    "chalicelib/licensing/filters/metadata.py",
    "chalicelib/licensing/periods.py",
    "chalicelib/crypto/digests.py",
    "infra/local/engine/*.py",
    "tests/bench/fleet.py",
    "tests/bench/place.py",
    "tests/bench/spread.py",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a seeded file must be known by: its account, the admin's token, the license all others are copies of, the
    user who owns some of them.
    """

    account_id: str
    slug: str
    admin: str
    model_id: str
    owner_id: str


class Place:
    """The service over botocore over a `Wire` over an engine with `size` licenses, `DUE` of them due."""

    def __init__(self, engine: Engine, facts: Facts, size: int) -> None:
        self.facts, self.size, self.clock = facts, size, Clock()
        self._engine = engine
        self._direct = database({}, EngineTransport(engine))
        licensed = fetch.run(self._direct, loads.by_exact_id(facts.account_id, facts.model_id))
        assert licensed is not None
        self._model, self._policy = licensed.license, licensed.policy
        self.wire = Wire(engine)
        self.recorder = Recorder(self.wire)
        clock = {"now": self.clock.now, "exact_now": self.clock.now, "seconds": self.clock.seconds}
        self.service = compose({"LICENSING_ACCOUNT": facts.slug}, database({}, self.recorder), PlainVault(), **clock)
        self.app = application(self.service)
        self._routes = RouteTable(self.app.routes)

    @property
    def policy(self) -> Policy:
        """The policy of every license."""
        return self._policy

    def event(self, method: str, path: str, body: object = None, *, anonymous: bool = False) -> dict[str, Any]:
        """The gateway's event of a request; `path` with its query."""
        content = b"" if body is None else json.dumps(body).encode()
        sent = {"host": HOST, "accept": JSON_API, "user-agent": "bench/1"}
        if content:
            sent["content-type"] = JSON_API
        if not anonymous:
            sent["authorization"] = f"Bearer {self.facts.admin}"
        target, _, query = path.partition("?")
        pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
        request = HttpRequest(method, target.encode(), query.encode(), pairs, content, "127.0.0.1")
        return build_event(request, self._routes, "bench", self.clock.seconds())

    def license(self, number: int) -> License:
        """License `number`, always the same one: due at `START` when it is one of `due`, else not for a while."""
        digest = hashlib.sha256(f"license {number}".encode()).digest()
        created = START - timedelta(days=1, seconds=number)
        plain = replace(
            self._model,
            id=str(uuid.UUID(bytes=digest[:16], version=4)),
            key="-".join(digest.hex().upper()[start : start + 6] for start in range(0, 36, 6)),
            created=created,
            updated=created,
            expiry=START + timedelta(days=300, seconds=number),
        )
        if number % (self.size // DUE) == 0:
            return replace(plain, expiry=START + timedelta(days=3, minutes=-1))
        return spread(plain, number, self.facts.owner_id)

    def due(self) -> range:
        """The numbers of the licenses that are due."""
        return range(0, self.size, self.size // DUE)

    def fall_due(self) -> None:
        """The licenses that are due, as they were at first."""
        self.put(self.due())

    def put(self, numbers: Iterable[int]) -> None:
        """Store licenses as their creation does, but without conditions: new ones, or as they were at first."""
        self.put_rows(chain.from_iterable(self._rows(number) for number in numbers))

    def put_rows(self, rows: Iterable[Row]) -> None:
        """Store rows without conditions."""
        self._batch({"PutRequest": {"Item": row.serialize()}} for row in rows)

    def remove(self, these: Iterable[Key]) -> None:
        """Delete rows without conditions."""
        self._batch({"DeleteRequest": {"Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}}}} for key in these)

    def _batch(self, requests: Iterable[dict[str, Any]]) -> None:
        for batch in _batches(requests, BATCH):
            self._engine.call("BatchWriteItem", {"RequestItems": {"resources": batch}})

    def _rows(self, number: int) -> Iterator[Row]:
        license, account_id = self.license(number), self.facts.account_id
        made = licenses.creation(account_id, license, self._policy, license.created)
        for write in (*made, *hint.creation(account_id, licenses.listed(license))):
            assert isinstance(write, Put)
            assert isinstance(write.row, Row)
            yield write.row

    def close(self) -> None:
        """Let go of the file."""
        self._engine.close()


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _found(engine: Engine) -> Facts:
    """Bootstrap an account and one license by the API itself."""
    world = World(EngineTransport(engine))
    policy = world.policy(duration=365 * 86_400)
    model = world.license(policy["id"])
    owner = world.create("users", {"email": "owner@bench.example"})
    return Facts(world.account["account"], world.slug, world.account["adminToken"], model["id"], owner["id"])


def in_memory(size: int) -> Place:
    """A fresh place."""
    engine = Engine(":memory:", clock=START.timestamp)
    place = Place(engine, _found(engine), size)
    place.put(range(size))
    return place


def in_file(size: int) -> Place:
    """The place of an earlier run as it was at first, or a new one."""
    path = FOLDER / f"{size}-{_fingerprint()}.sqlite"
    if not path.exists():
        _seed(path, size)
    facts = Facts(**json.loads(path.with_suffix(".json").read_text()))
    place = Place(Engine(path, synchronous="NORMAL", clock=START.timestamp), facts, size)
    place.fall_due()
    return place


def _seed(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{size}-*"):
        old.unlink()
    partial = path.with_suffix(".partial")
    engine = Engine(partial, synchronous="NORMAL", clock=START.timestamp)
    facts = _found(engine)
    place = Place(engine, facts, size)
    place.put(_shown(range(size), f"seeding {size:,} licenses"))
    place.close()
    path.with_suffix(".json").write_text(json.dumps(asdict(facts)))
    partial.rename(path)


def _shown(numbers: range, title: str) -> Iterator[int]:
    """`numbers`, with a bar on standard error; a line a quarter where that is no terminal."""
    live = sys.stderr.isatty()
    step = max(1, len(numbers) // (100 if live else 4))
    for number in numbers:
        if number % step == 0:
            _bar(title, 100 * number // len(numbers), live)
        yield number
    _bar(title, 100, live, "\n")


def _bar(title: str, percent: int, live: bool, end: str = "") -> None:
    start, end = ("\r", end) if live else ("", "\n")
    print(f"{start}{title} [{'#' * (percent // 4):25}] {percent:3d}%", end=end, file=sys.stderr, flush=True)


def _fingerprint() -> str:
    found = hashlib.sha256()
    for pattern in _SHAPING:
        for path in sorted(ROOT.glob(pattern)):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]
