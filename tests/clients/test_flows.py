"""The flows of flows.md that need products, policies, licenses, tokens, validation, usage and check-in.

A plain integrator over HTTP, by each way to name the account; every answer is verified, in both dialects.
"""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.clients.integrator import Integrator
from tests.clients.site import Site

SCOPE = {"fingerprint": "fp1"}


def instant(text: str) -> datetime:
    """A timestamp of the API."""
    return datetime.fromisoformat(text)


def key_of(license: Any) -> str:
    return str(license["attributes"]["key"])


def license_of(vendor: Integrator, license: Any) -> Integrator:
    """The end user's app: the key is its credential."""
    return vendor.using(f"License {key_of(license)}")


def read(vendor: Integrator, license: Any) -> dict[str, Any]:
    """The license's attributes as stored."""
    return vendor.get(f"/licenses/{license['id']}").attributes


def test_flow_1_sell_and_deliver_a_key(vendor: Integrator) -> None:
    product = vendor.create("products", {"name": "App"}).data
    assert product["type"] == "products"
    terms = {
        "name": "Pro",
        "duration": 31556952,
        "strict": True,
        "floating": False,
        "authenticationStrategy": "LICENSE",
        "requireFingerprintScope": True,
    }
    policy = vendor.create("policies", terms, product=("products", product["id"]))
    expected = {
        "maxMachines": 1,
        "machineUniquenessStrategy": "UNIQUE_PER_LICENSE",
        "expirationStrategy": "RESTRICT_ACCESS",
        "overageStrategy": "NO_OVERAGE",
        "heartbeatBasis": "FROM_FIRST_PING",
    }
    assert {name: policy.attributes[name] for name in expected} == expected
    bought = {"name": "order 1042", "metadata": {"orderId": "1042"}}
    sold = vendor.create("licenses", bought, policy=("policies", policy.data["id"]))
    attributes = sold.attributes
    assert attributes["key"]
    lasts = instant(attributes["expiry"]) - instant(attributes["created"])
    assert lasts == timedelta(seconds=31556952)
    expected = {"status": "ACTIVE", "uses": 0, "suspended": False, "floating": False, "strict": True}
    assert {name: attributes[name] for name in expected} == expected
    assert attributes["metadata"] == {"orderId": "1042"}
    assert sold.data["relationships"]["machines"]["meta"]["count"] == 0
    path = f"/v1/accounts/{vendor.site.account}/licenses/{sold.data['id']}"
    assert sold.headers["location"].startswith("https://")
    assert sold.headers["location"].endswith(path)
    assert sold.data["links"]["self"] == path
    assert vendor.get(f"/licenses/{attributes['key']}").data["id"] == sold.data["id"]
    assert [one["id"] for one in vendor.get("/licenses?limit=10").data] == [sold.data["id"]]


@pytest.mark.parametrize("strategy", ["TOKEN", "MIXED"])
def test_flow_1_token_delivery(vendor: Integrator, strategy: str) -> None:
    license = vendor.license(vendor.policy(authenticationStrategy=strategy))
    document = {"data": {"type": "tokens", "attributes": {"name": "install", "maxActivations": 2}}}
    answer = vendor.post(f"/licenses/{license['id']}/tokens", document)
    assert answer.status == 200
    expected = {"kind": "activation-token", "maxActivations": 2, "activations": 0, "name": "install"}
    assert {name: answer.attributes[name] for name in expected} == expected
    token = answer.attributes["token"]
    assert token.startswith("activ-")
    assert answer.data["relationships"]["bearer"]["data"] == {"type": "licenses", "id": license["id"]}
    app = vendor.using(f"Bearer {token}")
    me = app.get("/me")
    assert (me.data["type"], me.data["id"]) == ("licenses", license["id"])
    (included,) = me.document["included"]
    assert (included["type"], included["id"]) == ("tokens", answer.data["id"])
    assert included["attributes"].get("token") is None
    assert app.post(f"/licenses/{license['id']}/actions/validate").meta["code"] == "VALID"


