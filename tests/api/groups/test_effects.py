"""Limits of groups, and what a group that is deleted leaves behind (resources.md §3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.groups.crowd import attach, counts, group, licensed, member
from tests.api.helpers import by_key, first, staff, user, user_token
from tests.races.crowd import feed
from tests.world import Answer, World, resource

LIMITED = "/data/relationships/group"


def to(group: Any) -> dict[str, Any]:
    """The linkage of a group, or of none."""
    return {"data": None if group is None else {"type": "groups", "id": group["id"]}}


def new_user(world: World, email: str, group: Any) -> Answer:
    sent = resource("users", {"email": email}, group=("groups", group["id"]))
    return world.post("/v1/users", sent)


def new_license(world: World, policy: str, **parents: tuple[str, str]) -> Answer:
    return world.post("/v1/licenses", resource("licenses", {}, policy=("policies", policy), **parents))


class TestLimits:
    """Each kind is counted by itself; there is no overage."""

    def test_users(self, world: World) -> None:
        made = group(world, maxUsers=1, maxLicenses=0)
        inside = new_user(world, "one@acme.example", made)
        assert inside.status == 201
        full = (422, "GROUP_USER_LIMIT_EXCEEDED", LIMITED)
        detail = "user count has exceeded maximum allowed by current group (1)"
        assert first(new_user(world, "two@acme.example", made)) == (*full, detail)
        outside = user(world)
        moving = f"/v1/users/{outside.id}/group"
        assert world.send("PUT", moving, to(made)).error == full
        assert world.send("PUT", f"/v1/users/{inside.data['id']}/group", to(made)).status == 200
        assert world.send("PUT", f"/v1/users/{inside.data['id']}/group", to(None)).status == 200
        assert world.send("PUT", moving, to(made)).status == 200
        assert counts(world, made) == (1, 0, 0)
        assert world.send("DELETE", f"/v1/users/{outside.id}").status == 204
        assert counts(world, made) == (0, 0, 0)
        assert new_user(world, "two@acme.example", made).status == 201

    def test_licenses(self, world: World) -> None:
        made, policy = group(world, maxUsers=0, maxLicenses=1), world.policy()["id"]
        inside = new_license(world, policy, group=("groups", made["id"]))
        assert inside.status == 201
        full = (422, "GROUP_LICENSE_LIMIT_EXCEEDED", LIMITED)
        detail = "license count has exceeded maximum allowed by current group (1)"
        assert first(new_license(world, policy, group=("groups", made["id"]))) == (*full, detail)
        moving = f"/v1/licenses/{world.license(policy)['id']}/group"
        assert world.send("PUT", moving, to(made)).error == full
        assert world.send("PUT", f"/v1/licenses/{inside.data['id']}/group", to(made)).status == 200
        assert world.send("DELETE", f"/v1/licenses/{inside.data['id']}").status == 204
        assert world.send("PUT", moving, to(made)).status == 200
        assert counts(world, made) == (0, 1, 0)

    def test_inherited_groups_are_checked_too(self, world: World) -> None:
        made, policy = group(world, maxLicenses=1), world.policy()["id"]
        inside = member(world, made)
        assert new_license(world, policy, owner=("users", inside.id)).status == 201
        answer = new_license(world, policy, owner=("users", inside.id))
        assert answer.error == (422, "GROUP_LICENSE_LIMIT_EXCEEDED", LIMITED)

    @pytest.mark.parametrize("highest", [0, -1])
    def test_none_more(self, world: World, highest: int) -> None:
        made = group(world, maxUsers=highest)
        detail = f"user count has exceeded maximum allowed by current group ({highest})"
        assert first(new_user(world, "one@acme.example", made))[3] == detail

    def test_a_lower_limit_evicts_nobody(self, world: World) -> None:
        made = group(world, maxUsers=2)
        inside = [new_user(world, f"{name}@acme.example", made).data["id"] for name in ("one", "two")]
        path = f"/v1/groups/{made['id']}"
        assert world.send("PATCH", path, resource("groups", {"maxUsers": 1})).status == 200
        assert {one["id"] for one in world.get(f"{path}/users").data} == set(inside)
        assert new_user(world, "more@acme.example", made).error[1] == "GROUP_USER_LIMIT_EXCEEDED"
        assert world.send("DELETE", f"/v1/users/{inside[0]}").status == 204
        assert new_user(world, "more@acme.example", made).error[1] == "GROUP_USER_LIMIT_EXCEEDED"
        assert world.send("PATCH", path, resource("groups", {"maxUsers": None})).status == 200
        assert new_user(world, "more@acme.example", made).status == 201


class Deleted:
    """A group with everything, just deleted; its task has not begun."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.group = group(world, maxUsers=9)
        self.user = member(world, self.group)
        self.owner = user(world)
        attach(world, self.group, self.owner)
        self.license = licensed(world, self.group)
        self.path = f"/v1/groups/{self.group['id']}"
        answer = world.send("DELETE", self.path)
        assert (answer.status, answer.raw) == (204, b"")

    def finish(self) -> None:
        """Let the task run to its end."""
        self.world.stream().handle(feed(self.world, "task"))
        self.world.clock.advance(minutes=2)
        self.world.sweep()


