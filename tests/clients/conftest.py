"""What the client tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients import keygen_py, keygen_sdk
from tests.clients.integrator import Integrator
from tests.clients.site import Server, Site, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One server for all tests of a worker: stopping one takes longer than most tests."""
    with serving() as running:
        yield running


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Iterator[Site]:
    """A service of its own."""
    with server.opened(tmp_path) as site:
        yield site


@pytest.fixture(params=["long", "slug", "short"])
def vendor(request: pytest.FixtureRequest, site: Site) -> Integrator:
    """The vendor's server with its admin token, by each way to name the account."""
    prefixes = {"long": f"/v1/accounts/{site.account}", "slug": f"/v1/accounts/{site.world.slug}", "short": "/v1"}
    return Integrator(site, prefixes[request.param], f"Bearer {site.admin_token}")


@pytest.fixture
def sdk(site: Site) -> Iterator[Any]:
    """keygen-sdk, configured for `site` as its manual says: URL and public key, verification on."""
    with keygen_sdk.configurable() as sdk:
        sdk.api_url, sdk.account, sdk.public_key = site.url, site.account, site.public_key
        yield sdk


@pytest.fixture(scope="session")
def keygen_py_process() -> Iterator[keygen_py.KeygenPy]:
    """keygen-py, one process for all tests of a worker."""
    with keygen_py.running() as process:
        yield process