def test_flow_2_validate_by_key(vendor: Integrator) -> None:
    policy = vendor.policy(strict=True, floating=False, authenticationStrategy="LICENSE", requireFingerprintScope=True)
    license = vendor.license(policy)
    anybody = vendor.using(None)
    answer = anybody.validate(key_of(license), SCOPE)
    assert answer.data["id"] == license["id"]
    shown = {name: answer.meta[name] for name in ("valid", "code", "detail", "scope")}
    assert shown == {
        "valid": False,
        "code": "NO_MACHINE",
        "detail": "fingerprint is not activated (has no associated machine)",
        "scope": SCOPE,
    }
    assert abs(instant(answer.meta["ts"]) - vendor.site.world.clock.now()) < timedelta(minutes=1)
    assert anybody.validate(key_of(license)).meta["code"] == "FINGERPRINT_SCOPE_REQUIRED"
    unknown = anybody.validate("no-such-key", SCOPE)
    assert unknown.data is None
    shown = {name: unknown.meta[name] for name in ("valid", "code", "detail")}
    assert shown == {"valid": False, "code": "NOT_FOUND", "detail": "does not exist"}


def test_flow_2_the_way_of_the_sdks(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(authenticationStrategy="LICENSE", requireProductScope=True))
    app = license_of(vendor, license)
    me = app.get("/me")
    assert (me.data["type"], me.data["id"]) == ("licenses", license["id"])
    assert "included" not in me.document
    product = license["relationships"]["product"]["data"]["id"]
    path = f"/licenses/{license['id']}/actions/validate"
    codes = {
        product: "VALID",
        "00000000-0000-4000-8000-000000000000": "PRODUCT_SCOPE_MISMATCH",
    }
    for asked, code in codes.items():
        assert app.post(path, {"meta": {"scope": {"product": asked}}}).meta["code"] == code
    assert app.post(path).meta["code"] == "PRODUCT_SCOPE_REQUIRED"
    answer = app.post(path, {"meta": {"nonce": 42, "scope": {"product": product}}})
    assert (answer.meta["nonce"], answer.meta["code"]) == (42, "VALID")


def test_flow_2_a_key_needs_the_right_strategy(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy())
    assert license_of(vendor, license).get("/me").error == (403, "LICENSE_NOT_ALLOWED", None)
    assert vendor.using(None).get(f"/licenses/{license['id']}").error[:2] == (401, "TOKEN_MISSING")


@pytest.mark.parametrize("key", ["with space", "a/b?c#d%2Fe", "schlüssel-ключ-鍵-🔑", 'quo"te\\back', "+plus+plus+"])
def test_keys_of_any_characters(vendor: Integrator, key: str) -> None:
    license = vendor.license(vendor.policy(authenticationStrategy="LICENSE"), key=key)
    assert key_of(license) == key
    assert vendor.using(None).validate(key).data["id"] == license["id"]
    assert vendor.get(f"/licenses/{quote(key, safe='')}").data["id"] == license["id"]
    answer = vendor.post(f"/licenses/{quote(key, safe='')}/actions/validate")
    assert (answer.data["id"], answer.meta["code"]) == (license["id"], "VALID")
    if key.isascii():
        assert license_of(vendor, license).get("/me").data["id"] == license["id"]


def test_flow_5_metered_usage(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(maxUses=5, strict=False, authenticationStrategy="LICENSE"))
    app, actions = license_of(vendor, license), f"/licenses/{license['id']}/actions"
    assert app.post(f"{actions}/increment-usage").attributes["uses"] == 1
    assert app.post(f"{actions}/increment-usage", {"meta": {"increment": 4}}).attributes["uses"] == 5
    refused = app.post(f"{actions}/increment-usage")
    assert refused.error == (422, "USES_LIMIT_EXCEEDED", "/data/attributes/uses")
    assert refused.detail == "usage exceeds maximum allowed for license (5)"
    assert read(vendor, license)["uses"] == 5
    assert app.post(f"{actions}/decrement-usage").status == 403
    assert vendor.using(None).validate(key_of(license)).meta["code"] == "VALID"
    assert vendor.post(f"{actions}/decrement-usage", {"meta": {"decrement": 2}}).attributes["uses"] == 3
    assert vendor.post(f"{actions}/reset-usage").attributes["uses"] == 0


def test_flow_5_parallel_increments(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(maxUses=5, strict=False, authenticationStrategy="LICENSE"))
    app = license_of(vendor, license)
    with ThreadPoolExecutor(5) as crowd:
        racing = [crowd.submit(app.post, f"/licenses/{license['id']}/actions/increment-usage") for _ in range(8)]
    answers = [one.result() for one in racing]
    taken = [answer for answer in answers if answer.status == 200]
    assert len(taken) == 5
    assert {answer.status for answer in answers} <= {200, 409, 422}
    assert sorted(answer.attributes["uses"] for answer in taken) == [1, 2, 3, 4, 5]
    assert read(vendor, license)["uses"] == 5


