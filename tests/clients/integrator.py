"""A plain integrator: http.client, JSON and both path forms. It believes nothing that is not signed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.clients.site import SECONDS, Site
from tests.clients.verifier import Sent, verify

JSON_API = "application/vnd.api+json"


@dataclass
class Reply:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def data(self) -> Any:
        return self.document["data"]

    @property
    def attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["attributes"]
        return found

    @property
    def meta(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["meta"]
        return found

    @property
    def error(self) -> tuple[int, str | None, str | None]:
        """Status, code and place of the first error: all that SDKs read."""
        first = self.document["errors"][0]
        return self.status, first.get("code"), next(iter(first.get("source", {}).values()), None)

    @property
    def detail(self) -> str:
        return str(self.document["errors"][0]["detail"])


@dataclass
class Integrator:
    """Talks to `site` below `prefix`; `credential` is a whole Authorization header."""

    site: Site
    prefix: str
    credential: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def using(self, credential: str | None) -> Integrator:
        """The same with another credential."""
        return Integrator(self.site, self.prefix, credential, self.headers)

    def send(self, method: str, path: str, body: object = None) -> Reply:
        """One request on a connection of its own; the answer is verified, errors too, by both dialects."""
        sent = {"Host": self.site.host, "Accept": JSON_API, **self.headers}
        if self.credential is not None:
            sent["Authorization"] = self.credential
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body).encode(), JSON_API
        reply = exchange(self.site.host, method, self.prefix + path, content, sent)
        request = Sent(method, self.prefix + path, self.site.host)
        for dialect in ("", "keygen-"):
            signer = verify(request, reply.headers, reply.body, self.site.world.account["keys"], dialect=dialect)
            assert signer == self.site.account
        return reply

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def post(self, path: str, body: object = None) -> Reply:
        return self.send("POST", path, body)

    def create(self, kind: str, attributes: Mapping[str, Any], **relationships: tuple[str, str]) -> Reply:
        """POST a resource that must be taken."""
        linked = {name: {"data": {"type": type_, "id": id_}} for name, (type_, id_) in relationships.items()}
        data = {"type": kind, "attributes": dict(attributes), **({"relationships": linked} if linked else {})}
        reply = self.post(f"/{kind}", {"data": data})
        assert reply.status == 201, reply.body
        return reply

    def policy(self, **attributes: Any) -> str:
        """The id of a new policy of a new product."""
        product = self.create("products", {"name": "App"}).data["id"]
        made = self.create("policies", {"name": "Pro", **attributes}, product=("products", product))
        return str(made.data["id"])

    def license(self, policy: str, **attributes: Any) -> Any:
        """A new license."""
        return self.create("licenses", attributes, policy=("policies", policy)).data

    def validate(self, key: str, scope: Mapping[str, Any] | None = None) -> Reply:
        """Validate a key."""
        meta = {"key": key, **({} if scope is None else {"scope": dict(scope)})}
        reply = self.post("/licenses/actions/validate-key", {"meta": meta})
        assert reply.status == 200, reply.body
        return reply


def exchange(host: str, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
    """One request and its answer."""
    connection = http.client.HTTPConnection(host, timeout=SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
