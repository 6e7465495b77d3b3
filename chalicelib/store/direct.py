"""DynamoDB over its own JSON protocol: urllib3 below, botocore's signer and credentials, nothing between.

A botocore client costs 0.5 ms of CPU a call for models and hooks that four fixed operations never use, and 55 ms of
every cold start. Errors keep botocore's shapes, so nothing above can tell the two transports apart.
"""

from __future__ import annotations

import os
import threading
from base64 import b64decode
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)

CONNECT_SECONDS = 1.0
READ_SECONDS = 4.0
CONNECTIONS = 32
_TARGET = "DynamoDB_20120810."
_CONTENT_TYPE = "application/x-amz-json-1.0"


class DirectTransport:
    """One attempt per call to the endpoint given, the one the environment names, or that of the region."""

    def __init__(self, endpoint: str | None = None, region: str | None = None) -> None:
        environment = os.environ
        self._region = region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        self._given = endpoint or environment.get("AWS_ENDPOINT_URL_DYNAMODB") or environment.get("AWS_ENDPOINT_URL")
        self._lock = threading.Lock()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to one request; ClientError and connection errors as botocore raises them."""
        request = AWSRequest("POST", self._url, headers=_headers(operation), data=msgspec.json.encode(parameters))
        self._signer.add_auth(request)
        status, headers, body = self._send(request.data, dict(request.headers.items()))
        reply = _decoded(body) if body else {}
        if status >= 300:
            raise _client_error(operation, status, headers, reply)
        return reply

    def _send(self, body: bytes, headers: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        url = self._url
        try:
            response = self._pool.request("POST", url, body=body, headers=headers, retries=False, redirect=False)
        except urllib3.exceptions.NewConnectionError as error:
            raise EndpointConnectionError(endpoint_url=url, error=error) from error
        except urllib3.exceptions.ConnectTimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=url, error=error) from error
        except urllib3.exceptions.ReadTimeoutError as error:
            raise ReadTimeoutError(endpoint_url=url, error=error) from error
        except urllib3.exceptions.ProtocolError as error:
            raise ConnectionClosedError(endpoint_url=url, error=error) from error
        except urllib3.exceptions.HTTPError as error:
            raise HTTPClientError(error=error) from error
        return response.status, response.headers, response.data

    @cached_property
    def _url(self) -> str:
        if self._given:
            return self._given.rstrip("/") + "/"
        if not self._region:
            raise NoRegionError
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        return f"https://dynamodb.{self._region}.{suffix}/"

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        with self._lock:
            timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
            return urllib3.PoolManager(maxsize=CONNECTIONS, block=False, timeout=timeout)

    @cached_property
    def _signer(self) -> SigV4Auth:
        return SigV4Auth(_credentials(), "dynamodb", self._region or "us-east-1")


def _credentials() -> Any:
    """Those of the environment, as in Lambda; else whatever botocore finds, refreshed when they run out."""
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return Credentials(key, secret, os.environ.get("AWS_SESSION_TOKEN"))
    from botocore.session import get_session

    found = get_session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found


def _headers(operation: str) -> dict[str, str]:
    return {"Content-Type": _CONTENT_TYPE, "X-Amz-Target": _TARGET + operation, "Accept-Encoding": "identity"}


def _decoded(body: bytes) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.json.decode(body)
    return _with_bytes(reply) if b'"B":' in body else reply


def _with_bytes(value: Any) -> Any:
    """Binary attribute values arrive as base64 text."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("B"), str):
            return {"B": b64decode(value["B"])}
        return {name: _with_bytes(child) for name, child in value.items()}
    return [_with_bytes(child) for child in value] if isinstance(value, list) else value


def _client_error(operation: str, status: int, headers: Mapping[str, str], reply: dict[str, Any]) -> ClientError:
    code = str(reply.pop("__type", status)).rpartition("#")[2]
    message = reply.pop("message", None) or reply.pop("Message", "")
    metadata = {"HTTPStatusCode": status, "RequestId": headers.get("x-amzn-requestid", ""), "RetryAttempts": 0}
    response: Any = {**reply, "Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(response, operation)
