"""Both vaults: round trips, what they refuse, the key file's permissions, and KMS on moto."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from chalicelib.crypto.secrets import UnwrapCache, Wrapper
from chalicelib.store import vault as module
from chalicelib.store.vault import KeyFileVault, KmsVault, VaultError

CONTEXT = {"account": "5c2fd8d0-4f0a-4d7e-9d55-0f1c6a1d9a01", "purpose": "account-secrets"}
FOREIGN: list[dict[str, str]] = [{}, {"account": "x"}, {**CONTEXT, "more": "1"}, {"account": CONTEXT["account"]}]
SAME_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield module._new_client()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "vault.key"
    KeyFileVault.create(path)
    return path


@pytest.fixture(params=["file", "kms"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Wrapper:
    if request.param == "file":
        return KeyFileVault.create(tmp_path / "vault.key")
    client = request.getfixturevalue("kms")
    return KmsVault(client, client.create_key()["KeyMetadata"]["KeyId"])


@pytest.mark.parametrize("plain", [b"", b"x", os.urandom(5000)], ids=["empty", "one", "large"])
def test_round_trip(vault: Wrapper, plain: bytes) -> None:
    wrapped = vault.wrap(plain, CONTEXT)
    assert vault.unwrap(wrapped, dict(reversed(CONTEXT.items()))) == plain
    assert plain == b"" or len(plain) == 1 or plain not in wrapped
    assert vault.wrap(plain, CONTEXT) != wrapped


@pytest.mark.parametrize("foreign", FOREIGN)
def test_another_context_fails(vault: Wrapper, foreign: dict[str, str]) -> None:
    with pytest.raises(VaultError):
        vault.unwrap(vault.wrap(b"plain", CONTEXT), foreign)


def test_every_flipped_byte_and_every_cut_fails(vault: Wrapper) -> None:
    wrapped = vault.wrap(b"plain", CONTEXT)
    # moto's own wrapped data key is long and every try is a call: sample its inside, take both ends whole.
    positions = {*range(6), *range(6, len(wrapped), 7), *range(len(wrapped) - 34, len(wrapped))} & {
        *range(len(wrapped))
    }
    for position in sorted(positions):
        changed = bytearray(wrapped)
        changed[position] ^= 1 << position % 8
        for damaged in (bytes(changed), wrapped[:position]):
            with pytest.raises(VaultError):
                vault.unwrap(damaged, CONTEXT)


@SAME_FIXTURE
@given(garbage=st.binary(max_size=80), format_byte=st.sampled_from([b"", b"\x01", b"\x02"]))
def test_garbage_fails_with_the_one_error(vault: Wrapper, garbage: bytes, format_byte: bytes) -> None:
    with pytest.raises(VaultError):
        vault.unwrap(format_byte + garbage, CONTEXT)


@SAME_FIXTURE
@given(bit=st.integers(0, 8 * 34 - 1))
def test_any_flipped_bit_fails(key_file: Path, bit: int) -> None:
    vault = KeyFileVault(key_file)
    wrapped = bytearray(vault.wrap(b"plain", CONTEXT))
    assert len(wrapped) == 34
    wrapped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VaultError):
        vault.unwrap(bytes(wrapped), CONTEXT)


def test_a_cache_over_a_vault(vault: Wrapper) -> None:
    cache = UnwrapCache(vault, bytes.decode, 4, 60)
    wrapped = vault.wrap(b"plain", CONTEXT)
    assert cache.get(wrapped, CONTEXT, 0) is cache.get(wrapped, CONTEXT, 1)
    with pytest.raises(VaultError):
        cache.get(wrapped, FOREIGN[1], 1)


# --- the key file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        KeyFileVault.create(tmp_path / "k")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["k"], "nothing is left aside"


def test_the_file_holds_32_random_bytes(key_file: Path, tmp_path: Path) -> None:
    KeyFileVault.create(tmp_path / "other")
    assert len(base64.b64decode(key_file.read_text(), validate=False)) == 32
    assert key_file.read_text() != (tmp_path / "other").read_text()


def test_an_existing_file_is_never_replaced(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(VaultError):
        KeyFileVault.create(key_file)
    assert key_file.read_bytes() == before
    assert [entry.name for entry in key_file.parent.iterdir()] == [key_file.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o777])
def test_a_file_open_to_others_is_refused(key_file: Path, mode: int) -> None:
    wrapped = KeyFileVault(key_file).wrap(b"plain", CONTEXT)
    key_file.chmod(mode)
    with pytest.raises(VaultError, match="0600"):
        KeyFileVault(key_file).unwrap(wrapped, CONTEXT)
    with pytest.raises(VaultError, match="0600"):
        KeyFileVault(key_file).wrap(b"plain", CONTEXT)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read_again_by_a_new_vault(key_file: Path, mode: int) -> None:
    wrapped = KeyFileVault(key_file).wrap(b"plain", CONTEXT)
    key_file.chmod(mode)
    assert KeyFileVault(str(key_file)).unwrap(wrapped, CONTEXT) == b"plain"


@pytest.mark.parametrize("text", [b"", b"AAAA", base64.b64encode(bytes(33)), b"!" * 44, base64.b64encode(bytes(300))])
def test_a_damaged_file_is_refused_without_quoting_it(key_file: Path, text: bytes) -> None:
    key_file.write_bytes(text)
    with pytest.raises(VaultError) as caught:
        KeyFileVault(key_file).wrap(b"plain", CONTEXT)
    assert not text or text.decode() not in str(caught.value)


def test_a_missing_file_is_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(VaultError):
        KeyFileVault(tmp_path / "none").wrap(b"plain", CONTEXT)
    with pytest.raises(VaultError):
        KeyFileVault(tmp_path).wrap(b"plain", CONTEXT)
    with pytest.raises(VaultError):
        KeyFileVault.create(tmp_path / "no" / "folder")
    assert list(tmp_path.iterdir()) == []


def test_another_key_file_does_not_open_it(key_file: Path, tmp_path: Path) -> None:
    wrapped = KeyFileVault(key_file).wrap(b"plain", CONTEXT)
    with pytest.raises(VaultError):
        KeyFileVault.create(tmp_path / "other").unwrap(wrapped, CONTEXT)


def test_repr_shows_no_key(key_file: Path) -> None:
    vault = KeyFileVault(key_file)
    vault.wrap(b"plain", CONTEXT)
    assert key_file.read_text().strip() not in repr(vault)


# --- KMS -------------------------------------------------------------------------------------------------------------


def test_a_wrapped_form_of_the_other_kind_is_refused(key_file: Path, kms: Any) -> None:
    file_vault = KeyFileVault(key_file)
    kms_vault = KmsVault(kms, kms.create_key()["KeyMetadata"]["KeyId"])
    with pytest.raises(VaultError):
        kms_vault.unwrap(file_vault.wrap(b"plain", CONTEXT), CONTEXT)
    with pytest.raises(VaultError):
        file_vault.unwrap(kms_vault.wrap(b"plain", CONTEXT), CONTEXT)


def test_the_client_is_made_on_first_use(kms: Any) -> None:
    vault = KmsVault(None, kms.create_key()["KeyMetadata"]["KeyId"])
    assert vault.unwrap(vault.wrap(b"plain", CONTEXT), CONTEXT) == b"plain"


def test_an_unknown_key_is_a_lasting_error(kms: Any) -> None:
    with pytest.raises(VaultError, match="NotFoundException") as caught:
        KmsVault(kms, "5c2fd8d0-0000-4d7e-9d55-0f1c6a1d9a01").wrap(b"plain", CONTEXT)
    assert not caught.value.transient


class Recorder:
    """A KMS that notes its requests, and fails when told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.error = error

    def generate_data_key(self, **request: Any) -> Any:
        self.requests.append(("generate", request))
        if self.error is not None:
            raise self.error
        return {"Plaintext": bytes(32), "CiphertextBlob": b"wrapped data key"}

    def decrypt(self, **request: Any) -> Any:
        self.requests.append(("decrypt", request))
        return {"Plaintext": bytes(32)}


