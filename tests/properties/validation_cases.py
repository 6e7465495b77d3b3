"""Validations at random: what is stored, what is asked, mostly fitting, near the limits and the last instants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from msgspec.structs import replace

from chalicelib.licensing.artifact import Artifact
from chalicelib.licensing.license import License
from chalicelib.licensing.machine import Machine
from chalicelib.licensing.policy import Policy
from chalicelib.licensing.release import Release
from tests.properties.chance import Chance
from tests.properties.validation_scopes import scope
from tests.properties.validation_world import World
from tests.unit.licensing import make
from tests.unit.licensing.make import DAY, HOUR, TICK

NOWS = [datetime(*date, 12, tzinfo=UTC) for date in ((2024, 2, 1), (2024, 2, 29), (2023, 2, 28), (2024, 3, 30))]
NAMES = ("u1", "u2", "u3", "u4")
PEOPLE = {name: make.user(id=name, email=f"{name}@example.com") for name in NAMES}
BANNED = {name: make.user(id=name, email=f"{name}@example.com", banned_at=make.LONG_AGO) for name in NAMES}
PRODUCTS = [
    make.product(distribution_strategy=strategy) for strategy in ("LICENSED", "LICENSED", "OPEN", None, "CLOSED")
]
CODES = {"e1": "FEATURE", "e2": "feature", "e3": "OTHER"}
FINGERPRINTS = ("fp1", "fp2", "fp3", "fp4", "FP1", "fp 5")
PARTS = ("part1", "part2", "part3", "PART1")
VERSIONS = ("1.0.0", "1.9.0", "1.10.0", "2.0.0-beta.10", "2.0.0-rc.2", "2.0.0-rc.10", "2.0.0")
CHECKSUMS = ("aaaa", "AAAA", "bbbb")
HUGE = 2**62

EXPIRATIONS = ("RESTRICT_ACCESS", "RESTRICT_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS", "REVOKE_ACCESS", None)
MATCHINGS = ("MATCH_ANY", "MATCH_TWO", "MATCH_MOST", "MATCH_ALL", None)
OVERAGES = ("NO_OVERAGE", "ALLOW_1_25X_OVERAGE", "ALLOW_1_5X_OVERAGE", "ALLOW_2X_OVERAGE", "ALWAYS_ALLOW_OVERAGE")
# In the order of the rules.
SCOPES = ("product", "policy", "user", "machine", "fingerprint", "components", "checksum", "version")
LIMITS = ("users", "machines", "cores", "memory", "disk", "processes")


class Case(NamedTuple):
    """What is stored, the scope object as sent, and whether the validation is the quick one."""

    world: World
    sent: Mapping[str, Any]
    quick: bool


def case(random: Random) -> Case:
    """The case these random numbers make."""
    return _Maker(random).case()


class _Maker:
    """`odd` is how seldom or often something does not fit: without quiet cases none would reach the last rules."""

    def __init__(self, random: Random) -> None:
        self.chance = Chance(random)
        self.now = self.chance.pick(NOWS)
        self.odd = self.chance.pick((0.0, 0.02, 0.06, 0.15, 0.4))

    def case(self) -> Case:
        people = {name: (BANNED if self.chance.happens(self.odd / 3) else PEOPLE)[name] for name in NAMES}
        owner = self.chance.pick((None, "u1", "u2"))
        attached = frozenset(self.chance.some([name for name in NAMES[:3] if name != owner], 0.4))
        policy, check_in = self.policy()
        machines = self.machines(policy, [owner, *sorted(attached)])
        license = self.license(owner, policy, check_in)
        license, policy = self.limited(license, policy, machines, len(attached) + (owner is not None))
        releases = self.releases(license.expiry) if self.chance.happens(0.7) else []
        world = World(
            now=self.now,
            license=license,
            policy=policy,
            product=self.chance.pick(PRODUCTS),
            users=people,
            attached=attached,
            machines=machines,
            components={one.id: frozenset(self.chance.some(PARTS, 0.5)) for one in machines},
            license_entitlements=self.entitlements(),
            policy_entitlements=self.entitlements(),
            releases=tuple(releases),
            constraints={one.id: frozenset(self.chance.some(tuple(CODES), 0.2)) for one in releases},
            artifacts=tuple(self.artifacts(releases)),
        )
        return Case(world, scope(self.chance, self.odd, world), self.chance.happens(0.08))

    def policy(self) -> tuple[Policy, datetime | None]:
        """A policy without limits, and the last check-in under it."""
        interval = self.chance.pick(("day", "week", "month", "year", None))
        count = self.chance.pick((1, 1, 2, 13, None))
        required = {
            f"require_{name}_scope": self.chance.happens(self.odd * (0.15 + 0.03 * late))
            for late, name in enumerate(SCOPES)
        }
        policy = make.policy(
            strict=self.chance.happens(0.65),
            floating=self.chance.happens(0.6),
            duration=self.chance.pick((None, 86400)),
            expiration_basis=self.chance.pick(("FROM_CREATION", "FROM_FIRST_VALIDATION", "FROM_FIRST_ACTIVATION")),
            expiration_strategy=self.chance.pick(EXPIRATIONS),
            machine_matching_strategy=self.chance.pick(MATCHINGS),
            component_matching_strategy=self.chance.pick(MATCHINGS),
            machine_leasing_strategy=self.chance.pick(("PER_LICENSE", "PER_LICENSE", "PER_USER", None)),
            process_leasing_strategy=self.chance.pick(("PER_MACHINE", "PER_MACHINE", "PER_LICENSE", "PER_USER", None)),
            overage_strategy=self.chance.pick(OVERAGES),
            require_check_in=self.chance.happens(0.2),
            check_in_interval=interval,
            check_in_interval_count=count,
            require_heartbeat=self.chance.happens(0.5),
            heartbeat_duration=self.chance.pick((None, 60, 3600)),
            heartbeat_basis=self.chance.pick(("FROM_CREATION", "FROM_FIRST_PING")),
            heartbeat_cull_strategy=self.chance.pick(("DEACTIVATE_DEAD", "KEEP_DEAD")),
            **required,
        )
        return policy, self.last_check_in(interval, count)

    def last_check_in(self, interval: str | None, count: int | None) -> datetime | None:
        """About one interval ago: the day of the month may be one the month of the next check-in does not have."""
        if self.chance.happens(0.2):
            return None
        days = {"day": 1, "week": 7, "month": 30, "year": 365}.get(interval or "day", 1) * (count or 1)
        moved = self.chance.pick((-TICK, timedelta(0), TICK, DAY, 2 * DAY, 3 * DAY))
        if self.chance.happens(self.odd):
            moved = self.chance.pick((-4 * DAY, -2 * DAY, -DAY, -TICK))
        return self.now - days * DAY + moved

    def license(self, owner: str | None, policy: Policy, check_in: datetime | None) -> License:
        ends = [None, None, None, self.now, self.now + TICK, self.now + DAY]
        if self.chance.happens(0.3):
            ends = [self.now - TICK, self.now - DAY, self.now - 400 * DAY]
        return make.license_(
            owner_id=owner,
            suspended=self.chance.happens(self.odd / 3),
            expiry=self.chance.pick(ends),
            last_check_in=check_in,
            release_version=self.chance.pick((None, "0.1.0")),
        )

    def machines(self, policy: Policy, owners: Sequence[str | None]) -> tuple[Machine, ...]:
        how_many = self.chance.pick((1, 1, 2, 3, 4, 5)) if self.chance.happens(0.85) else 0
        return tuple(self.machine(name, policy, owners) for name in FINGERPRINTS[:how_many])

    def machine(self, fingerprint: str, policy: Policy, owners: Sequence[str | None]) -> Machine:
        lasts = timedelta(seconds=policy.heartbeat_duration or 600)
        last: datetime | None = self.chance.pick((self.now, self.now - lasts, self.now - lasts / 2))
        if self.chance.happens(self.odd + 0.15):
            last = self.chance.pick((None, None, self.now - lasts - TICK, self.now - lasts - HOUR))
        elif not policy.require_heartbeat and self.chance.happens(0.5):
            last = None
        return make.machine(
            id=f"id-{fingerprint}",
            fingerprint=fingerprint,
            owner_id=self.chance.pick(NAMES) if self.chance.happens(self.odd) else self.chance.pick((None, *owners)),
            created=self.now - self.chance.pick((timedelta(0), lasts, lasts / 2, lasts + TICK)),
            last_heartbeat=last,
            cores=self.chance.pick((None, 0, 1, 2, 4, 8)),
            memory=self.chance.pick((None, 1024, 4096, HUGE + 1)),
            disk=self.chance.pick((None, 1, 2048, HUGE + 3)),
            processes=self.chance.pick((0, 1, 2, 4, 5)),
            max_processes=self.chance.pick((None, None, 0, 2, 4)),
        )

    def limited(
        self, license: License, policy: Policy, machines: Sequence[Machine], users: int
    ) -> tuple[License, Policy]:
        """Both with limits near what is counted; on the license those that make no difference too."""
        counts = {"users": users, "machines": len(machines), "processes": sum(one.processes for one in machines)}
        for name in ("cores", "memory", "disk"):
            counts[name] = sum(getattr(one, name) or 0 for one in machines)
        if machines and self.chance.happens(0.5):
            counts["processes"] = self.chance.pick(machines).processes
        inherited = {f"max_{name}": self.near(counts[name]) for name in LIMITS}
        overrides = {
            f"max_{name}": self.chance.pick((0, self.near(counts[name]))) for name in LIMITS if self.chance.happens(0.4)
        }
        if not policy.floating:
            inherited["max_machines"] = self.chance.pick((None, 1))
            # More than one is left from a time when the policy was floating.
            overrides["max_machines"] = self.chance.pick((None, 0, 1, self.near(counts["machines"])))
        if self.chance.happens(self.odd / 4):
            inherited["max_machines"] = 0
        return replace(license, **overrides), replace(policy, **inherited)

    def near(self, count: int) -> int | None:
        """A limit that holds, or one that is broken by nothing, a little or much."""
        if not self.chance.happens(self.odd + 0.12):
            return self.chance.pick((None, max(count, 1), count + 1, 2 * count + 1))
        return max(
            1, self.chance.pick((count - 1, count // 2, -(-count // 2), count * 2 // 3, count * 4 // 5, count // 3))
        )

    def entitlements(self) -> dict[str, str]:
        return {one: CODES[one] for one in self.chance.some(tuple(CODES), 0.6)}

    def releases(self, expiry: datetime | None) -> list[Release]:
        until = expiry or self.now
        return [
            make.release(
                id=f"release-{version}",
                version=version,
                product_id="other" if self.chance.happens(0.1) else "product",
                status=self.chance.pick(("DRAFT", "YANKED")) if self.chance.happens(0.15) else "PUBLISHED",
                created=until + self.chance.pick((-DAY, -TICK, timedelta(0), TICK, DAY)),
                backdated=self.chance.pick((None, None, until - DAY, until, until + TICK)),
            )
            for version in self.chance.some(VERSIONS, 0.6)
        ]

    def artifacts(self, releases: Sequence[Release]) -> list[Artifact]:
        return [
            make.artifact(
                id=f"artifact-{release.version}",
                release_id=release.id,
                product_id=release.product_id,
                checksum=self.chance.pick((None, *CHECKSUMS)),
                status=self.chance.pick(("WAITING", "FAILED", "YANKED")) if self.chance.happens(0.2) else "UPLOADED",
            )
            for release in releases
            if self.chance.happens(0.8)
        ]
