"""Validation by id and by key (spec validation.md)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.api.kinds.licenses import LICENSES, load_one, show, subject
from chalicelib.api.operation import Arrival, Command, Credentials, Operation, Order, Outcome, Scene
from chalicelib.api.peek import peek
from chalicelib.api.resources.licenses.common import MEMBER, PATH
from chalicelib.api.schema import Member, boolean, check, fields, integer, meta, text, texts
from chalicelib.api.snapshots import snapshot
from chalicelib.licensing.access import Bearer, authorize
from chalicelib.licensing.clock import to_text
from chalicelib.licensing.errors import BadRequest
from chalicelib.licensing.identifiers import is_uuid, normal_uuid
from chalicelib.licensing.license import License
from chalicelib.licensing.validation import scopes
from chalicelib.licensing.validation.decide import NOT_FOUND, Verdict, touched, validate
from chalicelib.licensing.validation.scopes import NO_SCOPE, Scope
from chalicelib.store.fetch import Plan, need
from chalicelib.store.items import license_changes as stored
from chalicelib.store.loads import attachments
from chalicelib.store.loads import license as loads
from chalicelib.store.loads.license import Licensed
from chalicelib.store.loads.validation import NOTHING, Named, Scoped, scoped

EVENTS = ("license.validation.succeeded", "license.validation.failed")

SCOPE = fields(
    {
        "product": text(),
        "policy": text(),
        "user": text(nullable=True),
        "machine": text(),
        "fingerprint": text(nullable=True, blank=True),
        "fingerprints": texts(nullable=True),
        "components": texts(),
        "entitlements": texts(),
        "checksum": text(),
        "version": text(),
    }
)
BY_ID: Member = meta({"nonce": integer(), "scope": SCOPE})
BY_KEY: Member = meta(
    {
        "key": text(required=True),
        "legacy_encrypted": boolean(),
        "encrypted": boolean(),
        "nonce": integer(),
        "scope": SCOPE,
    },
    required=True,
)


def _scope(arrival: Arrival) -> Scope:
    """The scope as it was sent, before its turn to be checked: loads need it early. What is none asks for nothing."""
    sent = peek(arrival.document, "meta", "scope")
    try:
        return scopes.read(check(SCOPE, sent, None)) if isinstance(sent, Mapping) else NO_SCOPE
    except BadRequest:
        return NO_SCOPE


def _scoped_by_id(arrival: Arrival) -> Plan[Scoped]:
    text = arrival.ids["id"]
    named = Named(license_id=normal_uuid(text)) if is_uuid(text) else Named(key=text)
    return scoped(arrival.account_id, _scope(arrival), named)


def _scoped_by_key(arrival: Arrival) -> Plan[Scoped]:
    key = peek(arrival.document, "meta", "key")
    return scoped(arrival.account_id, _scope(arrival), Named(key=key if isinstance(key, str) else None))


def _load_by_key(arrival: Arrival) -> Plan[Licensed | None]:
    """Anonymous callers read the guard weakly; legacy encrypted keys are none of ours."""
    key = peek(arrival.document, "meta", "key")
    legacy = any(peek(arrival.document, "meta", name) is True for name in ("legacy_encrypted", "encrypted"))
    if not isinstance(key, str) or not key or legacy:
        yield need()
        return None
    return (yield from loads.by_key(arrival.account_id, key, weak=arrival.presented is None))


def _relate_by_key(arrival: Arrival, bearer: Bearer, licensed: Licensed | None) -> Plan[bool]:
    """Whether the customer who asks is attached to the license."""
    if licensed is None or bearer.role != "user" or licensed.license.owner_id == bearer.id:
        return False
    found = yield from attachments.of_targets(arrival.account_id, "license-user", licensed.license.id, [bearer.id])
    return bearer.id in found


def _may_by_key(scene: Scene) -> None:
    """Anybody may ask about a key; who says who they are must be allowed to (§1.2)."""
    if scene.bearer is not None and scene.loaded is not None:
        licensed = replace(scene.loaded, attached=scene.relation)
        authorize(scene.bearer, "license.validate", "license.validate", subject(licensed))


def _by_id(scene: Scene, command: Command) -> Outcome:
    return _validated(scene, LICENSES.one(scene), command.get("meta", {}), quick=False)


def _quick(scene: Scene, command: Command) -> Outcome:
    return _validated(scene, LICENSES.one(scene), {}, quick=True)


def _by_key(scene: Scene, command: Command) -> Outcome:
    if scene.loaded is None:
        return Outcome(body={"data": None, "meta": _meta(scene, NOT_FOUND, command["meta"])})
    return _validated(scene, scene.loaded, command["meta"], quick=False)


def _validated(scene: Scene, licensed: Licensed, sent: dict[str, Any], *, quick: bool) -> Outcome:
    license, policy = licensed.license, licensed.policy
    scope = NO_SCOPE if quick else scopes.read(sent.get("scope"))
    verdict = validate(snapshot(scene, licensed, scope, scene.extra or NOTHING), scope, quick)
    after = touched(license, policy, verdict, quick=quick, now=scene.now)
    body = {"data": show(scene, licensed, after), "meta": _meta(scene, verdict, sent)}
    event = None if quick else verdict.event
    if (after.expiry, after.release_version) != (license.expiry, license.release_version):
        return Outcome(
            body=body, event=event, writes=(stored.touched(scene.account_id, license, after, policy, scene.now),)
        )
    touch = stored.touched(scene.account_id, license, after, policy, scene.now) if _is_due(scene, license) else None
    return Outcome(body=body, event=event, touch=touch)


def _is_due(scene: Scene, license: License) -> bool:
    """A hot license costs reads: one touch an interval says enough (the answer shows now anyhow)."""
    interval = timedelta(seconds=scene.arrival.service.settings.touch_seconds)
    return license.last_validated is None or license.last_validated <= scene.now - interval


def _meta(scene: Scene, verdict: Verdict, sent: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ts": to_text(scene.now),
        "valid": verdict.valid,
        "detail": verdict.detail,
        "code": verdict.code,
    }
    if "nonce" in sent:
        shown["nonce"] = sent["nonce"]
    if "scope" in sent:
        shown["scope"] = scopes.kept(sent["scope"])
    return shown


OPERATIONS = (
    LICENSES.member(
        "license.validate",
        ("POST",),
        f"{MEMBER}/actions/validate",
        load_one,
        _by_id,
        extra=_scoped_by_id,
        body=BY_ID,
        events=EVENTS,
        cached_subscriptions=True,
    ),
    LICENSES.member(
        "license.validate-quickly",
        ("GET",),
        f"{MEMBER}/actions/validate",
        load_one,
        _quick,
        rule="license.validate",
    ),
    Operation(
        name="license.validate-key",
        methods=("POST",),
        path=f"{PATH}/actions/validate-key",
        load=_load_by_key,
        extra=_scoped_by_key,
        relate=_relate_by_key,
        authorize=_may_by_key,
        credentials=Credentials.OPTIONAL,
        body=BY_KEY,
        order=Order.BODY_FIRST,
        decide=_by_key,
        events=EVENTS,
        cached_subscriptions=True,
    ),
)
