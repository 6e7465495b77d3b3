"""Attachments: users and entitlements of a license, entitlements of a policy, owners of a group."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """`target_id` (a user or an entitlement) belongs to `holder_id` (a license, policy or group).

    `kind` is `license-user`, `license-entitlement`, `policy-entitlement` or `group-owner`; `target_created` sorts
    lists of targets without reading them.
    """

    id: str
    kind: str
    holder_id: str
    target_id: str
    target_created: datetime
    created: datetime
    updated: datetime
