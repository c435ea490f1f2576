"""SQLite as the stores use it: one writer, readers that are given up when they take too long."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from services.chassis.errors import Unavailable

T = TypeVar("T")
QUERY_SECONDS: Final = 3.0
_READERS: Final = 4
_STEPS: Final = 20_000
_BUSY_SECONDS: Final = 5.0


def open_writer(path: Path, schema: str) -> sqlite3.Connection:
    """The writing connection of a database file, made with its tables if need be.

    What was written in the last moments before a power failure may be lost, the file never is.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
        f"PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-8000; {schema}"
    )
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All that is done inside, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Readers:
    """Runs queries in threads, a few at once, each for a few seconds at most."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = asyncio.Semaphore(_READERS)

    async def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` gives for a read-only connection. Raises Unavailable when it takes too long."""
        async with self._places:
            return await asyncio.to_thread(self._ask, query)

    def _ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with closing(
            sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=_BUSY_SECONDS)
        ) as connection:
            connection.row_factory = sqlite3.Row
            give_up = time.monotonic() + QUERY_SECONDS
            connection.set_progress_handler(lambda: time.monotonic() > give_up, _STEPS)
            try:
                return query(connection)
            except sqlite3.OperationalError as error:
                if "interrupted" not in str(error):
                    raise
                raise Unavailable("that takes too long: choose a shorter time or a rarer word") from error
