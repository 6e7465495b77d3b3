"""What every license of a policy is entitled to (spec policies.md §2, §2.1)."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.api import attachments
from chalicelib.api.kinds.entitlements import ENTITLEMENTS
from chalicelib.api.kinds.policies import POLICIES, load_one
from chalicelib.api.lists.attached import targets
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.schema import spellings
from chalicelib.licensing import attachment as rules
from chalicelib.licensing.attachment import Attachment, Wanted
from chalicelib.licensing.entitlement import Entitlement
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.store.fetch import Plan, together
from chalicelib.store.loads import attachments as loads

KIND = "policy-entitlement"
PATH = "/policies/{id}/entitlements"
BODY = attachments.body(spellings("entitlement", "entitlements"))
ATTACHED, DETACHED = "policy.entitlements.attached", "policy.entitlements.detached"

Named = tuple[Mapping[str, Entitlement], Mapping[str, Attachment]]
"""Of the entitlements a request names: those that exist, and those the policy has."""


def _load_named(arrival: Arrival) -> Plan[Named]:
    names, identifier = attachments.named(arrival.document), arrival.ids["id"]
    if not is_uuid(identifier):
        return {}, {}
    existing = loads.entitlements_by_id(arrival.account_id, names)
    held = loads.of_targets(arrival.account_id, KIND, normal_uuid(identifier), names)
    found, attached = yield from together(existing, held)
    return found, attached


def _list(scene: Scene, command: Command) -> Outcome:
    held = scene.read(loads.of_holder(scene.account_id, KIND, POLICIES.one(scene).id))
    return ENTITLEMENTS.page(scene, (targets(scene, ENTITLEMENTS, held),), selective=True)


def _show(scene: Scene, command: Command) -> Outcome:
    return ENTITLEMENTS.child(scene, _named_by_path(scene))


def _named_by_path(scene: Scene) -> Plan[Entitlement | None]:
    identifier = scene.arrival.ids["child"]
    if not is_uuid(identifier):
        return None
    name = normal_uuid(identifier)
    found, attached = yield from together(
        loads.entitlements_by_id(scene.account_id, [name]),
        loads.of_targets(scene.account_id, KIND, POLICIES.one(scene).id, [name]),
    )
    return found.get(name) if name in attached else None


def _attach(scene: Scene, command: Command) -> Outcome:
    policy, (found, attached) = POLICIES.one(scene), scene.extra
    wanted = Wanted(attachments.asked(command), found, attached)
    made = rules.attach_policy_entitlements(policy.id, wanted, scene.new_id, scene.now)
    return attachments.attached(scene, made, policy.created, ATTACHED)


def _detach(scene: Scene, command: Command) -> Outcome:
    policy, (_, attached) = POLICIES.one(scene), scene.extra
    gone = rules.detach_policy_entitlements(attachments.asked(command), attached)
    return attachments.detached(scene, gone, policy.created, DETACHED)


OPERATIONS = (
    POLICIES.below("policy.entitlements.list", PATH, load_one, _list, "entitlement.read"),
    POLICIES.member(
        "policy.entitlements.read",
        ("GET",),
        f"{PATH}/{{child}}",
        load_one,
        _show,
        rule="policy.entitlements.list",
        permission="entitlement.read",
    ),
    *attachments.operations(
        POLICIES, "policy.entitlements", PATH, load_one, _attach, _detach, extra=_load_named, body=BODY
    ),
)
