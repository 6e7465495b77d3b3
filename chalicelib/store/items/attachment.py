"""Attachments: rows in the partition of their holder, listed under their target."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from chalicelib.licensing.attachment import Attachment
from chalicelib.store import keys
from chalicelib.store.items.mapping import to_attributes, to_value
from chalicelib.store.keys import Key
from chalicelib.store.table import InstantAttribute, Item, Row, UnicodeAttribute
from chalicelib.store.unit import Put, Remove

KIND = "attachment"


class Ends(NamedTuple):
    """What an attachment ties: kinds of its holder and its target, and what its sort key begins with."""

    holder: str
    target: str
    start: str


ENDS: Mapping[str, Ends] = {
    "license-user": Ends("license", "user", "user"),
    "license-entitlement": Ends("license", "entitlement", "entitlement"),
    "policy-entitlement": Ends("policy", "entitlement", "entitlement"),
    "group-owner": Ends("group", "user", "owner"),
    "release-constraint": Ends("release", "entitlement", "entitlement"),
}
"""By the kind of the attachment."""


class AttachmentRow(Row, discriminator=KIND):
    """An attachment; `attached` is its kind, because `kind` names the row."""

    id = UnicodeAttribute()
    attached = UnicodeAttribute()
    holder_id = UnicodeAttribute()
    target_id = UnicodeAttribute()
    target_created = InstantAttribute()
    created = InstantAttribute()
    updated = InstantAttribute()


def attachment_of(item: Item) -> Attachment:
    """The domain value of a stored attachment."""
    return to_value(Attachment, item, kind=item["attached"])


def key_of(account_id: str, kind: str, holder_id: str, target_id: str) -> Key:
    """Where the attachment of `target_id` to `holder_id` is."""
    ends = ENDS[kind]
    return keys.attachment(account_id, ends.holder, holder_id, ends.start, target_id)


def held_by(account_id: str, kind: str, holder_id: str) -> Key:
    """What the keys of all attachments of `kind` to `holder_id` begin with."""
    ends = ENDS[kind]
    return keys.attachments(account_id, ends.holder, holder_id, ends.start)


def partition(account_id: str, kind: str, target_id: str) -> str:
    """The listing (slot 5) of everything `target_id` is attached to by `kind`, placed as the holders are."""
    ends = ENDS[kind]
    return keys.slot(account_id, ends.target, target_id, ends.holder)


def put(account_id: str, attachment: Attachment, holder_created: datetime) -> Put:
    """The write of a new attachment; it must not be there yet."""
    key = key_of(account_id, attachment.kind, attachment.holder_id, attachment.target_id)
    row = AttachmentRow(
        pk=key.pk,
        sk=key.sk,
        attached=attachment.kind,
        in_5=partition(account_id, attachment.kind, attachment.target_id),
        position=keys.position(holder_created, attachment.holder_id),
        **{name: value for name, value in to_attributes(attachment, AttachmentRow).items() if name != "kind"},
    )
    return Put(row)


def remove(account_id: str, attachment: Attachment) -> Remove:
    """The write that takes this very attachment away."""
    key = key_of(account_id, attachment.kind, attachment.holder_id, attachment.target_id)
    return Remove(AttachmentRow, key, AttachmentRow.id == attachment.id)