def test_key_and_context_are_named_in_both_calls() -> None:
    client = Recorder()
    vault = KmsVault(client, "alias/keys")
    wrapped = vault.wrap(b"plain", CONTEXT)
    assert vault.unwrap(wrapped, CONTEXT) == b"plain"
    both = {"KeyId": "alias/keys", "EncryptionContext": CONTEXT}
    assert client.requests == [
        ("generate", {**both, "KeySpec": "AES_256"}),
        ("decrypt", {**both, "CiphertextBlob": b"wrapped data key"}),
    ]


def test_the_context_is_bound_even_where_kms_would_not_look() -> None:
    vault = KmsVault(Recorder(), "k")
    wrapped = vault.wrap(b"plain", CONTEXT)
    for foreign in FOREIGN:
        with pytest.raises(VaultError):
            vault.unwrap(wrapped, foreign)


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GenerateDataKey")


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (refusal("ThrottlingException", 400), True),
        (refusal("KMSInternalException", 500), True),
        (refusal("AccessDeniedException", 400), False),
        (ConnectTimeoutError(endpoint_url="https://kms"), True),
        (NoCredentialsError(), False),
    ],
)
def test_kms_failures_say_whether_to_try_again(error: Exception, transient: bool) -> None:
    with pytest.raises(VaultError) as caught:
        KmsVault(Recorder(error), "k").wrap(b"plain", CONTEXT)
    assert caught.value.transient is transient
