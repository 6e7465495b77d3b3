"""Licence key schemes: from a dataset to a key and back (cryptography.md §3.2 to §3.6).

The table `SCHEMES` is all that differs between schemes. Ids, instants and random values are arguments.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec

from chalicelib.crypto.keys import PublicKeys, Signer, unseal, verify

ENCRYPT_MAX_BYTES = 245
# As many as a key that is sent can have.
DATASET_MAX_BYTES = 65_536
PLAIN_KEY_BYTES = 16
_PREFIX = "key/"
_JWT_HEADER = '{"alg":"RS256"}'
# How the texts begin that an account signs with the same keys: keys, tokens, files (§4.5), answers (§5).
_SIGNED_ELSEWHERE = (b"key/", b"eyJhbGciOiJSUzI1NiJ9", b"license/", b"machine/", b"(request-target)")
_CLAIMS = "key is not a valid JWT claims payload"
_VARIABLE = re.compile(r"\{\{(\w+)\}\}", re.ASCII)


class SchemeError(ValueError):
    """A dataset the scheme cannot carry (§3.6): `code` and `detail` of the 422, pointer `/data/attributes/key`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class Facts(msgspec.Struct, frozen=True):
    """What default datasets and templates are made of. Ids are texts, instants aware, `duration` the policy's seconds.

    `user` and `email` are the owner's. `issuer` (our base URL) and `jti` (a fresh UUID) are for JWT only.
    """

    account: str
    product: str
    policy: str
    license: str
    created: datetime
    expiry: datetime | None = None
    duration: int | None = None
    user: str | None = None
    email: str | None = None
    issuer: str = ""
    jti: str = ""


class Scheme(msgspec.Struct, frozen=True):
    """One row of §3.3.

    `sign(signer, dataset)` gives the key or raises SchemeError; `verify(keys, key)` gives the dataset, or None when
    the key is not genuine; `default(facts)` is the dataset when no key was sent (§3.4). `algorithm` also signs the
    check-out files of licences with this scheme (§4.3).
    """

    algorithm: str
    sign: Callable[[Signer, str], str]
    verify: Callable[[PublicKeys, str], str | None]
    default: Callable[[Facts], str]


def plain_key(random: bytes) -> str:
    """The key of a licence without scheme (§3.2) from 16 random bytes, of which the last only makes room for `V3`."""
    if len(random) != PLAIN_KEY_BYTES:
        raise ValueError("16 random bytes are needed")
    text = random.hex()[:-2] + "v3"
    return "-".join(text[start : start + 6] for start in range(0, len(text), 6)).upper()


def expand(template: str, facts: Facts) -> str:
    """Template variables replaced in one pass (§3.5); unknown or null ones by nothing, results are not rescanned.

    Raises SchemeError when more comes of it than can be kept.
    """
    values = _variables(facts)
    dataset = _VARIABLE.sub(lambda match: values.get(match[1].lower(), ""), template)
    if len(dataset.encode()) > DATASET_MAX_BYTES:
        raise SchemeError("KEY_TOO_LONG", f"is too long (maximum is {DATASET_MAX_BYTES} bytes when expanded)")
    return dataset


def _variables(facts: Facts) -> dict[str, str]:
    return {
        "account": facts.account,
        "product": facts.product,
        "policy": facts.policy,
        "id": facts.license,
        "user": facts.user or "",
        "email": facts.email or "",
        "created": _instant(facts.created),
        "expiry": _instant(facts.expiry) if facts.expiry else "",
        "duration": "" if facts.duration is None else str(facts.duration),
    }


# --- default datasets ------------------------------------------------------------------------------------------------


def _signed_default(facts: Facts) -> str:
    expiry = _instant(facts.expiry) if facts.expiry else None
    return _json(
        {
            "account": {"id": facts.account},
            "product": {"id": facts.product},
            "policy": {"id": facts.policy, "duration": facts.duration},
            "user": {"id": facts.user, "email": facts.email} if facts.user else None,
            "license": {"id": facts.license, "created": _instant(facts.created), "expiry": expiry},
        }
    )


def _encrypted_default(facts: Facts) -> str:
    expiry = _instant(facts.expiry) if facts.expiry else None
    created = _instant(facts.created)
    return _json({"id": facts.license, "created": created, "duration": facts.duration, "expiry": expiry})


def _jwt_default(facts: Facts) -> str:
    created = _seconds(facts.created)
    claims = {"jti": facts.jti, "iss": facts.issuer, "aud": facts.account, "sub": facts.license}
    times = {"iat": created, "nbf": created}
    if facts.expiry:
        times["exp"] = _seconds(facts.expiry)
    return _json({**claims, **times})


# --- signed keys -----------------------------------------------------------------------------------------------------


