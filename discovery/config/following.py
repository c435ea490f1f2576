"""The last good value of a section or a flag, as Consul's changes come in."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from discovery.config.section import Section, Unusable, resolved
from observability.metrics import CONFIG_VALID

T = TypeVar("T")
S = TypeVar("S", bound=Section)

_log = logging.getLogger(__name__)


def latest(section: type[S], document: bytes | None, held: S) -> S:
    """The section to go on with: what `document` says, or what is held when that is no good."""
    return last_good(section.name, lambda: resolved(section, document), held)


def last_good(what: str, read: Callable[[], T], held: T) -> T:
    """What `read` gives, or what is held when it raises Unusable; either way the metric says so."""
    try:
        found = read()
    except Unusable as error:
        _log.error("the configuration of %s in consul is refused, the last good one stays: %s", what, error)
        CONFIG_VALID.labels(what).set(0)
        return held
    CONFIG_VALID.labels(what).set(1)
    if found != held:
        _log.info("the configuration of %s has changed", what)
    return found


def forgotten(whats: Iterable[str]) -> None:
    """There is nothing of these any more that could be valid or not."""
    for what in whats:
        CONFIG_VALID.remove(what)
