"""How MongoDB answers a query."""

from typing import Any

from pymongo.asynchronous.cursor import AsyncCursor


async def stages(query: AsyncCursor[dict[str, Any]]) -> set[str]:
    """The stages of the plan that wins, such as IXSCAN, COLLSCAN, SORT."""
    plan = (await query.explain())["queryPlanner"]["winningPlan"]
    return set(_stages(plan.get("queryPlan", plan)))


def _stages(plan: dict[str, Any]) -> list[str]:
    inputs = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return [plan["stage"], *(stage for below in inputs for stage in _stages(below))]
