"""The names of events (spec events.md §6)."""

from __future__ import annotations

_FIRED = """
account: updated
artifact: created deleted updated
component: created deleted updated
entitlement: created deleted updated
environment: created deleted updated
group: created deleted owners.attached owners.detached updated
key: created deleted updated
license: check-in-overdue check-in-required-soon checked-in checked-out created deleted entitlements.attached
license: entitlements.detached expired expiring-soon group.updated owner.updated policy.updated reinstated
license: renewed revoked suspended updated usage.decremented usage.incremented usage.reset user.updated
license: users.attached users.detached validated validation.failed validation.succeeded
machine: checked-out created deleted group.updated heartbeat.dead heartbeat.ping heartbeat.pong heartbeat.reset
machine: heartbeat.resurrected owner.updated proofs.generated updated
policy: created deleted entitlements.attached entitlements.detached pool.popped updated
process: created deleted heartbeat.dead heartbeat.ping heartbeat.pong heartbeat.resurrected updated
product: created deleted updated
release: constraints.attached constraints.detached created deleted published updated yanked
token: generated regenerated revoked
user: banned created deleted group.updated password-reset unbanned updated
"""

_LATER = """
account: billing.updated plan.updated settings.created settings.deleted settings.updated subscription.canceled
account: subscription.paused subscription.renewed subscription.resumed
artifact: downloaded upload.failed upload.processing upload.succeeded uploaded
package: created deleted updated
release: downloaded package.updated replaced upgraded uploaded
second-factor: created deleted disabled enabled
"""


def _names(table: str) -> frozenset[str]:
    rows = (line.split(": ") for line in table.split("\n") if line)
    return frozenset(f"{noun}.{verb}" for noun, verbs in rows for verb in verbs.split())


KNOWN: frozenset[str] = _names(_FIRED) | _names(_LATER)
"""Every name a webhook endpoint may subscribe to, those included that are never or not yet fired."""
