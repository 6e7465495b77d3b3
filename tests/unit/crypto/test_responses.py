"""Response and webhook signatures against the vectors, and everything that must break them."""

from __future__ import annotations

import base64
import locale
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.crypto import keys, responses
from chalicelib.crypto.keys import ALGORITHMS, Signer
from chalicelib.crypto.responses import AcceptSignatureError
from tests.unit.crypto.material import ACCOUNT, PAIRS, PUBLIC, QUICK, vectors

VECTORS = vectors("response-signatures")
SIGNER = Signer(PAIRS)
NOW = datetime(2024, 2, 1, tzinfo=UTC)


def name_of(case: dict[str, Any]) -> str:
    return f"{case['name']}/{case['algorithm']}"


def authentic(sent: dict[str, str], method: str, target: str, host: str, body: bytes) -> bool:
    """What a client does: take the parameters apart, rebuild the string from its own view, verify."""
    parts = dict(part.split("=", 1) for part in sent["Keygen-Signature"].split(", "))
    values = {name: value.strip('"') for name, value in parts.items()}
    assert values["headers"] == "(request-target) host date digest"
    try:
        signed = responses.signing_string(method, target, host, sent["Date"], responses.digest(body))
    except ValueError:
        return False
    return keys.verify(values["algorithm"].lower(), PUBLIC, base64.b64decode(values["signature"]), signed)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=name_of)
def test_vectors(case: dict[str, Any]) -> None:
    body = case["body"].encode()
    request = case["method"], case["target"], case["host"]
    made = responses.headers(SIGNER, ACCOUNT, case["algorithm"], *request, NOW, body)
    signed = responses.signing_string(*request, made["Date"], made["Digest"])
    assert signed.decode() == case["signingString"]
    assert keys.verify(case["algorithm"], PUBLIC, base64.b64decode(case["signature"]), signed)
    assert authentic(made, *request, body)
    if case["deterministic"]:
        assert made == case["headers"]
    else:
        hidden = re.compile('signature="[^"]+"')
        assert {k: hidden.sub("", v) for k, v in made.items()} == {
            k: hidden.sub("", v) for k, v in case["headers"].items()
        }


@pytest.mark.parametrize("case", VECTORS["acceptSignature"], ids=lambda case: str(case["header"]))
def test_accept_vectors(case: dict[str, Any]) -> None:
    if case["ok"]:
        algorithm = responses.parse_accept(case["header"], ACCOUNT)
        assert algorithm == case["algorithm"]
        assert responses.normalise(algorithm) in ALGORITHMS
        return
    with pytest.raises(AcceptSignatureError) as caught:
        responses.parse_accept(case["header"], ACCOUNT)
    assert caught.value.detail == case["detail"]
    assert f"({caught.value.reason})" in case["detail"]


@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        ("  ", "ed25519"),
        (f'keyid="{ACCOUNT}" , algorithm="Rsa-Sha256" ; ', "Rsa-Sha256"),
        (f'KEYID="{ACCOUNT}",ALGORITHM="ecdsa-p256"', "ecdsa-p256"),
        ('keyid="1", algorithm="rsa-sha1"', "unsupported algorithm"),
        ('keyid="my-slug", algorithm="ed25519"', "keyid not found"),
        (f'algorithm="ed25519", keyid="{ACCOUNT}"', "malformed"),
        ("algorithm=ed25519", "malformed"),
        ('algorithm=""', "malformed"),
        ('algorithm = "ed25519"', "malformed"),
        ('algorithm="ed25519";;', "malformed"),
        ('algorithm="ed25519"\nx', "malformed"),
        ('\u212aeyid="1", algorithm="ed25519"', "malformed"),
        ('algorithm="ed25519\u212a"', "unsupported algorithm"),
    ],
)
def test_accept_more(header: str, outcome: str) -> None:
    try:
        assert responses.parse_accept(header, ACCOUNT) == outcome
    except AcceptSignatureError as error:
        assert error.reason == outcome


@QUICK
@given(st.text())
def test_accept_answers_or_raises_its_own_error(header: str) -> None:
    try:
        assert responses.normalise(responses.parse_accept(header, ACCOUNT)) in ALGORITHMS
    except AcceptSignatureError as error:
        assert error.reason in {responses.MALFORMED, responses.UNSUPPORTED, responses.UNKNOWN_KEY}