def test_flow_8_a_trial_that_starts_when_it_is_used(site: Site, vendor: Integrator) -> None:
    policy = vendor.policy(
        duration=1209600,
        expirationBasis="FROM_FIRST_VALIDATION",
        expirationStrategy="RESTRICT_ACCESS",
        authenticationStrategy="LICENSE",
    )
    license = vendor.license(policy)
    assert license["attributes"]["expiry"] is None
    assert vendor.get(f"/licenses/{license['id']}/actions/validate").meta["code"] == "VALID"
    assert read(vendor, license)["expiry"] is None
    anybody = vendor.using(None)
    first = anybody.validate(key_of(license))
    assert first.meta["code"] == "VALID"
    expiry = read(vendor, license)["expiry"]
    assert abs(instant(expiry) - instant(first.meta["ts"]) - timedelta(days=14)) < timedelta(seconds=5)
    site.world.clock.advance(days=1)
    assert anybody.validate(key_of(license)).meta["valid"] is True
    assert anybody.validate(key_of(license), {"product": "00000000-0000-4000-8000-000000000000"}).meta["valid"] is False
    assert read(vendor, license)["expiry"] == expiry
    site.world.clock.advance(days=14)
    late = anybody.validate(key_of(license))
    assert (late.meta["valid"], late.meta["code"], late.meta["detail"]) == (False, "EXPIRED", "is expired")
    assert license_of(vendor, license).get("/me").data["id"] == license["id"]


def test_flow_8_a_failed_first_validation_starts_the_clock(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(duration=1209600, expirationBasis="FROM_FIRST_VALIDATION"))
    scope = {"product": "00000000-0000-4000-8000-000000000000"}
    assert vendor.using(None).validate(key_of(license), scope).meta["valid"] is False
    assert read(vendor, license)["expiry"] is not None


def test_flow_8_parallel_first_validations_agree(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(duration=1209600, expirationBasis="FROM_FIRST_VALIDATION"))
    anybody = vendor.using(None)
    with ThreadPoolExecutor(4) as crowd:
        racing = [crowd.submit(anybody.validate, key_of(license)) for _ in range(4)]
    assert {one.result().meta["code"] for one in racing} == {"VALID"}
    expiry = read(vendor, license)["expiry"]
    shown = {one.result().attributes["expiry"] for one in racing} - {None}
    assert shown <= {expiry}


def test_flow_8_the_clock_may_start_with_the_first_use(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(duration=1209600, expirationBasis="FROM_FIRST_USE"))
    assert license["attributes"]["expiry"] is None
    assert vendor.using(None).validate(key_of(license)).meta["code"] == "VALID"
    assert read(vendor, license)["expiry"] is None
    assert vendor.post(f"/licenses/{license['id']}/actions/increment-usage").attributes["uses"] == 1
    assert read(vendor, license)["expiry"] is not None


@pytest.mark.parametrize(
    ("strategy", "valid", "signs_in"),
    [
        ("RESTRICT_ACCESS", False, True),
        ("REVOKE_ACCESS", False, False),
        ("MAINTAIN_ACCESS", True, True),
        ("ALLOW_ACCESS", True, True),
    ],
)
def test_flows_8_and_9_after_the_expiry(
    site: Site, vendor: Integrator, strategy: str, valid: bool, signs_in: bool
) -> None:
    license = vendor.license(
        vendor.policy(duration=2629746, expirationStrategy=strategy, authenticationStrategy="LICENSE")
    )
    site.world.clock.advance(days=31)
    answer = vendor.using(None).validate(key_of(license))
    assert (answer.meta["valid"], answer.meta["code"]) == (valid, "EXPIRED")
    me = license_of(vendor, license).get("/me")
    if signs_in:
        assert me.data["id"] == license["id"]
    else:
        assert me.error == (403, "LICENSE_EXPIRED", None)


def test_flow_8_revoked_access_comes_before_any_scope(site: Site, vendor: Integrator) -> None:
    policy = vendor.policy(duration=86400, expirationStrategy="REVOKE_ACCESS", requireFingerprintScope=True)
    license = vendor.license(policy)
    site.world.clock.advance(days=2)
    assert vendor.using(None).validate(key_of(license)).meta["code"] == "EXPIRED"


