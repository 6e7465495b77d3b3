"""What is stored around a license, as rows the service itself would have written; and what leads a reader astray."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from msgspec.structs import asdict, replace

from chalicelib.licensing.buckets import EMPTY_BUCKET, Bucket, weight
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.store.items import attachment, bucket, component, entitlement, machine, policy, product, release, user
from chalicelib.store.items import license as licenses
from chalicelib.store.items.guard import UniqueRow
from chalicelib.store.unit import Put, Write
from tests import world as services
from tests.properties.chance import Chance
from tests.properties.validation_cases import PARTS
from tests.properties.validation_named import Names, entitlements
from tests.properties.validation_world import World
from tests.unit.licensing import make

TOGETHER = 25
"""The most rows a batch takes."""


def counted(world: World) -> License:
    """The license with what its machines sum up to and how many users are attached."""
    return replace(world.license, users=len(world.attached), **asdict(_sum(world.machines)))


def put_entitlements(service: services.World) -> None:
    """Store what all cases share."""
    _put(service, (write for one in entitlements() for write in entitlement.creation(_account(service), one)))


def put(service: services.World, world: World, number: int) -> None:
    """Store case `number`."""
    _put(service, _Stock(_account(service), world, number).writes())


def _account(service: services.World) -> str:
    account_id: str = service.account["account"]
    return account_id


def _put(service: services.World, writes: Iterable[Write]) -> None:
    """Store rows without conditions, in batches."""
    rows = [write.row for write in writes if isinstance(write, Put)]
    requests = [{"PutRequest": {"Item": row.serialize()}} for row in rows]
    for start in range(0, len(requests), TOGETHER):
        batch = {service.database.names.resources: requests[start : start + TOGETHER]}
        service.transport.call("BatchWriteItem", {"RequestItems": batch})


def _sum(machines: Iterable[Machine]) -> Bucket:
    total = EMPTY_BUCKET
    for one in machines:
        total = total.plus(weight(one))
    return total


class _Stock:
    def __init__(self, account_id: str, world: World, number: int) -> None:
        self.account, self.world, self.names = account_id, world, Names(number)
        self.chance = Chance(Random(f"around {number}"))
        self.license = counted(world)
        self.elsewhere = replace(world.policy, id=self.names.id("elsewhere"), strict=True, max_users=1)

    def writes(self) -> Iterator[Write]:
        yield from self.parents()
        yield from self.own()
        for one in self.world.machines:
            yield from machine.creation(self.account, one, self.license, None)
            yield from self.components(one)
        yield from self.buckets()
        yield from self.attachments()
        yield from self.shipped()

    def parents(self) -> Iterator[Write]:
        yield from product.creation(self.account, self.world.product)
        yield from policy.creation(self.account, self.world.policy)
        yield from policy.creation(self.account, self.elsewhere)
        for one in self.world.users.values():
            yield from user.creation(self.account, one)

    def own(self) -> Iterator[Write]:
        """The guard of the key may still tell what was true before a transfer."""
        before = self.license
        if self.chance.happens(0.4):
            policy_id = self.chance.pick((self.elsewhere.id, self.names.id("gone")))
            owner_id = self.chance.pick((before.owner_id, None, *self.world.users))
            before = replace(before, policy_id=policy_id, owner_id=owner_id)
        for write in licenses.creation(self.account, self.license, self.world.policy, self.world.now):
            if not (isinstance(write, Put) and isinstance(write.row, UniqueRow)):
                yield write
        yield Put(licenses.guard(self.account, before))

    def components(self, on: Machine) -> Iterator[Write]:
        """Those it has, and some that an earlier machine with its fingerprint left behind."""
        present = self.world.components[on.id]
        for part in PARTS:
            if part in present or self.chance.happens(0.3):
                installed_on = on if part in present else replace(on, id=self.names.id(f"before {on.id}"))
                made = make.component(
                    id=self.names.id(f"{on.id} {part}"),
                    machine_id=installed_on.id,
                    license_id=on.license_id,
                    fingerprint=part,
                )
                yield from component.creation(self.account, made, installed_on, self.license)

    def buckets(self) -> Iterator[Write]:
        for owner_id in {one.owner_id for one in self.world.machines}:
            sums = _sum(one for one in self.world.machines if one.owner_id == owner_id)
            yield bucket.counted(self.account, self.license.id, owner_id, None, asdict(sums))

    def attachments(self) -> Iterator[Write]:
        world = self.world
        yield from (self.attached("license-user", self.license.id, one) for one in world.attached)
        yield from (self.attached("license-entitlement", self.license.id, one) for one in world.license_entitlements)
        yield from (self.attached("policy-entitlement", world.policy.id, one) for one in world.policy_entitlements)
        # Whoever trusts an old hint finds too much.
        yield from (self.attached("policy-entitlement", self.elsewhere.id, one.id) for one in entitlements())
        for one in world.releases:
            yield from (self.attached("release-constraint", one.id, asked) for asked in world.constraints[one.id])

    def attached(self, kind: str, holder_id: str, target_id: str) -> Write:
        identifier = self.names.id(f"{kind} {holder_id} {target_id}")
        made = make.attachment(id=identifier, kind=kind, holder_id=holder_id, target_id=target_id)
        return attachment.put(self.account, made, self.license.created)

    def shipped(self) -> Iterator[Write]:
        for one in self.world.releases:
            yield from release.creation(self.account, one)
        for file in self.world.artifacts:
            yield from release.artifact_creation(self.account, file)
