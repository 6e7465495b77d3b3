"""Releases and artifacts, which are acted on through their product (spec resources.md §9).

Their customers read none of them yet: what a license reaches is only asked by its validation.
"""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.licensing.access_rules.rule import EVERYBODY, ITSELF, PRODUCT, Rule

# Staff, product; neither users nor licenses.
_LIST = Rule("ADSPR", EVERYBODY)
_READ = Rule("ADSPR", PRODUCT)
_MANAGE = Rule("AD", PRODUCT)

RULES: Mapping[str, Rule] = {
    "release.list": _LIST,
    "release.read": _READ,
    "release.create": _MANAGE,
    "release.update": _MANAGE,
    "release.delete": _MANAGE,
    "release.publish": _MANAGE,
    "release.yank": _MANAGE,
    "release.product.read": _READ,
    "release.artifacts.list": _READ,
    "release.entitlements.list": _READ,
    "release.constraints.list": _READ,
    "release.constraints.attach": _MANAGE,
    "release.constraints.detach": _MANAGE,
    "artifact.list": _LIST,
    "artifact.read": _READ,
    "artifact.create": _MANAGE,
    "artifact.update": _MANAGE,
    "artifact.delete": _MANAGE,
    "product.releases.list": Rule("ADSPR", ITSELF),
    "product.artifacts.list": Rule("ADSPR", ITSELF),
}
