"""Which dead letters are meant, as MongoDB is asked for them."""

from typing import Any

from services.operations.domain import Action, State
from services.operations.schemas import Filter, Position

Bson = dict[str, Any]
_EQUAL = ("service", "queue", "kind", "reason", "order_id")


def matching(wanted: Filter, state: State | None = None) -> Bson:
    """Those that fulfil everything that is given."""
    conditions: Bson = {
        f"letter.{name}": value for name in _EQUAL if (value := getattr(wanted, name)) is not None
    }
    if state:
        conditions["letter.state"] = state
    bounds = {"$lte": wanted.older_than, "$gt": wanted.newer_than}
    died_at = {comparison: time for comparison, time in bounds.items() if time is not None}
    return {**conditions, "letter.died_at": died_at} if died_at else conditions


def open_to(action: Action, wanted: Filter) -> Bson:
    """The dead ones that fit, and that allow it."""
    conditions = matching(wanted, "dead")
    return {**conditions, "letter.replayable": True} if action == "replay" else conditions


def behind(position: Position) -> Bson:
    """Those that come behind a position when the last that died comes first."""
    at = {"letter.died_at": {"$lt": position.died_at}}
    same = {"letter.died_at": position.died_at, "_id": {"$lt": position.id}}
    return {"letter.died_at": {"$lte": position.died_at}, "$or": [at, same]}
