"""Whatever happens to the platform while it is busy, everything comes right afterwards."""

from collections.abc import Sequence
from random import Random

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.experiment import Experiment, Row

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault(
    experiment: Experiment, rows: list[Row], name: str, pytestconfig: pytest.Config
) -> None:
    await _undergo(experiment, rows, [name], pytestconfig.getoption("--seed"))


async def test_a_pair_of_faults(
    experiment: Experiment, rows: list[Row], pair: Sequence[str], pytestconfig: pytest.Config
) -> None:
    await _undergo(experiment, rows, pair, pytestconfig.getoption("--seed"))


async def test_everything_together_in_the_end(experiment: Experiment) -> None:
    assert not await experiment.whole()


async def _undergo(experiment: Experiment, rows: list[Row], names: Sequence[str], seed: int) -> None:
    """The same seed does the same to each row, whichever others are run."""
    chance = Random(f"{seed} {' + '.join(names)}")
    row = await experiment.run([FAULTS[name](name, chance) for name in names], chance)
    rows.append(row)
    assert not row.violations
    assert all(row.in_flight), "nothing was in flight"