def test_flow_10_check_in(site: Site, vendor: Integrator) -> None:
    policy = vendor.policy(
        requireCheckIn=True, checkInInterval="day", checkInIntervalCount=7, authenticationStrategy="LICENSE"
    )
    license = vendor.license(policy)
    attributes, week = license["attributes"], timedelta(days=7)
    assert attributes["requireCheckIn"] is True
    assert attributes["lastCheckIn"] == attributes["created"]
    assert instant(attributes["nextCheckIn"]) - instant(attributes["lastCheckIn"]) == week
    app, path = license_of(vendor, license), f"/licenses/{license['id']}/actions/check-in"
    site.world.clock.advance(days=3)
    checked = app.post(path)
    assert checked.status == 200
    assert instant(checked.attributes["lastCheckIn"]) > instant(attributes["lastCheckIn"])
    assert instant(checked.attributes["nextCheckIn"]) - instant(checked.attributes["lastCheckIn"]) == week
    site.world.clock.advance(days=8)
    late = vendor.using(None).validate(key_of(license))
    assert (late.meta["valid"], late.meta["code"], late.meta["detail"]) == (False, "OVERDUE", "is overdue for check in")
    assert app.post(path).status == 200
    assert vendor.using(None).validate(key_of(license)).meta["code"] == "VALID"


def test_flow_10_a_policy_without_check_in(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy())
    refused = vendor.post(f"/licenses/{license['id']}/actions/check-in")
    assert (refused.status, refused.detail) == (
        422,
        "cannot be checked in because the policy does not require it",
    )


def test_flow_14_a_suspended_license(vendor: Integrator) -> None:
    license = vendor.license(vendor.policy(authenticationStrategy="MIXED"), suspended=True)
    assert (license["attributes"]["suspended"], license["attributes"]["status"]) == (True, "SUSPENDED")
    answer = vendor.using(None).validate(key_of(license))
    shown = (answer.meta["valid"], answer.meta["code"], answer.meta["detail"])
    assert shown == (False, "SUSPENDED", "is suspended")
    assert license_of(vendor, license).get("/me").error == (403, "LICENSE_SUSPENDED", None)
    token = vendor.post(f"/licenses/{license['id']}/tokens").attributes["token"]
    assert vendor.using(f"Bearer {token}").get("/me").data["id"] == license["id"]


def test_flow_14_everything_of_a_policy_goes_with_it(vendor: Integrator) -> None:
    policy = vendor.policy(authenticationStrategy="MIXED")
    license = vendor.license(policy)
    token = vendor.post(f"/licenses/{license['id']}/tokens").attributes["token"]
    assert vendor.send("DELETE", f"/policies/{policy}").status == 204
    gone = vendor.using(None).validate(key_of(license))
    assert (gone.meta["code"], gone.data) == ("NOT_FOUND", None)
    assert license_of(vendor, license).get("/me").error[:2] == (401, "LICENSE_INVALID")
    assert vendor.using(f"Bearer {token}").get("/me").error[:2] == (401, "TOKEN_INVALID")
    assert vendor.get(f"/licenses/{license['id']}").error[:2] == (404, "NOT_FOUND")


def test_credentials_in_every_form(vendor: Integrator) -> None:
    """Basic and the query are for clients that cannot send a header of ours."""
    license = vendor.license(vendor.policy(authenticationStrategy="MIXED"))
    key = key_of(license)
    token = vendor.post(f"/licenses/{license['id']}/tokens").attributes["token"]
    for pair in (f"license:{key}", f"token:{token}", f"{token}:"):
        basic = vendor.using(f"Basic {b64encode(pair.encode()).decode()}")
        assert basic.get("/me").data["id"] == license["id"], pair
    anybody = vendor.using(None)
    for query in (f"token={token}", f"auth=license:{key}", f"auth=token:{token}", f"auth=license%3A{key}"):
        assert anybody.get(f"/me?{query}").data["id"] == license["id"], query


def test_pages_of_licenses(vendor: Integrator) -> None:
    policy = vendor.policy()
    made = [vendor.license(policy)["id"] for _ in range(5)]
    seen: list[str] = []
    page = vendor.get("/licenses?page[size]=2&page[number]=1")
    seen += [one["id"] for one in page.data]
    while following := page.document["links"].get("next"):
        assert following.startswith(f"{vendor.prefix}/licenses?")
        page = vendor.get(following.removeprefix(vendor.prefix))
        seen += [one["id"] for one in page.data]
    assert sorted(seen) == sorted(made)
    assert len(vendor.get("/licenses?limit=3").data) == 3
