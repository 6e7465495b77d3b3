"""The tables of a database, cached until any process changes one."""

import re
import sqlite3

from .codec import decode
from .errors import NOT_FOUND, Refusal, refuse
from .schema import Table, build_table

NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")


class Catalog:
    """Tables by name. The version in the database header rises with every change of a definition."""

    def __init__(self) -> None:
        self._state: tuple[int, dict[str, Table]] = (-1, {})

    def tables(self, connection: sqlite3.Connection) -> dict[str, Table]:
        """All tables by name."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        state = self._state
        if state[0] != version:
            rows = connection.execute("SELECT name, definition FROM tables ORDER BY name")
            state = (version, {name: build_table(decode(text)) for name, text in rows})
            self._state = state
        return state[1]

    def table(self, connection: sqlite3.Connection, name: object) -> Table:
        """The table of this name. Raises Refusal."""
        if not isinstance(name, str):
            refuse("A table name is needed")
        table = self.tables(connection).get(name)
        if table is not None:
            return table
        check_name(name)
        raise Refusal(NOT_FOUND, f"Cannot do operations on a non-existent table: {name}")

    @staticmethod
    def bump(connection: sqlite3.Connection) -> None:
        """Makes every cache of this database stale, when the open transaction commits."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")


def check_name(name: object) -> None:
    """Raises Refusal unless `name` may name a table or an index."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        refuse("Table and index names must be 3 to 255 of the characters a-z, A-Z, 0-9, '_', '-' and '.'")
