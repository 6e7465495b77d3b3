"""keygen-py from PyPI (the Rust client), unmodified, over HTTP, verifying what it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.installing import activated, part
from tests.clients.keygen_py import KeygenPy
from tests.clients.site import Alter, Site, flipped, with_body, with_headers, without
from tests.clients.test_keygen_sdk import STRANGE_KEY, later


class Client:
    """keygen-py configured for a site and a license."""

    def __init__(self, site: Site, process: KeygenPy) -> None:
        self._site, self._process = site, process
        self.config: dict[str, Any] = {
            "api_url": site.url,
            "api_version": "1.7",
            "api_prefix": "v1",
            "account": site.account,
            "product": "",
            "public_key": site.public_key,
            "verify_keygen_signature": True,
        }

    def licensed(self, key: str | None = None, suspended: bool = False, **policy: Any) -> Any:
        """A license whose key is used from here on."""
        product = self._site.world.product()["id"]
        policy_id = self._site.world.policy(product, authenticationStrategy="MIXED", **policy)["id"]
        attributes = {"suspended": suspended} | ({} if key is None else {"key": key})
        license = self._site.world.license(policy_id, **attributes)
        self.config |= {"product": product, "license_key": license["attributes"]["key"]}
        return license

    def live(self, fingerprint: str) -> dict[str, Any]:
        """A whole life of a machine."""
        return self._process.live(self.config, fingerprint)

    def seat(self, fingerprint: str, leave: str, *others: str) -> dict[str, Any]:
        """A seat that is taken and given back."""
        return self._process.seat(self.config, fingerprint, leave, *others)

    def validate(self, *fingerprints: str, entitlements: list[str] | None = None) -> dict[str, Any]:
        """The SDK's `validate()`."""
        return self._process.validate(self.config, list(fingerprints), entitlements)


@pytest.fixture
def client(site: Site, keygen_py_process: KeygenPy) -> Client:
    """keygen-py for the site."""
    return Client(site, keygen_py_process)


@pytest.mark.parametrize("key", ["PLAIN-KEY-0001", STRANGE_KEY])
def test_me_and_validate(client: Client, key: str) -> None:
    license = client.licensed(key, duration=30 * 86400)
    answer = client.validate()
    policy = license["relationships"]["policy"]["data"]["id"]
    found = {name: answer[name] for name in ("id", "key", "name", "policy", "status")}
    assert found == {"id": license["id"], "key": key, "name": None, "policy": policy, "status": "ACTIVE"}
    assert answer["expiry"].replace(" ", "T")[:19] == license["attributes"]["expiry"][:19]


def test_the_life_of_a_machine(client: Client) -> None:
    """Activated, validated, pinged, checked out with its license, both files opened, listed and deactivated."""
    license = client.licensed(scheme="ED25519_SIGN")
    told = client.live("fp:4d-ee")
    assert told["license"] == [license["id"]] * 3
    assert told["machine"][0] == told["machine"][1]
    assert (told["status"], told["ttl"], told["listed"], told["left"]) == ("ALIVE", [3600, 3600], ["fp:4d-ee"], 0)


@pytest.mark.parametrize("leave", ["fingerprint", "id", "machine"])
def test_the_last_seat(client: Client, leave: str) -> None:
    license = client.licensed(floating=True, maxMachines=1)
    told = client.seat("fp 4d:ee", leave, "fp-2", "fp-3")
    assert told["before"] == ["LicenseNotActivated", "NO_MACHINES"]
    assert told["again"] == ["MachineAlreadyActivated", "FINGERPRINT_TAKEN"]
    assert told["full"] == [["MachineLimitExceeded", "MACHINE_LIMIT_EXCEEDED"]] * 2
    assert told["license"] == [license["id"]] * 3
    assert told["machine"] == [told["machine"][0]] * 3
    assert (told["status"], told["listed"]) == (["ALIVE"] * 2, ["fp 4d:ee"])
    assert told["after"] is not None
    assert told["left"] == []


