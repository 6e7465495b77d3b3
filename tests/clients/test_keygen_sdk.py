"""keygen-sdk from PyPI, unmodified, over HTTP, with its verification of every answer switched on."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.clients.site import Alter, Site, flipped, with_body, with_headers, without

STRANGE_KEY = """a/b+c?d=e&f#g%2F:h;i,j"k'l\\m [n] {o} @~|`$!*()^_-."""


def licensed(site: Site, sdk: Any, **attributes: Any) -> Any:
    """A license whose key the SDK uses from here on; license attributes are those not of a policy."""
    of_license = {name: attributes.pop(name) for name in ("key", "suspended", "expiry", "name") if name in attributes}
    policy = site.world.policy(authenticationStrategy="MIXED", **attributes)
    license = site.world.license(policy["id"], **of_license)
    sdk.license_key = license["attributes"]["key"]
    return license


@pytest.mark.parametrize("key", ["PLAIN-KEY-0001", STRANGE_KEY])
def test_me_and_validate(site: Site, sdk: Any, key: str) -> None:
    license = licensed(site, sdk, key=key, name="Order 1042", duration=86400)
    me = sdk.me()
    assert (me.id, me.key, me.name) == (license["id"], key, "Order 1042")
    assert me.policy_id == license["relationships"]["policy"]["data"]["id"]
    validated = sdk.validate()
    assert validated.last_validation.code == "VALID"
    assert validated.last_validated is not None
    assert validated.expiry == me.expiry


def test_validate_by_id_with_a_license_token(site: Site, sdk: Any) -> None:
    license = licensed(site, sdk)
    sdk.license_key, sdk.token = "", site.world.token(f"/v1/licenses/{license['id']}").removeprefix("Bearer ")
    assert sdk.validate().id == license["id"]


def test_validate_in_the_scope_of_a_product(site: Site, sdk: Any) -> None:
    license = licensed(site, sdk)
    sdk.product = license["relationships"]["product"]["data"]["id"]
    assert sdk.validate().last_validation.scope.product == sdk.product
    sdk.product = site.world.product()["id"]
    with pytest.raises(sdk.ValidationProductMissingError) as raised:
        sdk.validate()
    assert raised.value.result.code == "PRODUCT_SCOPE_MISMATCH"


@pytest.mark.parametrize(("floating", "code"), [(False, "NO_MACHINE"), (True, "NO_MACHINES")])
def test_an_unknown_fingerprint_asks_for_activation(site: Site, sdk: Any, floating: bool, code: str) -> None:
    license = licensed(site, sdk, floating=floating)
    with pytest.raises(sdk.LicenseNotActivatedError) as raised:
        sdk.validate("fingerprint-1", "component-1")
    assert raised.value.result.code == code
    assert raised.value.license.id == license["id"]


def test_an_expired_license(site: Site, sdk: Any) -> None:
    licensed(site, sdk, duration=86400, expirationStrategy="RESTRICT_ACCESS")
    site.world.clock.advance(days=2)
    with pytest.raises(sdk.LicenseExpiredError) as raised:
        sdk.validate()
    assert raised.value.result.code == "EXPIRED"


def test_an_expired_license_that_lost_its_access(site: Site, sdk: Any) -> None:
    licensed(site, sdk, duration=86400, expirationStrategy="REVOKE_ACCESS")
    site.world.clock.advance(days=2)
    with pytest.raises(sdk.LicenseExpiredError) as raised:
        sdk.me()
    assert raised.value.response.status == 403


def test_a_suspended_license(site: Site, sdk: Any) -> None:
    license = licensed(site, sdk, suspended=True)
    with pytest.raises(sdk.LicenseSuspendedError) as raised:
        sdk.me()
    assert raised.value.response.status == 403
    sdk.license_key, sdk.token = "", site.world.token(f"/v1/licenses/{license['id']}").removeprefix("Bearer ")
    with pytest.raises(sdk.LicenseSuspendedError) as raised:
        sdk.validate()
    assert raised.value.result.code == "SUSPENDED"


def test_a_wrong_key(sdk: Any) -> None:
    sdk.license_key = "no-such-license-key"
    with pytest.raises(sdk.LicenseKeyError) as raised:
        sdk.me()
    assert (raised.value.response.status, raised.value.code) == (401, "LICENSE_INVALID")


def test_a_wrong_token(sdk: Any) -> None:
    sdk.token = "activ-" + "0" * 64 + "v3"
    with pytest.raises(sdk.LicenseTokenError) as raised:
        sdk.me()
    assert (raised.value.response.status, raised.value.code) == (401, "TOKEN_INVALID")


def test_no_credentials(sdk: Any) -> None:
    with pytest.raises(sdk.APIError) as raised:
        sdk.me()
    assert (raised.value.response.status, raised.value.code) == (401, "TOKEN_MISSING")


def test_a_license_that_may_not_authenticate(site: Site, sdk: Any) -> None:
    policy = site.world.policy(authenticationStrategy="TOKEN")
    sdk.license_key = site.world.license(policy["id"])["attributes"]["key"]
    with pytest.raises(sdk.LicenseNotAllowedError) as raised:
        sdk.me()
    assert raised.value.response.status == 403


