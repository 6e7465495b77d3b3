"""Two users, two groups and two entitlements, everything tied to everything; and what is left of it in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.licensing.attachment import Attachment
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.group import Group
from chalicelib.licensing.user import User
from chalicelib.store import fetch, keys
from chalicelib.store.items import attachment as attachments
from chalicelib.store.items import entitlement as entitlements
from chalicelib.store.items import group as groups
from chalicelib.store.items import hint
from chalicelib.store.items import user as users
from chalicelib.store.items.license import MeterRow
from chalicelib.store.table import Item, Row
from chalicelib.store.unit import Change, commit
from tests.api.helpers import user_token
from tests.races.crowd import rows
from tests.world import World

SEVERAL = 4
"""More than a page of three."""


@dataclass
class Neighbours:
    """`one` and `other` are in a group of their own each, and own the other's. Each has licenses in both groups, is
    attached to those of the other, and every license and policy has both entitlements.
    """

    world: World
    licenses: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.account_id: str = self.world.account["account"]
        self.one, self.other = self._user("one"), self._user("other")
        self.group, self.other_group = self._group("group"), self._group("other group")
        self.entitlement, self.other_entitlement = self._entitlement("ONE"), self._entitlement("OTHER")
        self.policies = [self.world.policy()["id"] for _ in range(SEVERAL)]
        for user, group in ((self.one, self.group), (self.other, self.other_group)):
            self._enter(user, group)
            self.licenses[user.id] = [self._license(user, number) for number in range(SEVERAL)]
        self._tie()

    def _user(self, name: str) -> User:
        now = self.world.clock.now()
        made = User(
            id=self.world.tools.new_id(),
            email=f"{name}@acme.example",
            metadata={"team": name},
            created=now,
            updated=now,
        )
        hint.put(self.world.database, self.account_id, users.listed(made))
        commit(self.world.database, users.creation(self.account_id, made))
        for _ in range(SEVERAL):
            user_token(self.world, made)
        return made

    def _group(self, name: str) -> Group:
        now = self.world.clock.now()
        made = Group(id=self.world.tools.new_id(), name=name, created=now, updated=now)
        commit(self.world.database, groups.creation(self.account_id, made))
        return made

    def _entitlement(self, code: str) -> Entitlement:
        now = self.world.clock.now()
        made = Entitlement(id=self.world.tools.new_id(), name=code, code=code, created=now, updated=now)
        commit(self.world.database, entitlements.creation(self.account_id, made))
        return made

    def _enter(self, user: User, group: Group) -> None:
        entered = User(**{name: getattr(user, name) for name in user.__struct_fields__} | {"group_id": group.id})
        change, *_ = users.update(self.account_id, user, entered)
        commit(self.world.database, (change, *groups.moved(self.account_id, "users", None, group)))

    def _license(self, owner: User, number: int) -> Any:
        self.world.clock.advance(seconds=1)
        group = self.group if number % 2 else self.other_group
        parents = {"policy": ("policies", self.policies[number]), "owner": ("users", owner.id)}
        made = self.world.create("licenses", {"metadata": {"seat": number}}, **parents, group=("groups", group.id))
        for _ in range(SEVERAL):
            self.world.token(f"/v1/licenses/{made['id']}")
        return made

    def _tie(self) -> None:
        for group, owner in ((self.group, self.other), (self.other_group, self.one)):
            self.attach("group-owner", group.id, owner.id)
        for user, friend in ((self.one, self.other), (self.other, self.one)):
            for license in self.licenses[user.id]:
                self.attach("license-user", license["id"], friend.id)
                seat = Change(MeterRow, keys.meter(self.account_id, license["id"]), (MeterRow.users.set(1),))
                commit(self.world.database, (seat,))
                self._entitle("license-entitlement", license["id"])
        for policy_id in self.policies:
            self._entitle("policy-entitlement", policy_id)

    def _entitle(self, kind: str, holder_id: str) -> None:
        for one in (self.entitlement, self.other_entitlement):
            self.attach(kind, holder_id, one.id)

    def attach(self, kind: str, holder_id: str, target_id: str) -> Attachment:
        """Put an attachment into the store, and nothing else."""
        now = self.world.clock.now()
        ends = {"kind": kind, "holder_id": holder_id, "target_id": target_id, "target_created": now}
        made = Attachment(id=self.world.tools.new_id(), **ends, created=now, updated=now)  # type: ignore[arg-type]
        commit(self.world.database, (attachments.put(self.account_id, made, now),))
        return made

    def attached(self, kind: str) -> list[tuple[str, str]]:
        """Holder and target of every attachment of a kind."""
        found = [item for item in rows(self.world, Row, "attachment") if item["attached"] == kind]
        return sorted((item["holder_id"], item["target_id"]) for item in found)

    def facts(self) -> dict[str, Item]:
        """The licenses that are stored, by id."""
        return {item["id"]: item for item in rows(self.world, Row, "license")}

    def seats(self) -> dict[str, int]:
        """How many users are counted as attached, by license."""
        return {item["id"]: item["users"] for item in rows(self.world, Row, "license-meter")}

    def bearers(self) -> set[str]:
        """Who has tokens."""
        return {item["bearer_id"] for item in rows(self.world, Row, "token")}

    def hints(self) -> set[str]:
        """The ids of what is listed by its metadata."""
        return {item["sk"].partition("#")[2] for item in rows(self.world, Row, "hint")}

    def members(self, group: Group) -> tuple[int, int] | None:
        """How many users and licenses a group counts."""
        item = fetch.get(self.world.database, keys.group_meter(self.account_id, group.id))
        return None if item is None else (item["users"], item["licenses"])
