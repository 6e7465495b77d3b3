"""How requests reach DynamoDB: one replaceable transport below PynamoDB (STORE §7).

botocore in the cloud (one attempt per call: repeats are decided in `retry.py`), the SQLite engine on one machine,
anything wrapped around either for counting and faults. Nothing above `store/` knows which.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from pynamodb.connection import Connection


class Transport(Protocol):
    """Sends one low-level request, botocore's shapes in and out, botocore's exceptions."""

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to `operation`; raises `ClientError` or a connection error of botocore."""
        ...


class BotocoreTransport:
    """DynamoDB itself, or anything that speaks its protocol at `endpoint`."""

    def __init__(self, endpoint: str | None = None, region: str | None = None) -> None:
        self._endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
        self._region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        self._lock = threading.Lock()
        self._client: Any = None

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """One attempt."""
        client = self._client or self._connect()
        reply: dict[str, Any] = client._make_api_call(operation, parameters)
        return reply

    def _connect(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _client(self._endpoint, self._region)
            return self._client


def _client(endpoint: str | None, region: str | None) -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        connect_timeout=1,
        read_timeout=4,
        max_pool_connections=32,
        parameter_validation=False,
        retries={"total_max_attempts": 1, "mode": "standard"},
        tcp_keepalive=True,
    )
    return get_session().create_client("dynamodb", region_name=region, endpoint_url=endpoint, config=config)


class StoreConnection(Connection):
    """PynamoDB's connection with its single choke point turned over to our transport."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(region="local")
        self._transport = transport

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        return self._transport.call(operation_name, operation_kwargs)
