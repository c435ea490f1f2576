"""What MongoDB does to answer a query."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection


@dataclass(frozen=True)
class Plan:
    """The stages of the winning plan, and how many documents were looked at for how many returned."""

    stages: tuple[str, ...]
    examined: int
    returned: int

    @property
    def is_served_by_an_index(self) -> bool:
        """No scan of the collection, no sort in memory."""
        return not {"COLLSCAN", "SORT"} & set(self.stages)


async def explain(
    collection: AsyncCollection[dict[str, Any]],
    wanted: dict[str, Any],
    sort: list[tuple[str, int]],
    limit: int,
) -> Plan:
    """Run a find and tell how."""
    command = {
        "find": collection.name,
        "filter": wanted,
        "limit": limit,
        **({"sort": dict(sort)} if sort else {}),
    }
    told = await collection.database.command("explain", command, verbosity="executionStats")
    stats = told["executionStats"]
    stages = tuple(_stages(told["queryPlanner"]["winningPlan"]))
    return Plan(stages, stats["totalDocsExamined"], stats["nReturned"])


def _stages(plan: dict[str, Any]) -> Iterator[str]:
    if "stage" in plan:
        yield plan["stage"]
    for name in ("inputStage", "queryPlan"):
        if name in plan:
            yield from _stages(plan[name])
    for inner in plan.get("inputStages", []):
        yield from _stages(inner)
