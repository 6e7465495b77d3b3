"""Which account, in which deployment."""

from __future__ import annotations

from chalicelib.admin.bootstrap import Tools, find
from chalicelib.licensing.errors import missing


def tools_of(given: Tools | None) -> Tools:
    """The tools given, else those for the deployment the environment names."""
    if given is not None:
        return given
    # The command line knows how to make them, and knows this package as well.
    from chalicelib.admin.__main__ import tools

    return tools()


def known(tools: Tools, account: str) -> str:
    """The id of an account by its id or slug. Raises NotFound."""
    account_id = find(tools, account)
    if account_id is None:
        raise missing("account", account)
    return account_id
