"""Check-out: what is wished for, and the file that is made of it (spec cryptography.md §4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from chalicelib.api.document import Resource
from chalicelib.api.operation import Scene
from chalicelib.api.request import Query
from chalicelib.api.schema import Member, boolean, integer, meta, text, texts
from chalicelib.api.show import file as shown
from chalicelib.api.signed_keys import public_keys
from chalicelib.licensing.clock import add_calendar_seconds, to_text
from chalicelib.licensing.errors import BadRequest, Problem

if TYPE_CHECKING:
    from chalicelib.crypto.files import Algorithm, Kind

SHORTEST, USUAL = 3_600, 2_629_746
FAR = 20
"""Seconds of so many digits are too far away, like those of any more."""
_NUMBER = re.compile(r"\+?0*([0-9]*)(?:\.[0-9]*)?")
_TRUE = frozenset({"1", "true", "TRUE", "t", "T", "yes", "YES", "y", "Y"})

BODY: Member = meta(
    {
        "ttl": integer(nullable=True, cut=True),
        "include": texts(),
        "encrypt": boolean(nullable=True),
        "algorithm": text(nullable=True, blank=True),
    }
)
"""What a POST may carry; the query may say the same, and the body wins."""


class Include(msgspec.Struct, frozen=True):
    """One name of `include`: the permission it takes, and what it puts into the file.

    `find` gives resources; `link` is the relationship of the data that points at them, `many` whether to several.
    """

    permission: str
    find: Callable[[Scene, Any], Sequence[Resource]]
    link: str
    many: bool = False


class Wish(msgspec.Struct, frozen=True):
    """A checked request for a file. `ttl` in seconds, None for ever."""

    ttl: int | None
    includes: tuple[str, ...]
    algorithm: Algorithm


class File(msgspec.Struct, frozen=True):
    """A file that was made: the certificate and what the answer says about it."""

    certificate: str
    wish: Wish
    issued: datetime
    expiry: datetime | None


def wished(
    query: Query, body: Mapping[str, Any], known: Mapping[str, Include], aliases: Mapping[str, str], scheme: str | None
) -> Wish:
    """What is asked for; `scheme` of the policy decides how files are signed by default. Raises BadRequest (§4.2)."""
    includes = _includes(query.tree, body, known, aliases)
    return Wish(_ttl(query.tree, body), includes, _algorithm(query.tree, body, scheme))


def made(
    scene: Scene,
    kind: Kind,
    wish: Wish,
    data: Resource,
    found: Mapping[str, Sequence[Resource]],
    secret: str,
    known: Mapping[str, Include],
) -> File:
    """The file over `data` and what was `found` for each include; checked with the public key before it leaves."""
    from chalicelib.crypto.files import NONCE_BYTES, certificate

    expiry = None if wish.ttl is None else _expiry(scene.now, wish.ttl)
    document = _document(wish, data, found, known, scene.now, expiry)
    tenant = scene.arrival.tenant
    signed = certificate(
        kind,
        msgspec.json.encode(document),
        wish.algorithm,
        tenant.signer,
        public_keys(tenant.account),
        secret,
        bytes.fromhex(scene.arrival.service.random_hex(2 * NONCE_BYTES)),
    )
    return File(signed, wish, scene.now, expiry)


def resource(scene: Scene, kind: str, about: Mapping[str, str], file: File) -> Resource:
    """A file as POST answers it: `about` are the resources it is of."""
    wish = file.wish
    return shown.show(
        scene.account_id,
        kind,
        scene.new_id(),
        about,
        certificate=file.certificate,
        algorithm=str(wish.algorithm),
        includes=wish.includes,
        ttl=wish.ttl,
        issued=file.issued,
        expiry=file.expiry,
    )


def download(identifier: str, file: File) -> dict[str, Any]:
    """A file as GET answers it, with the name it is saved under."""
    disposition = {"Content-Disposition": f'attachment; filename="{identifier}.lic"'}
    return {"download": file.certificate.encode(), "headers": disposition}


def _document(
    wish: Wish,
    data: Resource,
    found: Mapping[str, Sequence[Resource]],
    known: Mapping[str, Include],
    issued: datetime,
    expiry: datetime | None,
) -> dict[str, Any]:
    relationships = dict(data["relationships"])
    for name in wish.includes:
        linked = [{"type": one["type"], "id": one["id"]} for one in found[name]]
        include = known[name]
        if include.many:
            relationships[include.link] = {**relationships[include.link], "data": linked}
    document: dict[str, Any] = {"data": {**data, "relationships": relationships}}
    included = _included(one for name in wish.includes for one in found[name])
    if included:
        document["included"] = included
    shown = None if expiry is None else to_text(expiry)
    document["meta"] = {"issued": to_text(issued), "expiry": shown, "ttl": wish.ttl}
    return document


def _included(found: Iterable[Resource]) -> list[Resource]:
    """Each resource once, with everything that any include made it point at."""
    kept: dict[tuple[str, str], Resource] = {}
    for one in found:
        key = (one["type"], one["id"])
        linked = {name: end for name, end in one["relationships"].items() if "data" in end}
        before = kept.get(key, one)
        kept[key] = {**before, "relationships": {**before["relationships"], **linked}}
    return list(kept.values())


def _includes(
    tree: Mapping[str, Any], body: Mapping[str, Any], known: Mapping[str, Include], aliases: Mapping[str, str]
) -> tuple[str, ...]:
    sent = body.get("include", tree.get("include"))
    names = sent.split(",") if isinstance(sent, str) else sent if isinstance(sent, list) else []
    asked = dict.fromkeys(aliases.get(name.strip(), name.strip()) for name in names if name.strip())
    if isinstance(sent, Mapping) or not all(name in known for name in asked):
        _refuse("invalid includes", "include", "CHECKOUT_INCLUDE_INVALID")
    return tuple(asked)


def _ttl(tree: Mapping[str, Any], body: Mapping[str, Any]) -> int | None:
    sent = tree.get("ttl", str(USUAL))
    ttl: int | None = body["ttl"] if "ttl" in body else None if _blank(sent) else _whole(sent)
    if ttl is not None and ttl < SHORTEST:
        _refuse("must be greater than or equal to 3600 (1 hour)", "ttl", "CHECKOUT_TTL_INVALID")
    return ttl


def _whole(sent: Any) -> int:
    """Text as the number it is, cut to a whole one; anything else is 0."""
    number = _NUMBER.fullmatch(sent.strip()) if isinstance(sent, str) else None
    return int(number[1][:FAR] or 0) if number else 0


def _expiry(issued: datetime, ttl: int) -> datetime:
    try:
        return add_calendar_seconds(issued, ttl)
    except OverflowError:
        _refuse("is too far in the future", "ttl", "CHECKOUT_TTL_INVALID")


def _algorithm(tree: Mapping[str, Any], body: Mapping[str, Any], scheme: str | None) -> Algorithm:
    from chalicelib.crypto.files import PLAIN, SEALED, Algorithm, BadAlgorithm, algorithm_of

    encrypt = body.get("encrypt") if "encrypt" in body else _flag(tree.get("encrypt"))
    text = body.get("algorithm") if "algorithm" in body else tree.get("algorithm")
    if isinstance(text, list | Mapping):
        kind = "array" if isinstance(text, list) else "object"
        _refuse(f"type mismatch (received {kind} expected string)", "algorithm")
    if not isinstance(text, str) or _blank(text):
        return Algorithm(SEALED if encrypt else PLAIN, _signing(scheme))
    try:
        algorithm = algorithm_of(text)
    except BadAlgorithm as error:
        _refuse(str(error), "algorithm", "CHECKOUT_ALGORITHM_INVALID")
    if encrypt is not None and encrypt is not (algorithm.encoding == SEALED):
        _refuse("contradicts the algorithm", "encrypt")
    return algorithm


def _flag(sent: Any) -> bool | None:
    """A flag of the query; a blank one was not sent."""
    return sent in _TRUE if isinstance(sent, str) and not _blank(sent) else None


def _blank(sent: Any) -> bool:
    """Whether a text says nothing."""
    return isinstance(sent, str) and not sent.strip()


def _signing(scheme: str | None) -> str:
    from chalicelib.crypto.schemes import SCHEMES

    found = SCHEMES.get(scheme or "")
    return "ed25519" if found is None else found.algorithm


def _refuse(detail: str, parameter: str, code: str | None = None) -> NoReturn:
    raise BadRequest(Problem(detail, code=code, parameter=parameter))
