"""Which account, in which deployment."""

from __future__ import annotations

from chalicelib import runtime
from chalicelib.admin.bootstrap import Tools, find
from chalicelib.licensing.errors import missing


def tools() -> Tools:
    """The tools for the deployment the environment names."""
    return Tools(runtime.database(), runtime.vault(), runtime.now, runtime.new_id, runtime.random_hex)


def tools_of(given: Tools | None) -> Tools:
    """The tools given, else those for the deployment the environment names."""
    return tools() if given is None else given


def known(tools: Tools, account: str) -> str:
    """The id of an account by its id or slug. Raises NotFound."""
    account_id = find(tools, account)
    if account_id is None:
        raise missing("account", account)
    return account_id
