"""Where account secrets are wrapped: under a key file on one machine, under KMS in the cloud (cryptography.md §1).

Both satisfy `crypto.secrets.Wrapper` structurally. Wrapped forms start with a format byte, and everything before the
ciphertext is authenticated together with the context:

    key file  01 | nonce 12 | ciphertext and tag
    KMS       02 | length of the wrapped data key, 2 bytes | wrapped data key | nonce 12 | ciphertext and tag
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_FILE_FORMAT = b"\x01"
_KMS_FORMAT = b"\x02"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_THROTTLED = frozenset({"ThrottlingException", "LimitExceededException", "RequestLimitExceeded"})


class VaultError(Exception):
    """Wrapping or unwrapping failed. `transient`: the same call may succeed later (throttled, timed out, 5xx)."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class KeyFileVault:
    """AES-256-GCM under 32 random bytes, kept as base64 in a file only its owner may read.

    The file is read on first use. A random nonce is safe for 2^32 wraps under one key: accounts, not requests.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._key: bytes | None = None

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> KeyFileVault:
        """Writes a new key file; VaultError when `path` exists: a key is never replaced, it would orphan the data."""
        _write_key_file(Path(path))
        return cls(path)

    def wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        """`plain` for storage, 29 bytes longer. VaultError: the key file is missing, damaged or open to others."""
        return _seal(self._load(), _KEY_FILE_FORMAT, plain, context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The inverse of `wrap`. VaultError: as there, or altered, of another key, or of another context."""
        if wrapped[:1] != _KEY_FILE_FORMAT:
            raise VaultError("not wrapped by a key file")
        return _open(self._load(), wrapped[:1], wrapped[1:], context)

    def _load(self) -> bytes:
        if self._key is None:
            self._key = _read_key_file(self._path)
        return self._key


class KmsClient(Protocol):
    """What this module uses of a botocore KMS client."""

    def generate_data_key(self, **request: Any) -> Any: ...

    def decrypt(self, **request: Any) -> Any: ...


class KmsVault:
    """Envelope encryption: a data key of KMS per wrap, AES-256-GCM here; KMS checks and logs the context as well.

    `key_id` is a key id, alias or ARN; unwrapping names it too, so a data key of any other KMS key is refused.
    Without a client one is made on first use.
    """

    def __init__(self, client: KmsClient | None, key_id: str) -> None:
        self._client, self._key_id = client, key_id
        self._lock = threading.Lock()

    def wrap(self, plain: bytes, context: Mapping[str, str]) -> bytes:
        """`plain` for storage, some 215 bytes longer; one GenerateDataKey. VaultError: KMS refused or failed."""
        answer = self._call("generate_data_key", context, KeySpec="AES_256")
        wrapped_key: bytes = answer["CiphertextBlob"]
        header = _KMS_FORMAT + len(wrapped_key).to_bytes(2, "big") + wrapped_key
        return _seal(answer["Plaintext"], header, plain, context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The inverse of `wrap`; one Decrypt. VaultError: as there, or altered, of another key or context."""
        end = 3 + int.from_bytes(wrapped[1:3], "big")
        if wrapped[:1] != _KMS_FORMAT or len(wrapped) <= end or end == 3:
            raise VaultError("not wrapped by KMS")
        answer = self._call("decrypt", context, CiphertextBlob=wrapped[3:end])
        return _open(answer["Plaintext"], wrapped[:end], wrapped[end:], context)

    def _call(self, operation: str, context: Mapping[str, str], **request: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            method = getattr(self._connected(), operation)
            return method(KeyId=self._key_id, EncryptionContext=dict(context), **request)
        except (BotoCoreError, ClientError) as error:
            raise _kms_error(operation, error) from error

    def _connected(self) -> KmsClient:
        with self._lock:
            if self._client is None:
                self._client = _new_client()
            return self._client


def _new_client() -> KmsClient:
    from botocore.config import Config
    from botocore.session import get_session

    # Short: it stands in the way of a request, and a caller told `transient` can try again.
    config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
    client: KmsClient = get_session().create_client("kms", config=config)
    return client


def _kms_error(operation: str, error: Exception) -> VaultError:
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    if not isinstance(error, ClientError):
        lost = isinstance(error, (ConnectionError, HTTPClientError))
        return VaultError(f"kms {operation}: {type(error).__name__}", transient=lost)
    code = error.response.get("Error", {}).get("Code", "unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return VaultError(f"kms {operation}: {code}", transient=code in _THROTTLED or status >= 500)


def _seal(key: bytes, header: bytes, plain: bytes, context: Mapping[str, str]) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, _bound(header, context))


def _open(key: bytes, header: bytes, sealed: bytes, context: Mapping[str, str]) -> bytes:
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _bound(header, context))
    except (InvalidTag, ValueError):  # ValueError: cut so short that no nonce is left
        raise VaultError("altered, or wrapped under another key or context") from None


def _bound(header: bytes, context: Mapping[str, str]) -> bytes:
    """Associated data. The header's length is in the header, and sorted JSON is one text per context: no ambiguity."""
    return header + json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()


def _write_key_file(path: Path) -> None:
    """Written aside and linked into place: nobody ever reads half a key, and an existing file is never touched."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(aside, path)
        finally:
            Path(aside).unlink()
        _sync_directory(path.parent)
    except OSError as error:
        raise VaultError(f"cannot create key file {path}: {error.strerror}") from error


def _sync_directory(path: Path) -> None:
    """A file's name is durable only when its directory is: a lost key loses all it wrapped."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_key_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())  # of the open file, so it cannot be swapped after the check
            if not stat.S_ISREG(status.st_mode) or status.st_mode & _OTHERS:
                raise VaultError(f"key file {path} must be a regular file that only its owner may access (mode 0600)")
            text = file.read(4 * _KEY_BYTES)
    except OSError as error:
        raise VaultError(f"cannot read key file {path}: {error.strerror}") from error
    return _decode_key(path, text)


def _decode_key(path: Path, text: bytes) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise VaultError(f"key file {path} does not hold 32 bytes in base64")
    return key
