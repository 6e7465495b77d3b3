"""A vendor, its customers and what the service told its subscribers: the parties of flows.md.

Every call goes the way that names the account, and every answer, errors and empty ones too, is verified as SDKs do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.store.table import Outbox
from tests.api.helpers import basic, by_key
from tests.clients.verifier import Sent, verify
from tests.races.crowd import feed, rows
from tests.world import HOST, Answer, World, resource, segment

ANYBODY = None
FLOATING = {"floating": True, "strict": True, "authenticationStrategy": "LICENSE"}


@dataclass(frozen=True)
class Caller:
    """Somebody with a credential, which is a whole Authorization header or none."""

    world: World
    credential: str | None

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, prefix: str = ""
    ) -> Answer:
        """One request; `path` is below the account."""
        target = f"{prefix or '/v1/accounts/' + self.world.account['account']}{path}"
        answer = self.world.send(method, target, body, as_=self.credential, headers=headers)
        self._verified(Sent(method, target, HOST), answer)
        return answer

    def _verified(self, sent: Sent, answer: Answer) -> None:
        for dialect in ("", "keygen-"):
            signer = verify(sent, answer.headers, answer.raw, self.world.account["keys"], dialect=dialect)
            assert signer == self.world.account["account"]

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: object = None) -> Answer:
        return self.send("POST", path, body)

    def put(self, path: str, body: object) -> Answer:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: object) -> Answer:
        return self.send("PATCH", path, body)

    def delete(self, path: str, body: object = None) -> Answer:
        return self.send("DELETE", path, body)

    def make(self, kind: str, attributes: Mapping[str, Any], **related: tuple[str, str]) -> Answer:
        """Ask for a resource, whatever comes of it."""
        return self.post(f"/{kind}", resource(kind, attributes, **related))

    def made(self, kind: str, attributes: Mapping[str, Any], **related: tuple[str, str]) -> Any:
        """A resource that was made."""
        answer = self.make(kind, attributes, **related)
        assert answer.status == 201, answer.raw
        return answer.data

    def activate(self, license: Any, fingerprint: str, owner: Any = None, **attributes: Any) -> Answer:
        """Ask for an activation, whatever comes of it."""
        related = {"license": ("licenses", license["id"])} | (
            {} if owner is None else {"owner": ("users", owner["id"])}
        )
        return self.make("machines", {"fingerprint": fingerprint, **attributes}, **related)

    def activated(self, license: Any, fingerprint: str, owner: Any = None, **attributes: Any) -> Any:
        """A machine that was activated."""
        answer = self.activate(license, fingerprint, owner, **attributes)
        assert answer.status == 201, answer.raw
        return answer.data

    def ping(self, fingerprint: str) -> Answer:
        """Ping a machine by its fingerprint, as somebody who keeps no ids does."""
        return self.post(f"/machines/{segment(fingerprint)}/actions/ping")

    def deactivate(self, fingerprint: str) -> Answer:
        """Deactivate a machine by its fingerprint."""
        return self.delete(f"/machines/{segment(fingerprint)}")

    def spawn(self, machine: Any, pid: str) -> Answer:
        """Ask for a process, whatever comes of it."""
        return self.make("processes", {"pid": pid}, machine=("machines", machine["id"]))

    def validate(self, license: Any, scope: Mapping[str, Any] | None = None) -> Answer:
        """Validate the key of a license."""
        meta = {"key": license["attributes"]["key"], **({} if scope is None else {"scope": dict(scope)})}
        answer = self.post("/licenses/actions/validate-key", {"meta": meta})
        assert answer.status == 200, answer.raw
        return answer

    def act(self, license: Any, action: str, body: object = None) -> Answer:
        """POST an action of a license."""
        return self.post(f"/licenses/{license['id']}/actions/{action}", body)


@dataclass
class Shop:
    """The vendor's side."""

    world: World
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.world.listen("*")
        self.vendor = Caller(self.world, self.world.admin)
        self.anybody = Caller(self.world, ANYBODY)

    def policy(self, **attributes: Any) -> Any:
        """A policy of a new product."""
        product = self.vendor.made("products", {"name": "App"})
        return self.vendor.made("policies", {"name": "Pro", **attributes}, product=("products", product["id"]))

    def license(self, policy: Any, **attributes: Any) -> Any:
        """A license."""
        return self.vendor.made("licenses", attributes, policy=("policies", policy["id"]))

    def sold(self, **policy: Any) -> tuple[Any, Caller]:
        """A license of a new policy, and the application of who bought it, which knows the key."""
        license = self.license(self.policy(**policy))
        return license, self.application(license)

    def application(self, license: Any) -> Caller:
        """`L` of the flows."""
        return Caller(self.world, by_key(license))

    def installed(self, license: Any, **attributes: Any) -> tuple[Any, Caller]:
        """A token of a license and `T` of the flows, which knows that token and nothing else."""
        answer = self.vendor.post(f"/licenses/{license['id']}/tokens", resource("tokens", attributes))
        assert answer.status == 200, answer.raw
        return answer.data, Caller(self.world, f"Bearer {answer.attributes['token']}")

    def login(self, email: str, password: str) -> Answer:
        """POST /tokens with an email and a password."""
        return Caller(self.world, basic(f"{email}:{password}")).post("/tokens")

    def read(self, found: Any) -> Any:
        """What is stored of a resource."""
        answer = self.vendor.get(f"/{found['type']}/{found['id']}")
        assert answer.status == 200, answer.raw
        return answer.data

    def seats(self, license: Any) -> int:
        """How many machines a license counts."""
        return int(self.read(license)["relationships"]["machines"]["meta"]["count"])

    def carry_on(self) -> None:
        """Let the stream of the outbox carry out what requests announced."""
        assert self.world.stream().handle(feed(self.world, "task")) == {"batchItemFailures": []}

    def heard(self) -> list[str]:
        """The names of the events since the last time, in alphabetical order; validations are not told."""
        events = [item for item in rows(self.world, Outbox, "event") if item["id"] not in self._seen]
        self._seen |= {item["id"] for item in events}
        return sorted(item["name"] for item in events if not item["name"].startswith("license.validation."))


def verdict(answer: Answer) -> tuple[bool, str]:
    """What a validation said."""
    meta = answer.document["meta"]
    return meta["valid"], meta["code"]


VALID = (True, "VALID")


def refused(code: str) -> tuple[bool, str]:
    """The verdict of a validation that failed."""
    return False, code


def detail(answer: Answer) -> str:
    """How the first error reads."""
    return str(answer.errors[0]["detail"])


def linked(found: Any, name: str) -> str | None:
    """The id that a resource is linked to."""
    data = found["relationships"][name]["data"]
    return None if data is None else str(data["id"])
