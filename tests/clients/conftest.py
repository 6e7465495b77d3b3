"""What the client tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import keygen
import pytest
import requests

from tests.clients import keygen_py
from tests.clients.integrator import Integrator
from tests.clients.site import Server, Site, serving


# `del` puts a setting of the SDK back to its default.
CONFIGURED = ("api_url", "account", "public_key", "license_key", "token", "product", "environment", "signature_scheme")


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
def sdk(site: Site) -> Iterator[ModuleType]:
    """keygen-sdk, configured for `site` as its manual says: URL and public key, verification on."""
    with requests.Session() as session:
        keygen.http_client = session
        keygen.api_url = site.url
        keygen.account = site.account
        keygen.public_key = site.public_key
        yield keygen
    for name in CONFIGURED:
        delattr(keygen, name)
    keygen.http_client = None


@pytest.fixture(scope="session")
def keygen_py_process() -> Iterator[keygen_py.KeygenPy]:
    """keygen-py, one process for all tests of a worker."""
    with keygen_py.running() as process:
        yield process
