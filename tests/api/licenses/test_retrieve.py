import pytest

from tests.api.helpers import NOWHERE, by_key, first, open_license, user, user_token
from tests.world import World, resource, segment


def test_by_id_in_any_spelling(world: World) -> None:
    license = world.license()
    for named in (license["id"], license["id"].upper(), license["id"].replace("-", "")):
        assert world.get(f"/v1/licenses/{named}").data == license


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("ABC.DEF.json", "ABC.DEF.json"),
        ("key/eyJh+Q==.sig/na", "key%2FeyJh+Q==.sig%2Fna"),
        ("with a space+plus", "with%20a%20space+plus"),
        ("100%25 %2F sure", segment("100%25 %2F sure")),
        ("ключ-ключ", segment("ключ-ключ")),
        ("a?b#c&d=e:f@g", segment("a?b#c&d=e:f@g")),
        ("12345678", "12345678"),
        ("..license..", "..license.."),
    ],
)
def test_by_key(world: World, key: str, path: str) -> None:
    license = world.license(key=key)
    assert world.get(f"/v1/licenses/{path}").data == license
    assert world.get(f"/v1/accounts/acme/licenses/{path}").data == license


def test_a_raw_slash_is_another_route(local_world: World) -> None:
    local_world.license(key="key/abcdef")
    answer = local_world.get("/v1/licenses/key/abcdef")
    assert answer.error == (404, "NOT_FOUND", None)
    assert answer.errors[0]["detail"].startswith("The requested endpoint was not found")


def test_keys_are_compared_exactly(local_world: World) -> None:
    local_world.license(key="My-Secret-Key")
    for named in ("my-secret-key", "My-Secret-Key%20", "My-Secret", NOWHERE):
        detail = f"The requested license '{named.replace('%20', ' ')}' was not found"
        assert first(local_world.get(f"/v1/licenses/{named}")) == (404, "NOT_FOUND", None, detail)


def test_the_older_of_two_wins(world: World) -> None:
    """A key may look like an id that only later comes to exist."""
    identifier = world.tools.new_id()
    older = world.license(key=identifier)
    world.clock.advance(seconds=1)
    sent = resource("licenses", {}, policy=("policies", world.policy()["id"]))
    sent["data"]["id"] = identifier
    assert world.post("/v1/licenses", sent).status == 201
    assert world.get(f"/v1/licenses/{identifier}").data["id"] == older["id"]


def test_who_sees_it(world: World) -> None:
    owner = user(world)
    policy = world.policy(authenticationStrategy="MIXED")
    links = {"policy": ("policies", policy["id"]), "owner": ("users", owner.id)}
    license = world.post("/v1/licenses", resource("licenses", {}, **links)).data
    sibling = world.license(policy["id"])
    path, product = f"/v1/licenses/{license['id']}", policy["relationships"]["product"]["data"]["id"]
    readers = [
        by_key(license),
        world.token(path),
        world.token(f"/v1/products/{product}"),
        user_token(world, owner),
    ]
    strangers = [
        by_key(sibling),
        world.token(f"/v1/licenses/{sibling['id']}"),
        world.token(f"/v1/products/{world.product()['id']}"),
        user_token(world, user(world)),
    ]
    for as_ in readers:
        assert world.get(path, as_=as_).data == license
        assert world.get(f"/v1/licenses/{license['attributes']['key']}", as_=as_).data == license
    for as_ in strangers:
        assert world.get(path, as_=as_).error == (404, "NOT_FOUND", None)


def test_in_scope_without_permission(local_world: World) -> None:
    license = open_license(local_world, permissions=["license.validate"])
    reason = "You do not have permission to complete the request (license lacks permission to perform action)"
    answer = local_world.get(f"/v1/licenses/{license['id']}", as_=by_key(license))
    assert first(answer) == (403, None, None, reason)
    assert answer.errors[0]["title"] == "Access denied"
    narrow = {"data": {"type": "tokens", "attributes": {"permissions": ["license.validate"]}}}
    wide = open_license(local_world)
    token = local_world.token(f"/v1/licenses/{wide['id']}", narrow)
    answer = local_world.get(f"/v1/licenses/{wide['id']}", as_=token)
    assert "(token lacks permission to perform action)" in answer.errors[0]["detail"]


@pytest.mark.parametrize(("days", "status"), [(90, "ACTIVE"), (91, "INACTIVE")])
def test_activity(local_world: World, days: int, status: str) -> None:
    path = f"/v1/licenses/{local_world.license()['id']}"
    local_world.clock.advance(days=days)
    assert local_world.get(path).attributes["status"] == status


def test_the_owner_is_banned(local_world: World) -> None:
    owner = user(local_world, banned_at=local_world.clock.now())
    policy = local_world.policy(authenticationStrategy="MIXED")
    links = {"policy": ("policies", policy["id"]), "owner": ("users", owner.id)}
    license = local_world.post("/v1/licenses", resource("licenses", {"suspended": True}, **links)).data
    assert license["attributes"]["status"] == "BANNED"
    path = f"/v1/licenses/{license['id']}"
    assert local_world.get(path, as_=by_key(license)).error == (403, "LICENSE_BANNED", None)
    assert local_world.get(path, as_=local_world.token(path)).error == (403, "USER_BANNED", None)
