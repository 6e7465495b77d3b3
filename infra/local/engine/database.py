"""SQLite behind the engine: connections, transactions and the layout of the file.

All items of all tables share one b-tree, ordered by key bytes, and so do all index entries: a page of any
query is one range of one b-tree, whatever the size of the table.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Synchronous = Literal["FULL", "NORMAL"]

BUSY_SECONDS = 60.0
_LAYOUT = """
CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spaces (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS items (
    space INTEGER, hash BLOB, range BLOB, size INTEGER NOT NULL, expires INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (space, hash, range)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS items_by_expiry ON items (space, expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS entries (
    space INTEGER, hash BLOB, range BLOB, item_hash BLOB, item_range BLOB, size INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (space, hash, range, item_hash, item_range)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_by_space ON changes (space, sequence);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, digest BLOB NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires);
"""


class Database:
    """Connections to one SQLite database, for any number of threads.

    A file is in WAL mode: readers never wait for the writer. `:memory:` is one connection that callers take in turn.
    """

    def __init__(self, path: str, synchronous: Synchronous) -> None:
        if synchronous not in ("FULL", "NORMAL"):
            raise ValueError(f"synchronous must be FULL or NORMAL, not {synchronous!r}")
        self._path = path
        self._synchronous = synchronous
        self._in_memory = path == ":memory:"
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        # Waiting on a lock is fair and prompt; SQLite's own busy handler sleeps, so it is left to other processes.
        self._turn = threading.Lock()
        connection = self._connect()
        connection.executescript(_LAYOUT)
        self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if not self._in_memory:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection

    def _borrow(self) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError("the engine is closed")
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection whose every statement sees one committed state."""
        if self._in_memory:
            with self._turn:
                connection = self._borrow()
                try:
                    yield connection
                finally:
                    self._give_back(connection)
            return
        connection = self._borrow()
        try:
            yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection whose statements all see the same committed state."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer; what it did is durable at the end, or undone by an exception."""
        with self._turn:
            connection = self._borrow()
            try:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            finally:
                self._give_back(connection)

    def close(self) -> None:
        """Closes every idle connection now and the others when their call ends."""
        self._closed = True
        self._close_idle()
