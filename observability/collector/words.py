"""Words to search for, as full text search takes them."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from services.chassis.errors import Invalid


@contextmanager
def words_understood() -> Iterator[None]:
    """For a query by words. Raises Invalid when they are what full text search refuses, whatever they are."""
    try:
        yield
    except sqlite3.OperationalError as error:
        # A file that is busy, damaged or read-only has a code of its own.
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise Invalid.field("text", f"cannot be searched for: {error}") from error


def match_expression(text: str) -> str:
    """Every word of a text as FTS5 takes it: all must be there, each as it is or as the beginning of a word.

    Without NULs: at the first of them FTS5 stops reading.
    """
    return " ".join(f'"{word.replace(chr(34), chr(34) * 2)}"*' for word in _words(text))


def _words(text: str) -> Iterable[str]:
    return [
        word for word in text.replace("\0", "").split() if any(character.isalnum() for character in word)
    ][:16]