def test_a_machine_that_must_ping(site: Site, client: Client) -> None:
    license = client.licensed(floating=True, requireHeartbeat=True, heartbeatBasis="FROM_FIRST_PING")
    machine = activated(site.world, license, "fp-1")
    answer = client.validate("fp-1")
    assert (answer["type"], answer["details"]["code"]) == ("HeartbeatRequired", "HEARTBEAT_NOT_STARTED")
    assert site.world.post(f"/v1/machines/{machine['id']}/actions/ping").status == 200
    assert client.validate("fp-1")["id"] == license["id"]
    site.world.clock.advance(seconds=601)
    answer = client.validate("fp-1")
    assert (answer["type"], answer["details"]["code"]) == ("HeartbeatDead", "HEARTBEAT_DEAD")


def test_components_of_a_machine(site: Site, client: Client) -> None:
    """It can ask for components, and cannot bring them: it sends them in a form of its own."""
    license = client.licensed()
    activated(site.world, license, "fp-1", parts=[part("cpu"), part("disk")])
    assert client.validate("fp-1", "cpu", "disk")["id"] == license["id"]
    answer = client.validate("fp-1", "gpu")
    assert answer["details"]["code"] == "COMPONENTS_SCOPE_MISMATCH"


def test_a_license_token(site: Site, client: Client) -> None:
    license = client.licensed()
    token = site.world.token(f"/v1/licenses/{license['id']}").removeprefix("Bearer ")
    client.config |= {"license_key": None, "token": token}
    assert client.validate()["id"] == license["id"]


@pytest.mark.parametrize(("floating", "code"), [(False, "NO_MACHINE"), (True, "NO_MACHINES")])
def test_an_unknown_fingerprint_asks_for_activation(client: Client, floating: bool, code: str) -> None:
    client.licensed(floating=floating)
    answer = client.validate("fingerprint-1")
    assert (answer["type"], answer["details"]["code"]) == ("LicenseNotActivated", code)


def test_what_is_not_entitled(client: Client) -> None:
    client.licensed()
    answer = client.validate(entitlements=["SSO"])
    assert (answer["type"], answer["details"]["code"]) == ("LicenseKeyInvalid", "ENTITLEMENTS_MISSING")


def test_another_product(site: Site, client: Client) -> None:
    client.licensed()
    client.config["product"] = site.world.product()["id"]
    assert client.validate()["details"]["code"] == "PRODUCT_SCOPE_MISMATCH"


def test_an_expired_license(site: Site, client: Client) -> None:
    client.licensed(duration=86400)
    site.world.clock.advance(days=2)
    answer = client.validate()
    assert (answer["type"], answer["details"]["code"]) == ("LicenseExpired", "EXPIRED")


def test_a_suspended_license(client: Client) -> None:
    client.licensed(suspended=True)
    answer = client.validate()
    assert (answer["type"], answer["details"]["code"]) == ("LicenseSuspended", "LICENSE_SUSPENDED")


def test_a_wrong_key(client: Client) -> None:
    client.licensed()
    client.config["license_key"] = "no-such-license-key"
    assert client.validate()["details"]["code"] == "LICENSE_INVALID"


def test_environments_are_refused_by_name(client: Client) -> None:
    client.licensed()
    client.config["environment"] = "sandbox"
    assert client.validate()["details"]["code"] == "ENVIRONMENT_NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("alter", "genuine"),
    [
        (with_body('"suspended":false', '"suspended":true'), False),
        (with_headers(digest=lambda v: v[:-5] + "AAAA="), False),
        (with_headers(keygen_signature=flipped), False),
        (with_headers(date=later), False),
        (without("Keygen-Signature"), False),
        (without("Digest"), False),
        (without("Keygen-Date", "Keygen-Digest"), True),
    ],
)
def test_what_was_tampered_with_is_refused(site: Site, client: Client, alter: Alter, genuine: bool) -> None:
    """It knows `Date` and `Digest` only. What it refuses it takes without verification: nothing else was wrong."""
    license = client.licensed()
    site.alter = alter
    answer = client.validate()
    if genuine:
        assert answer["id"] == license["id"]
        return
    assert answer == {"type": "KeygenError", "details": "Unknown error"}
    client.config["verify_keygen_signature"] = False
    assert client.validate()["id"] == license["id"]