def _signed(algorithm: str) -> Scheme:
    """`key/` and base64 of the dataset are signed as text (the V2, Ed25519 and P-256 schemes)."""

    def sign(signer: Signer, dataset: str) -> str:
        signed = _PREFIX + _b64url(dataset.encode())
        return f"{signed}.{_b64url(signer.sign(algorithm, signed.encode()))}"

    def check(keys: PublicKeys, key: str) -> str | None:
        signed, _, signature = key.partition(".")
        data, made = _unb64url(signed.removeprefix(_PREFIX)), _unb64url(signature)
        if not signed.startswith(_PREFIX) or data is None or made is None:
            return None
        return _text(data) if verify(algorithm, keys, made, signed.encode()) else None

    return Scheme(algorithm, sign, check, _signed_default)


def _signed_old(algorithm: str) -> Scheme:
    """The dataset itself is signed and there is no prefix (the first RSA schemes).

    What the account signs elsewhere is no dataset: whoever may choose a key could else have a file signed.
    """

    def sign(signer: Signer, dataset: str) -> str:
        data = dataset.encode()
        if data.startswith(_SIGNED_ELSEWHERE):
            raise SchemeError("KEY_NOT_ALLOWED", "is reserved")
        return f"{_b64url(data)}.{_b64url(signer.sign(algorithm, data))}"

    def check(keys: PublicKeys, key: str) -> str | None:
        encoded, _, signature = key.partition(".")
        data, made = _unb64url(encoded), _unb64url(signature)
        if data is None or made is None or data.startswith(_SIGNED_ELSEWHERE):
            return None
        return _text(data) if verify(algorithm, keys, made, data) else None

    return Scheme(algorithm, sign, check, _signed_default)


# --- "encrypted" keys ------------------------------------------------------------------------------------------------


def _encrypt(signer: Signer, dataset: str) -> str:
    data = dataset.encode()
    if len(data) > ENCRYPT_MAX_BYTES:
        detail = f"key exceeds maximum byte length (max size of {ENCRYPT_MAX_BYTES} bytes)"
        raise SchemeError("KEY_BYTE_SIZE_EXCEEDED", detail)
    return _b64url(signer.seal(data))


def _decrypt(keys: PublicKeys, key: str) -> str | None:
    sealed = _unb64url(key)
    data = None if sealed is None else unseal(keys, sealed)
    return None if data is None else _text(data)


# --- JWT -------------------------------------------------------------------------------------------------------------


def _jwt(signer: Signer, dataset: str) -> str:
    parts = (_JWT_HEADER.encode(), _claims(dataset))
    signed = ".".join(_b64url(part).rstrip("=") for part in parts)
    signature = signer.sign("rsa-sha256", signed.encode())
    return f"{signed}.{_b64url(signature).rstrip('=')}"


def _claims(dataset: str) -> bytes:
    """The dataset re-serialised compactly, key order kept. What JSON cannot say (NaN, lone surrogates) is refused."""
    try:
        claims = json.loads(dataset, parse_constant=_refuse_constant)
        payload = _json(claims).encode()
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise SchemeError("KEY_JWT_CLAIMS_INVALID", f"{_CLAIMS} (must be a valid JSON encoded string)")
    for name in ("exp", "iat", "nbf"):
        kind = _json_kind(claims.get(name, 0))
        if kind != "a number":
            reason = f"{name} claim must be a numeric value but it is {kind}"
            raise SchemeError("KEY_JWT_CLAIMS_INVALID", f"{_CLAIMS} ({reason})")
    return payload


def _unjwt(keys: PublicKeys, key: str) -> str | None:
    signed, _, signature = key.rpartition(".")
    header, _, payload = signed.partition(".")
    data, made = _unb64url(payload, padded=False), _unb64url(signature, padded=False)
    if _unb64url(header, padded=False) != _JWT_HEADER.encode() or data is None or made is None:
        return None
    return _text(data) if verify("rsa-sha256", keys, made, signed.encode()) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _json_kind(value: object) -> str:
    if isinstance(value, bool):  # before int: a Python bool is one
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


# --- encodings -------------------------------------------------------------------------------------------------------


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def _seconds(instant: datetime) -> int:
    return int(instant.replace(microsecond=0).timestamp())


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


def _unb64url(text: str, *, padded: bool = True) -> bytes | None:
    """The bytes, or None for anything but their one canonical text: a genuine key has no second spelling."""
    try:
        data = base64.urlsafe_b64decode(text if padded else text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    canonical = _b64url(data) if padded else _b64url(data).rstrip("=")
    return data if canonical == text else None


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


SCHEMES: Mapping[str, Scheme] = {
    "ED25519_SIGN": _signed("ed25519"),
    "ECDSA_P256_SIGN": _signed("ecdsa-p256"),
    "RSA_2048_PKCS1_SIGN_V2": _signed("rsa-sha256"),
    "RSA_2048_PKCS1_PSS_SIGN_V2": _signed("rsa-pss-sha256"),
    "RSA_2048_PKCS1_SIGN": _signed_old("rsa-sha256"),
    "RSA_2048_PKCS1_PSS_SIGN": _signed_old("rsa-pss-sha256"),
    "RSA_2048_PKCS1_ENCRYPT": Scheme("rsa-sha256", _encrypt, _decrypt, _encrypted_default),
    "RSA_2048_JWT_RS256": Scheme("rsa-sha256", _jwt, _unjwt, _jwt_default),
}
