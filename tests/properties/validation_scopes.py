"""Scopes at random for what is stored: absent, fitting, of something else, or odd."""

from __future__ import annotations

from typing import Any

from chalicelib.licensing.machine import Machine
from tests.properties.chance import Chance
from tests.properties.validation_world import World

UNKNOWN = "unknown"


def scope(chance: Chance, odd: float, world: World) -> dict[str, Any]:
    """A scope object as sent, in snake_case; `odd` is the probability of every value that does not fit."""
    return _Scopes(chance, odd, world).sent()


class _Scopes:
    def __init__(self, chance: Chance, odd: float, world: World) -> None:
        self.chance, self.odd, self.world = chance, odd, world
        self.target: Machine | None = chance.pick(world.machines) if world.machines else None

    def sent(self) -> dict[str, Any]:
        """Each scope in some of the cases; none at all in many of them."""
        makers = {
            "product": (0.3, self.product),
            "policy": (0.3, self.policy),
            "user": (0.35, self.user),
            "entitlements": (0.35, self.entitlements),
            "machine": (0.3, self.machine),
            "fingerprint": (0.3, self.fingerprint),
            "fingerprints": (0.4, self.fingerprints),
            "components": (0.25, self.components),
            "checksum": (0.2, self.checksum),
            "version": (0.2, self.version),
        }
        if self.chance.happens(0.15):
            return {}
        sent = {name: make() for name, (share, make) in makers.items() if self.chance.happens(share)}
        if "components" in sent and not self.chance.happens(self.odd):
            sent["fingerprint"] = self.fingerprint()
        return sent

    def wrong(self) -> bool:
        return self.chance.happens(self.odd)

    def product(self) -> str | None:
        return self.chance.pick((None, UNKNOWN, "PRODUCT")) if self.wrong() else "product"

    def policy(self) -> str | None:
        return self.chance.pick((None, UNKNOWN, "license")) if self.wrong() else "policy"

    def user(self) -> str | None:
        if self.wrong():
            return self.chance.pick((None, UNKNOWN, "u4", "u4@example.com", "u1", "U1@example.com", "license"))
        owner = self.world.license.owner_id
        names = [*sorted(self.world.attached), *([] if owner is None else [owner])]
        if not names:
            return None
        user = self.world.users[self.chance.pick(names)]
        return self.chance.pick((user.id, user.email))

    def entitlements(self) -> list[str] | None:
        if self.wrong():
            return self.chance.pick((None, [], [], [], [UNKNOWN], ["FEATURE", UNKNOWN], ["Feature"]))
        held = sorted({*self.world.license_entitlements.values(), *self.world.policy_entitlements.values()})
        return [*held, *self.chance.some(held, 0.5)] or None

    def machine(self) -> str | None:
        if self.target is None or self.wrong():
            return self.chance.pick((None, UNKNOWN, "fp1", "ID-FP1", "id-fp1"))
        return self.target.id

    def fingerprint(self) -> str | None:
        if self.target is None or self.wrong():
            return self.chance.pick((None, "", "  \t", UNKNOWN, "Fp1", "FP1", "fp1 ", "id-fp1"))
        return self.target.fingerprint

    def fingerprints(self) -> list[str] | None:
        if self.wrong():
            return self.chance.pick((None, [], [UNKNOWN], [UNKNOWN, "Fp1"], [UNKNOWN, "Fp1", "id-fp1"]))
        asked = self.chance.some([one.fingerprint for one in self.world.machines], 0.6)
        unknown = self.chance.some((UNKNOWN, "Fp2", "fp9"), self.odd + 0.2)
        asked = [*asked, *unknown, *self.chance.some(asked, 0.3)]
        return asked[::-1] if self.chance.happens(0.5) else asked

    def components(self) -> list[str] | None:
        if self.target is None or self.wrong() or self.chance.happens(0.1):
            return self.chance.pick((None, [], [], [], [UNKNOWN, "part1"]))
        present = self.chance.some(sorted(self.world.components[self.target.id]), 0.8)
        asked = [*self.chance.some((UNKNOWN, "Part1", "part9"), self.odd + 0.2), *present]
        return [*asked, *self.chance.some(asked, 0.3)] if asked or self.chance.happens(0.5) else None

    def checksum(self) -> str | None:
        stored = [one.checksum for one in self.world.artifacts if one.checksum is not None]
        return self.chance.pick((None, UNKNOWN, "AaAa")) if self.wrong() or not stored else self.chance.pick(stored)

    def version(self) -> str | None:
        stored = [one.version for one in self.world.releases]
        return (
            self.chance.pick((None, "1.0", "v1.0.0", "3.0.0"))
            if self.wrong() or not stored
            else self.chance.pick(stored)
        )