def test_the_algorithm_is_echoed_as_sent() -> None:
    made = responses.headers(SIGNER, ACCOUNT, "ED25519", "GET", "/", "h", NOW, b"")
    assert 'algorithm="ED25519"' in made["Keygen-Signature"]
    assert authentic(made, "GET", "/", "h", b"")


@QUICK
@given(
    st.sampled_from(ALGORITHMS),
    st.binary(max_size=50),
    st.sampled_from(["body", "date", "host", "target", "signature", "method"]),
    st.integers(0, 10_000),
)
def test_any_flipped_bit_is_rejected(algorithm: str, body: bytes, part: str, flip: int) -> None:
    view = {"method": b"post", "target": b"/v1/x?y=%2B", "host": b"api.example.com:8443", "body": body}
    made = responses.headers(SIGNER, ACCOUNT, algorithm, "POST", "/v1/x?y=%2B", "api.example.com:8443", NOW, body)
    assert seen(made, view)
    if part == "date":
        made["Date"] = flipped(made["Date"].encode("latin-1"), flip).decode("latin-1")
    elif part == "signature":
        made["Keygen-Signature"] = with_flipped_signature(made["Keygen-Signature"], flip)
    else:
        assume(view[part])
        view[part] = flipped(view[part], flip)
        assume(part != "method" or view[part].lower() != b"post")  # the method's case is not signed
    assert not seen(made, view)


def seen(made: dict[str, str], view: dict[str, bytes]) -> bool:
    texts = [view[part].decode("latin-1") for part in ("method", "target", "host")]
    return authentic(made, texts[0], texts[1], texts[2], view["body"])


def with_flipped_signature(header: str, flip: int) -> str:
    found = re.search('signature="([^"]+)"', header)
    assert found is not None
    changed = base64.b64encode(flipped(base64.b64decode(found[1]), flip)).decode()
    return header.replace(found[1], changed)


def flipped(data: bytes, bit: int) -> bytes:
    bit %= len(data) * 8
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@QUICK
@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))
def test_dates_agree_with_the_standard_library(instant: datetime) -> None:
    assert responses.http_date(instant) == format_datetime(instant, usegmt=True)


def test_dates_are_utc_and_ignore_the_locale() -> None:
    east = datetime(2024, 2, 1, 3, 30, 59, 999_999, tzinfo=timezone(timedelta(hours=3, minutes=30)))
    before = locale.setlocale(locale.LC_TIME)
    try:
        available = [name for name in ("de_DE.UTF-8", "C.UTF-8", "C") if can_use(name)]
        assert available
        assert responses.http_date(east) == "Thu, 01 Feb 2024 00:00:59 GMT"
    finally:
        locale.setlocale(locale.LC_TIME, before)
    with pytest.raises(ValueError):
        responses.http_date(datetime(2024, 2, 1))


def can_use(name: str) -> bool:
    try:
        locale.setlocale(locale.LC_TIME, name)
    except locale.Error:
        return False
    return True


@pytest.mark.parametrize(
    ("microsecond", "second"), [(0, "58"), (949_999, "58"), (950_000, "58"), (950_001, "59"), (999_999, "59")]
)
def test_the_second_boundary(microsecond: int, second: str) -> None:
    late = datetime(2024, 2, 1, 0, 0, 58, microsecond, tzinfo=UTC)
    made = responses.headers(SIGNER, ACCOUNT, "ed25519", "GET", "/", "h", late, b"")
    assert made["Date"] == made["Keygen-Date"] == f"Thu, 01 Feb 2024 00:00:{second} GMT"
    assert authentic(made, "GET", "/", "h", b"")


def test_the_boundary_carries_into_the_next_year() -> None:
    assert responses.response_date(datetime(2024, 12, 31, 23, 59, 59, 960_000, tzinfo=UTC)).startswith(
        "Wed, 01 Jan 2025"
    )


def test_empty_target_is_the_root() -> None:
    assert responses.signing_string("GET", "", "h", "d", "x") == b"(request-target): get /\nhost: h\ndate: d\ndigest: x"


def test_bytes_that_are_no_utf8_are_signed_as_received() -> None:
    target = b"/caf\xe9".decode("utf-8", "surrogateescape")
    assert b"get /caf\xe9\n" in responses.signing_string("GET", target, "h", "d", "x")


@pytest.mark.parametrize("bad", ["a\nb", "a\rb"])
def test_line_breaks_cannot_be_signed(bad: str) -> None:
    for position in range(5):
        parts = ["GET", "/", "h", "d", "x"]
        parts[position] = bad
        with pytest.raises(ValueError):
            responses.signing_string(*parts)