def test_errors_keep_their_codes(site: Site, sdk: Any) -> None:
    license = licensed(site, sdk, maxUses=1)
    member, client = f"licenses/{license['id']}", sdk.Client()
    assert client.post(f"{member}/actions/increment-usage").document["data"]["attributes"]["uses"] == 1
    with pytest.raises(sdk.APIError) as raised:
        client.post(f"{member}/actions/increment-usage", {"meta": {"increment": 1}})
    found = (raised.value.response.status, raised.value.code, raised.value.source)
    assert found == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
    with pytest.raises(sdk.NotAuthorizedError) as raised:
        client.post(f"{member}/actions/reset-usage")
    assert raised.value.response.status == 403
    with pytest.raises(sdk.NotFoundError) as raised:
        client.get("licenses/00000000-0000-4000-8000-000000000000")
    assert (raised.value.response.status, raised.value.code) == (404, "NOT_FOUND")
    with pytest.raises(sdk.NotFoundError) as raised:
        client.get("no-such-endpoint")
    assert (raised.value.response.status, raised.value.code) == (404, "NOT_FOUND")
    with pytest.raises(sdk.APIError) as raised:
        client.post(f"{member}/actions/increment-usage", b"{")
    assert (raised.value.response.status, raised.value.code) == (400, "JSON_INVALID")


def test_environments_are_refused_by_name(site: Site, sdk: Any) -> None:
    licensed(site, sdk)
    sdk.environment = "sandbox"
    with pytest.raises(sdk.InvalidEnvironmentError) as raised:
        sdk.me()
    assert (raised.value.response.status, raised.value.code) == (400, "ENVIRONMENT_NOT_SUPPORTED")


@pytest.mark.parametrize("by", ["id", "key"])
def test_a_path_and_its_query_are_verified_as_they_were_sent(site: Site, sdk: Any, by: str) -> None:
    license = licensed(site, sdk, key=STRANGE_KEY)
    sdk.license_key, sdk.token = "", site.admin_token
    named = license["id"] if by == "id" else STRANGE_KEY
    client = sdk.Client()
    query = {"include": "a,b", "algorithm": "aes-256-gcm+ed25519", "text": "ü /?&=%"}
    answer = client.get(f"licenses/{quote(named, safe='')}", query=query)
    assert answer.document["data"]["id"] == license["id"]


def test_answers_without_a_body_are_signed(site: Site, sdk: Any) -> None:
    product = site.world.product()
    sdk.token = site.admin_token
    assert sdk.Client().delete(f"products/{product['id']}").status == 204


def test_the_ecdsa_scheme(site: Site, sdk: Any) -> None:
    licensed(site, sdk)
    sdk.signature_scheme, sdk.public_key = "ecdsa-p256", site.world.account["keys"]["ecdsa"]
    assert sdk.validate().last_validation.valid is True


def later(date: str) -> str:
    """Another second."""
    return date[:-6] + ("00" if date[-6:-4] != "00" else "01") + date[-4:]


@pytest.mark.parametrize(
    ("alter", "error"),
    [
        (with_body('"suspended":false', '"suspended":true'), "ResponseDigestInvalidError"),
        (with_headers(digest=lambda v: v[:-5] + "AAAA="), None),
        (with_headers(keygen_digest=lambda v: v[:-5] + "AAAA="), "ResponseDigestInvalidError"),
        (with_headers(keygen_signature=flipped), "ResponseSignatureInvalidError"),
        (with_headers(keygen_date=later), "ResponseSignatureInvalidError"),
        (with_headers(keygen_signature=lambda v: v.replace("ed25519", "none")), "ResponseSignatureNotSupportedError"),
        (without("Keygen-Signature"), "ResponseSignatureMissingError"),
        (without("Digest", "Keygen-Digest"), "ResponseDigestMissingError"),
        (without("Keygen-Date", "Keygen-Digest"), None),
        (without("Date", "Digest"), None),
    ],
)
def test_what_was_tampered_with_is_refused(site: Site, sdk: Any, alter: Alter, error: str | None) -> None:
    """`None`: the SDK reads the other dialect, and that one is whole."""
    license = licensed(site, sdk)
    site.alter = alter
    if error is None:
        assert sdk.me().id == license["id"]
        return
    with pytest.raises(getattr(sdk, error)):
        sdk.me()


def test_an_error_without_a_signature_is_no_error_of_ours(site: Site, sdk: Any) -> None:
    sdk.license_key = "no-such-license-key"
    site.alter = without("Keygen-Signature")
    with pytest.raises(sdk.ResponseSignatureMissingError):
        sdk.me()


def test_the_answer_to_another_request_is_refused(site: Site, sdk: Any) -> None:
    licensed(site, sdk)
    first: list[dict[str, Any]] = []

    def replay(response: dict[str, Any]) -> dict[str, Any]:
        first.append(response)
        return first[0]

    site.alter = replay
    assert sdk.me().id
    with pytest.raises(sdk.ResponseSignatureInvalidError):
        sdk.Client().get("profile")


def test_an_old_answer_is_refused(site: Site, sdk: Any) -> None:
    licensed(site, sdk)
    site.world.clock.advance(minutes=-6)
    with pytest.raises(sdk.ResponseDateTooOldError):
        sdk.me()


def test_the_key_of_another_account_does_not_verify(site: Site, sdk: Any) -> None:
    licensed(site, sdk)
    sdk.public_key = sdk.public_key[:-2] + ("00" if sdk.public_key[-2:] != "00" else "11")
    with pytest.raises((sdk.ResponseSignatureInvalidError, sdk.PublicKeyInvalidError)):
        sdk.me()


@pytest.mark.parametrize("version", [f"1.{minor}" for minor in range(9)])
def test_every_version_it_may_be_pinned_to_connects(site: Site, sdk: Any, version: str) -> None:
    license = licensed(site, sdk)
    answer = sdk.Client(api_version=version).get("me")
    assert answer.document["data"]["id"] == license["id"]
    assert answer.headers["Keygen-Version"] == version


def test_many_requests_on_one_connection(site: Site, sdk: Any) -> None:
    license = licensed(site, sdk, maxUses=50)
    path = f"licenses/{license['id']}/actions/increment-usage"
    uses = [sdk.Client().post(path).document["data"]["attributes"]["uses"] for _ in range(20)]
    assert uses == list(range(1, 21))