@pytest.fixture(params=["at once", "in the end"])
def deleted(world: World, request: pytest.FixtureRequest) -> Deleted:
    found = Deleted(world)
    if request.param == "in the end":
        found.finish()
    return found


def test_the_group_is_gone(deleted: Deleted) -> None:
    world = deleted.world
    for below in ("", "/owners", "/users", "/licenses", "/machines"):
        assert world.get(deleted.path + below).error == (404, "NOT_FOUND", None)
    for bearer in (world.admin, user_token(world, deleted.owner), by_key(deleted.license)):
        assert world.get("/v1/groups", as_=bearer).data == []
        assert world.get(deleted.path, as_=bearer).error == (404, "NOT_FOUND", None)
    assert world.send("DELETE", deleted.path).error == (404, "NOT_FOUND", None)


def test_its_members_have_none(deleted: Deleted) -> None:
    world = deleted.world
    user_path, license_path = f"/v1/users/{deleted.user.id}", f"/v1/licenses/{deleted.license['id']}"
    shown = [
        world.get(user_path).data,
        world.get("/v1/me", as_=user_token(world, deleted.user)).data,
        world.get(license_path).data,
        world.get("/v1/me", as_=by_key(deleted.license)).data,
        *world.get("/v1/users").data,
        *world.get("/v1/licenses").data,
    ]
    assert {one["id"] for one in shown} == {deleted.user.id, deleted.owner.id, deleted.license["id"]}
    assert [one["relationships"]["group"]["data"] for one in shown] == [None] * len(shown)
    assert world.get(f"{user_path}/group").document == {"data": None}
    assert world.get(f"{license_path}/group").error == (404, "NOT_FOUND", None)
    for kind in ("users", "licenses"):
        assert world.get(f"/v1/{kind}?group={deleted.group['id']}").data == []


def test_its_members_enter_another_one(deleted: Deleted) -> None:
    world, other = deleted.world, group(deleted.world, "other", maxUsers=1, maxLicenses=1)
    for path in (f"/v1/users/{deleted.user.id}", f"/v1/licenses/{deleted.license['id']}"):
        answer = world.send("PUT", f"{path}/group", to(other))
        assert answer.status == 200, answer.raw
        assert world.get(f"{path}/group").data["id"] == other["id"]
    assert counts(world, other) == (1, 1, 0)
    deleted.finish()
    assert counts(world, other) == (1, 1, 0)
    for path in (f"/v1/users/{deleted.user.id}", f"/v1/licenses/{deleted.license['id']}"):
        assert world.get(f"{path}/group").data["id"] == other["id"]


def test_its_members_can_be_changed_and_deleted(deleted: Deleted) -> None:
    world = deleted.world
    for path, kind, name in (
        (f"/v1/users/{deleted.user.id}", "users", "firstName"),
        (f"/v1/licenses/{deleted.license['id']}", "licenses", "name"),
    ):
        answer = world.send("PATCH", path, resource(kind, {name: "New"}))
        assert (answer.status, answer.attributes[name]) == (200, "New")
        assert answer.data["relationships"]["group"]["data"] is None
        assert world.send("PUT", f"{path}/group", to(None)).status == 200
        assert world.send("DELETE", path).status == 204
        assert world.get(path).status == 404


def test_it_cannot_be_entered_any_more(deleted: Deleted) -> None:
    world = deleted.world
    unknown = (422, "GROUP_NOT_FOUND", LIMITED, "must exist")
    policy = world.policy()["id"]
    assert first(new_user(world, "new@acme.example", deleted.group)) == unknown
    assert first(new_license(world, policy, group=("groups", deleted.group["id"]))) == unknown
    assert first(world.send("PUT", f"/v1/users/{deleted.owner.id}/group", to(deleted.group))) == unknown
    inherited = new_license(world, policy, owner=("users", deleted.user.id))
    assert (inherited.status, inherited.data["relationships"]["group"]["data"]) == (201, None)


def test_owners_that_are_deleted_own_nothing(world: World) -> None:
    made, former, other = group(world), user(world), user(world)
    (gone, kept) = attach(world, made, former, other).data
    path = f"/v1/groups/{made['id']}/owners"
    assert world.send("DELETE", f"/v1/users/{former.id}").status == 204
    named = {"data": [{"type": "users", "id": former.id}]}
    for _ in range(2):
        assert world.get(path).data == [kept]
        assert world.get(f"{path}/{gone['id']}").error == (404, "NOT_FOUND", None)
        assert world.send("DELETE", path, named).error == (422, None, "/data/0")
        assert world.post(path, named).error == (422, "USER_NOT_FOUND", "/data/relationships/user")
        world.stream().handle(feed(world, "task"))


def test_staff_may_own_a_group(world: World) -> None:
    """It sees everything with or without."""
    made, developer = group(world), user(world, "developer")
    attach(world, made, developer)
    token = user_token(world, developer)
    assert world.get(f"/v1/groups/{made['id']}/users", as_=token).status == 200
    assert world.get("/v1/groups", as_=staff(world, "read-only")).data == [made]
