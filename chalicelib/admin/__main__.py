"""`python -m chalicelib.admin`: commands against the deployment that the environment names. JSON on standard output."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from chalicelib.admin import repair
from chalicelib.admin.bootstrap import Tools, bootstrap, find, subscribe
from chalicelib.admin.deployment import tools
from chalicelib.admin.transfer import commands as transfer
from chalicelib.licensing.errors import Refusal, missing


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    top = argparse.ArgumentParser(prog="python -m chalicelib.admin", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("create-tables", help="create both tables where they are missing (not for the cloud)")
    new = commands.add_parser("bootstrap", help="create an account with key pairs, an admin and an admin token")
    new.add_argument("--account", required=True, metavar="SLUG", help="lowercase letters, digits and dashes")
    new.add_argument("--name", help="what the account is called, default its slug")
    new.add_argument("--email", help="of the admin, default admin@SLUG.example")
    new.add_argument("--protected", action="store_true", help="customers may not help themselves by default")
    listen = commands.add_parser("subscribe", help="add a subscriber of an account's events")
    listen.add_argument("--account", required=True, metavar="SLUG_OR_ID")
    listen.add_argument("--channel", default="log", choices=("log",))
    listen.add_argument("events", nargs="*", default=["*"], metavar="EVENT")
    transfer.add(commands)
    repair.add(commands)
    return top


def run(tools: Tools, arguments: Sequence[str]) -> int:
    """Carry out one command; the exit status."""
    options = parser().parse_args(arguments)
    try:
        command = (transfer.RUN | repair.RUN).get(options.command)
        if command is not None:
            return command(tools, options)
        print(json.dumps(_carry_out(tools, options), indent=2))
    except Refusal as refusal:
        print("; ".join(f"{one.code or 'error'}: {one.detail}" for one in refusal.problems), file=sys.stderr)
        return 1
    return 0


def _carry_out(tools: Tools, options: argparse.Namespace) -> object:
    if options.command == "create-tables":
        tools.database.create_tables()
        return {"tables": [tools.database.names.resources, tools.database.names.outbox]}
    if options.command == "bootstrap":
        email = options.email or f"admin@{options.account}.example"
        return bootstrap(tools, options.account, email, options.name, protected=options.protected)
    account_id = find(tools, options.account)
    if account_id is None:
        raise missing("account", options.account)
    return subscribe(tools, account_id, options.channel, options.events)


if __name__ == "__main__":
    sys.exit(run(tools(), sys.argv[1:]))
