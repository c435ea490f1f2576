"""Whatever happens to the platform while it is busy, everything comes right afterwards."""

from collections.abc import Sequence

import pytest

from tests.faults.disk import NotPossible
from tests.faults.experiment import Experiment
from tests.faults.plan import Plan
from tests.faults.row import Row

pytestmark = pytest.mark.timeout(400)


async def test_everything_comes_right_after(
    names: Sequence[str], experiment: Experiment, rows: list[Row], pytestconfig: pytest.Config
) -> None:
    plan = Plan.of(pytestconfig.getoption("--seed"), names)
    try:
        row = await experiment.run(plan)
    except NotPossible as error:
        row = Row.not_possible(plan, str(error))
    rows.append(row)
    assert not row.violations
    assert all(row.in_flight), "nothing was in flight"


async def test_everything_together_in_the_end(experiment: Experiment) -> None:
    assert not await experiment.whole()
