"""Passwords: changed, forgotten, reset (spec resources.md §4.4)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.store.table import Outbox, Row
from tests.api.helpers import NOWHERE, first, staff, user, user_token
from tests.api.users.people import (
    PASSWORD,
    change,
    events,
    forget_password,
    lives,
    path_of,
    person,
    protect,
    sign_in,
    signed_in,
    stored,
)
from tests.races.crowd import rows
from tests.world import Answer, World

NEW = "battery staple"
EMAIL = "ann@acme.example"


def update(world: World, one: Any, as_: str | None, old: Any = PASSWORD, new: Any = NEW) -> Answer:
    world.clock.advance(minutes=10)
    return world.post(
        f"{path_of(one)}/actions/update-password", {"meta": {"oldPassword": old, "newPassword": new}}, as_=as_
    )


def reset(world: World, name: str, token: str, new: str = NEW, as_: str | None = None) -> Answer:
    world.clock.advance(minutes=10)
    body = {"meta": {"passwordResetToken": token, "newPassword": new}}
    return world.post(f"/v1/users/{name}/actions/reset-password", body, as_=as_)


class TestUpdate:
    def test_a_new_one(self, world: World) -> None:
        ann = person(world, password=PASSWORD)
        mine, other = signed_in(world, EMAIL), signed_in(world, EMAIL)
        world.listen("*")
        answer = update(world, ann, mine)
        assert (answer.status, answer.data["id"]) == (200, ann["id"])
        assert answer.data == world.get(path_of(ann)).data
        assert (lives(world, mine), lives(world, other)) == (True, False)
        assert sign_in(world, EMAIL).error[1] == "PASSWORD_INVALID"
        assert lives(world, signed_in(world, EMAIL, NEW))
        assert "user.updated" not in [name for name, _ in events(world)]

    @pytest.mark.parametrize("old", ["wrong", PASSWORD.upper(), PASSWORD + " "])
    def test_a_wrong_old_one(self, local_world: World, old: str) -> None:
        ann = person(local_world, password=PASSWORD)
        mine = signed_in(local_world, EMAIL)
        answer = update(local_world, ann, mine, old=old, new="1")
        assert first(answer) == (401, None, "/meta/oldPassword", "is not valid")
        assert answer.headers["www-authenticate"] == 'Bearer realm="keygen"'
        assert sign_in(local_world, EMAIL).status == 201

    def test_without_one(self, world: World) -> None:
        one = user(world)
        answer = update(world, {"id": one.id}, user_token(world, one))
        assert first(answer) == (401, None, "/meta/oldPassword", "is not valid")

    def test_bounds(self, world: World) -> None:
        ann = person(world, password=PASSWORD)
        mine = signed_in(world, EMAIL)
        for new, code in (("12345", "PASSWORD_TOO_SHORT"), ("a" * 73, "PASSWORD_TOO_LONG")):
            assert update(world, ann, mine, new=new).error == (422, code, "/data/attributes/password")
        assert lives(world, mine)

    @pytest.mark.parametrize(
        ("body", "detail", "where"),
        [
            ({}, "is missing", "/meta"),
            ({"meta": {}}, "is missing", "/meta/oldPassword"),
            ({"meta": {"oldPassword": "a"}}, "is missing", "/meta/newPassword"),
            ({"meta": {"oldPassword": None, "newPassword": "a"}}, "cannot be null", "/meta/oldPassword"),
            ({"meta": {"oldPassword": "a", "newPassword": ""}}, "cannot be blank", "/meta/newPassword"),
            ({"meta": {"oldPassword": "a", "newPassword": "b", "x": 1}}, "unpermitted parameter", "/meta/x"),
            ({"data": {}}, "unpermitted parameter", "/data"),
        ],
    )
    def test_bad_documents(self, local_world: World, body: Any, detail: str, where: str) -> None:
        one = user(local_world)
        path = f"/v1/users/{one.id}/actions/update-password"
        answer = local_world.post(path, body, as_=user_token(local_world, one))
        assert first(answer) == (400, None, where, detail)

    def test_only_by_oneself(self, world: World) -> None:
        ann = person(world, password=PASSWORD)
        for as_ in ("admin", staff(world, "developer"), world.token(f"/v1/products/{world.product()['id']}")):
            assert update(world, ann, as_, old=None).error[:2] == (403, None)
        assert update(world, ann, None).error == (401, "TOKEN_MISSING", None)
        assert update(world, ann, user_token(world, user(world))).error[0] == 404
        assert update(world, {"id": NOWHERE}, "admin").error[0] == 404

    def test_staff_too(self, world: World) -> None:
        me = person(world, role="developer", password=PASSWORD)
        assert update(world, me, signed_in(world, EMAIL)).status == 200
        assert lives(world, signed_in(world, EMAIL, NEW))


class TestForgotten:
    @pytest.mark.parametrize("more", [{}, {"deliver": True}, {"deliver": False}, {"deliver": None}])
    def test_who_subscribed_gets_the_token(self, local_world: World, more: Any) -> None:
        ann = person(local_world, password=PASSWORD)
        local_world.listen("user.password-reset")
        answer = local_world.post("/v1/passwords", {"meta": {"email": "Ann@ACME.example", **more}}, as_=None)
        assert (answer.status, answer.raw) == (204, b"")
        ((name, payload),) = events(local_world)
        token = payload.pop("meta")["passwordResetToken"]
        assert (name, payload["data"]["id"], len(token)) == ("user.password-reset", ann["id"], 64)
        assert sign_in(local_world, EMAIL).status == 201

    def test_the_token_is_nowhere_in_clear(self, world: World) -> None:
        person(world, password=PASSWORD)
        world.listen("*")
        token = forget_password(world, EMAIL)
        for item in (*rows(world, Row), *rows(world, Outbox)):
            assert token not in str(item)

    def test_an_unknown_email_is_answered_the_same(self, world: World) -> None:
        person(world)
        world.listen("*")
        for email in ("nobody@acme.example", "nonsense", " ann@acme.example.com"):
            answer = world.post("/v1/passwords", {"meta": {"email": email}}, as_=None)
            assert (answer.status, answer.raw) == (204, b"")
        assert events(world) == []

    @pytest.mark.parametrize("as_", [None, "admin", "Bearer nonsense", "License nonsense"])
    def test_credentials_are_not_looked_at(self, world: World, as_: str | None) -> None:
        person(world)
        answer = world.post("/v1/passwords", {"meta": {"email": EMAIL}}, as_=as_)
        assert answer.status == 204
        assert "keygen-bearer" not in answer.headers

    @pytest.mark.parametrize(
        ("body", "detail", "where"),
        [
            ({}, "is missing", "/meta"),
            ({"meta": {}}, "is missing", "/meta/email"),
            ({"meta": {"email": None}}, "cannot be null", "/meta/email"),
            ({"meta": {"email": " "}}, "cannot be blank", "/meta/email"),
            ({"meta": {"email": 1}}, "type mismatch (received integer expected string)", "/meta/email"),
            (
                {"meta": {"email": "a", "deliver": 1}},
                "type mismatch (received integer expected boolean)",
                "/meta/deliver",
            ),
            ({"meta": {"email": "a", "x": 1}}, "unpermitted parameter", "/meta/x"),
        ],
    )
    def test_bad_documents(self, shared_world: World, body: Any, detail: str, where: str) -> None:
        assert first(shared_world.post("/v1/passwords", body, as_=None)) == (400, None, where, detail)


class TestReset:
    def test_with_the_token(self, world: World) -> None:
        ann = person(world, password=PASSWORD)
        mine = signed_in(world, EMAIL)
        world.listen("*")
        token = forget_password(world, EMAIL)
        told = len(events(world))
        answer = reset(world, "ANN@acme.example", token)
        assert (answer.status, answer.data) == (200, world.get(path_of(ann)).data)
        assert not lives(world, mine)
        assert sign_in(world, EMAIL).error[1] == "PASSWORD_INVALID"
        assert lives(world, signed_in(world, EMAIL, NEW))
        assert reset(world, ann["id"], token).error[0] == 404
        assert [name for name, _ in events(world)[told:]] == ["token.generated"]

    def test_a_first_password(self, world: World) -> None:
        ann = person(world)
        world.listen("*")
        assert reset(world, ann["id"], forget_password(world, EMAIL)).status == 200
        assert sign_in(world, EMAIL, NEW).status == 201

    def test_a_wrong_token_is_an_unknown_user(self, world: World) -> None:
        ann = person(world, password=PASSWORD)
        world.listen("*")
        assert reset(world, ann["id"], "0" * 64).error[0] == 404
        token = forget_password(world, EMAIL)
        for name, wrong in ((ann["id"], token.upper()), (ann["id"], "0" * 64), (EMAIL, token + "0")):
            expected = (404, "NOT_FOUND", None, f"The requested user '{name}' was not found")
            assert first(reset(world, name, wrong)) == expected
        assert reset(world, NOWHERE, token).error[0] == 404
        assert reset(world, user(world).id, token).error[0] == 404
        assert sign_in(world, EMAIL).status == 201

    def test_only_the_last_token_counts(self, world: World) -> None:
        ann = person(world)
        world.listen("*")
        old, new = forget_password(world, EMAIL), forget_password(world, EMAIL)
        assert reset(world, ann["id"], old).error[0] == 404
        assert reset(world, ann["id"], new).status == 200

    @pytest.mark.parametrize(("minutes", "status"), [(24 * 60 - 10, 200), (24 * 60 - 9, 401)])
    def test_expiry(self, local_world: World, minutes: int, status: int) -> None:
        ann = person(local_world)
        local_world.listen("*")
        token = forget_password(local_world, EMAIL)
        local_world.clock.advance(minutes=minutes)
        answer = reset(local_world, ann["id"], token)
        assert answer.status == status
        assert status == 200 or first(answer) == (401, None, "/meta/passwordResetToken", "is expired")

    def test_a_password_set_meanwhile_uses_the_token_up(self, world: World) -> None:
        ann = person(world)
        world.listen("*")
        token = forget_password(world, EMAIL)
        assert change(world, ann, password=PASSWORD).status == 200
        assert "reset_digest" not in stored(world, ann)
        assert reset(world, ann["id"], token).error[0] == 404

    def test_in_a_protected_account(self, world: World) -> None:
        managed, known = person(world), person(world, "bob@acme.example", password=PASSWORD)
        colleague = person(world, "eve@acme.example", role="read-only")
        protect(world)
        world.listen("*")
        denied = "You do not have permission to complete the request (ensure a token or license is present and valid)"
        token = forget_password(world, EMAIL)
        assert first(reset(world, managed["id"], token)) == (403, None, None, denied)
        for one in (known, colleague):
            token = forget_password(world, one["attributes"]["email"])
            assert reset(world, one["id"], token).status == 200

    def test_bounds(self, world: World) -> None:
        ann = person(world)
        world.listen("*")
        token = forget_password(world, EMAIL)
        answer = reset(world, ann["id"], token, new="12345")
        assert answer.error == (422, "PASSWORD_TOO_SHORT", "/data/attributes/password")
        assert reset(world, ann["id"], token).status == 200

    @pytest.mark.parametrize("as_", ["admin", "Bearer nonsense"])
    def test_credentials_are_not_looked_at(self, world: World, as_: str) -> None:
        """A client may still send the token it lost its password for."""
        ann = person(world)
        world.listen("*")
        answer = reset(world, ann["id"], forget_password(world, EMAIL), as_=as_)
        assert answer.status == 200
        assert "keygen-bearer" not in answer.headers

    @pytest.mark.parametrize(
        ("body", "detail", "where"),
        [
            ({}, "is missing", "/meta"),
            ({"meta": {"newPassword": "a"}}, "is missing", "/meta/passwordResetToken"),
            ({"meta": {"passwordResetToken": "a"}}, "is missing", "/meta/newPassword"),
            ({"meta": {"passwordResetToken": "", "newPassword": "a"}}, "cannot be blank", "/meta/passwordResetToken"),
        ],
    )
    def test_bad_documents(self, local_world: World, body: Any, detail: str, where: str) -> None:
        path = f"/v1/users/{user(local_world).id}/actions/reset-password"
        assert first(local_world.post(path, body, as_=None)) == (400, None, where, detail)
        assert local_world.post(f"/v1/users/{NOWHERE}/actions/reset-password", body, as_=None).error[0] == 404
