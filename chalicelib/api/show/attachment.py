"""Attachments: license-users, license-entitlements, policy-entitlements, group-owners, constraints of releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.api.document import NO_ENVIRONMENT, Resource, home, linked, resource
from chalicelib.licensing.attachment import Attachment


class Words(NamedTuple):
    """How a kind of attachment is called, and what its ends are called, singular and plural."""

    plural: str
    holder: tuple[str, str]
    target: tuple[str, str]


WORDS: Mapping[str, Words] = {
    "license-user": Words("license-users", ("license", "licenses"), ("user", "users")),
    "license-entitlement": Words("license-entitlements", ("license", "licenses"), ("entitlement", "entitlements")),
    "policy-entitlement": Words("policy-entitlements", ("policy", "policies"), ("entitlement", "entitlements")),
    "group-owner": Words("group-owners", ("group", "groups"), ("user", "users")),
    "release-constraint": Words("constraints", ("release", "releases"), ("entitlement", "entitlements")),
}
PLACES: Mapping[str, str] = {"group-owner": "owners", "release-constraint": "constraints"}
"""Where those that have an id in paths are, below their holder."""


def show(account_id: str, attachment: Attachment) -> Resource:
    """An attachment; some have a place of their own (spec licenses.md §10.2, resources.md §3, §9.3)."""
    words, base = WORDS[attachment.kind], home(account_id)
    holder = f"{base}/{words.holder[1]}/{attachment.holder_id}"
    ends = {
        words.holder[0]: linked(words.holder[1], attachment.holder_id, holder),
        words.target[0]: linked(
            words.target[1], attachment.target_id, f"{base}/{words.target[1]}/{attachment.target_id}"
        ),
    }
    attributes = {"created": attachment.created, "updated": attachment.updated}
    shown = resource(account_id, words.plural, attachment.id, attributes, {"environment": NO_ENVIRONMENT, **ends})
    if attachment.kind in PLACES:
        return shown | {"links": {"self": f"{holder}/{PLACES[attachment.kind]}/{attachment.id}"}}
    return shown | {"links": {"related": f"{holder}/{words.target[1]}/{attachment.target_id}"}}
