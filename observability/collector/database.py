"""SQLite as the stores use it: one writer, readers that are given up when they take too long."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Final, TypeVar

from services.chassis.errors import Unavailable

T = TypeVar("T")
_QUERY_SECONDS: Final = 3.0
_READERS: Final = 4
_STEPS: Final = 20_000
_BUSY_SECONDS: Final = 5.0

UNSTORABLE: Final = (
    *(TypeError, ValueError, LookupError, OverflowError, RecursionError),
    *(sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
"""What is raised for something that can never be stored; a file that cannot be written is an OperationalError."""


class Store:
    """The writing side of a database file. What writes need not be the thread that closes it.

    What was written in the last moments before a power failure may be lost, the file never is. `schema` makes the
    tables where they are missing, and `sized` is the one of them that counts the bytes.
    """

    def __init__(self, path: Path, schema: str, sized: str) -> None:
        self.path = path
        self._lock = RLock()
        self._db = _open_writer(path, schema)
        self._bytes = int(self._db.execute(f"SELECT COALESCE(SUM(bytes), 0) FROM {sized}").fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    @property
    def used(self) -> int:
        """About how many bytes are held."""
        return self._bytes


def _open_writer(path: Path, schema: str) -> sqlite3.Connection:
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
    """Runs queries in threads, a few at once, each for so many seconds at most."""

    def __init__(self, path: Path, seconds: float = _QUERY_SECONDS) -> None:
        self._path = path
        self._seconds = seconds
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
            give_up = time.monotonic() + self._seconds
            connection.set_progress_handler(lambda: time.monotonic() > give_up, _STEPS)
            try:
                return query(connection)
            except sqlite3.OperationalError as error:
                if "interrupted" not in str(error):
                    raise
                raise Unavailable("that takes too long: choose a shorter time or a rarer word") from error
