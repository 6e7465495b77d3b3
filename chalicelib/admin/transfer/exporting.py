"""Exporting an account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from chalicelib.admin.bootstrap import Tools
from chalicelib.admin.deployment import known, tools_of
from chalicelib.admin.transfer.catalog import KINDS
from chalicelib.admin.transfer.document import Resource
from chalicelib.admin.transfer.kind import Place


def export_resources(account: str, *, tools: Tools | None = None) -> Iterator[Resource]:
    """Everything of `account` (an id or slug) as resource objects, page by page; the first one is the account itself.

    Kinds come in an order that can be imported, resources of a kind by creation and id. What is written meanwhile may
    or may not be among them. The objects hold secrets: private keys, password hashes, license keys.
    Raises NotFound for an unknown account.
    """
    tools = tools_of(tools)
    place = Place(tools, known(tools, account))
    return chain.from_iterable(kind.resources(place) for kind in KINDS)
