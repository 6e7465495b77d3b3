"""What a license is entitled to, by itself and through its policy (spec licenses.md §10.3)."""

from __future__ import annotations

from chalicelib.api import attachments
from chalicelib.api.kinds.entitlements import ENTITLEMENTS
from chalicelib.api.kinds.licenses import LICENSES, load_one
from chalicelib.api.lists.attached import targets
from chalicelib.api.operation import Arrival, Command, Outcome, Scene
from chalicelib.api.resources.licenses.common import MEMBER
from chalicelib.api.schema import spellings
from chalicelib.licensing import attachment as rules
from chalicelib.licensing.attachment import Wanted
from chalicelib.store.fetch import Plan, together
from chalicelib.store.loads import attachments as loads
from chalicelib.store.loads import relations
from chalicelib.store.loads.relations import NamedEntitlements

PATH = f"{MEMBER}/entitlements"
BODY = attachments.body(spellings("entitlement", "entitlements"))
ATTACHED, DETACHED = "license.entitlements.attached", "license.entitlements.detached"


def _load_named(arrival: Arrival) -> Plan[NamedEntitlements]:
    return relations.entitlements_named(arrival.account_id, load_one(arrival), attachments.named(arrival.document))


def _list(scene: Scene, command: Command) -> Outcome:
    """Who may read these entitlements sees all of them."""
    license, account_id = LICENSES.one(scene).license, scene.account_id
    own, inherited = scene.read(
        together(
            loads.of_holder(account_id, "license-entitlement", license.id),
            loads.of_holder(account_id, "policy-entitlement", license.policy_id),
        )
    )
    streams = (targets(scene, ENTITLEMENTS, (*own, *inherited)),)
    return ENTITLEMENTS.page(scene, streams, selective=True, uncut=True)


def _show(scene: Scene, command: Command) -> Outcome:
    license, child = LICENSES.one(scene).license, scene.arrival.ids["child"]
    return ENTITLEMENTS.child(scene, relations.entitlement(scene.account_id, license, child), uncut=True)


def _attach(scene: Scene, command: Command) -> Outcome:
    license, named = LICENSES.one(scene).license, scene.extra
    wanted = Wanted(attachments.asked(command), named.entitlements, named.own)
    made = rules.attach_license_entitlements(license.id, wanted, named.inherited, scene.new_id, scene.now)
    outcome = attachments.attached(scene, made, license.created, ATTACHED)
    outcome.status = 201
    return outcome


def _detach(scene: Scene, command: Command) -> Outcome:
    license, named = LICENSES.one(scene).license, scene.extra
    gone = rules.detach_license_entitlements(attachments.asked(command), named.own, named.inherited)
    return attachments.detached(scene, gone, license.created, DETACHED)


OPERATIONS = (
    LICENSES.below("license.entitlements.list", PATH, load_one, _list, "entitlement.read"),
    LICENSES.member(
        "license.entitlements.read",
        ("GET",),
        f"{PATH}/{{child}}",
        load_one,
        _show,
        rule="license.entitlements.list",
        permission="entitlement.read",
    ),
    *attachments.operations(
        LICENSES, "license.entitlements", PATH, load_one, _attach, _detach, extra=_load_named, body=BODY
    ),
)
