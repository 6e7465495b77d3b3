"""keygen-sdk as its manual has it: settings are attributes of the module, shared by everything in the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keygen
import requests

SETTINGS = ("api_url", "account", "public_key", "license_key", "token", "product", "environment", "signature_scheme")


@contextmanager
def configurable() -> Iterator[Any]:
    """The module with its settings at their defaults, before and after; settings it makes up as they are asked for."""
    sdk: Any = keygen
    with requests.Session() as session:
        sdk.http_client = session
        try:
            yield sdk
        finally:
            for name in SETTINGS:
                delattr(sdk, name)
            sdk.http_client = None
