"""What waits together is handled together."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from pymongo.errors import AutoReconnect

from services.chassis.batches import Batches
from services.chassis.errors import Conflict, Unavailable


class Squares:
    """Squares numbers in batches, and writes down which came together. Holds its first batch until told to go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self.error: Exception = RuntimeError("13 is bad luck")

    async def __call__(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(numbers))
        self.began.set()
        await self.go_on.wait()
        if 13 in numbers:
            raise self.error
        return [Conflict("too small") if number < 0 else number * number for number in numbers]


@pytest.fixture
def squares() -> Squares:
    return Squares()


@pytest.fixture
async def batches(squares: Squares) -> AsyncIterator[Batches[int, int]]:
    made: Batches[int, int] = Batches("squares", squares, size=4)
    async with made.running():
        yield made


async def test_what_comes_while_one_is_in_hand_is_the_next_batch_up_to_its_size(
    squares: Squares, batches: Batches[int, int]
) -> None:
    asked = [asyncio.create_task(batches.submit(number)) for number in range(8)]
    await squares.began.wait()
    squares.go_on.set()
    assert await asyncio.gather(*asked) == [number * number for number in range(8)]
    assert sorted(number for batch in squares.batches for number in batch) == list(range(8))
    assert max(map(len, squares.batches)) == 4


async def test_one_alone_does_not_wait(squares: Squares, batches: Batches[int, int]) -> None:
    squares.go_on.set()
    assert await batches.submit(3) == 9
    assert squares.batches == [[3]]


async def test_an_outcome_that_is_an_exception_is_raised_to_who_asked(
    squares: Squares, batches: Batches[int, int]
) -> None:
    squares.go_on.set()
    answers = await asyncio.gather(batches.submit(2), batches.submit(-1), return_exceptions=True)
    assert answers[0] == 4
    assert isinstance(answers[1], Conflict)


async def test_a_batch_that_fails_is_tried_one_by_one(squares: Squares, batches: Batches[int, int]) -> None:
    squares.go_on.set()
    answers = await asyncio.gather(
        batches.submit(2), batches.submit(13), batches.submit(3), return_exceptions=True
    )
    assert (answers[0], answers[1], answers[2]) == (4, squares.error, 9)
    assert squares.batches == [[2, 13, 3], [2], [13], [3]]


@pytest.mark.parametrize("error", [Unavailable("busy"), AutoReconnect("gone")])
async def test_a_database_that_is_away_is_asked_once_for_all(
    squares: Squares, batches: Batches[int, int], error: Exception
) -> None:
    squares.go_on.set()
    squares.error = error
    answers = await asyncio.gather(batches.submit(2), batches.submit(13), return_exceptions=True)
    assert list(answers) == [error, error]
    assert squares.batches == [[2, 13]]


async def test_who_gave_up_is_not_served(squares: Squares, batches: Batches[int, int]) -> None:
    first = asyncio.create_task(batches.submit(1))
    await squares.began.wait()
    impatient = asyncio.create_task(batches.submit(2))
    patient = asyncio.create_task(batches.submit(3))
    await asyncio.sleep(0)
    impatient.cancel()
    squares.go_on.set()
    assert (await first, await patient) == (1, 9)
    assert squares.batches == [[1], [3]]


async def test_too_many_are_sent_away(squares: Squares, batches: Batches[int, int]) -> None:
    first = asyncio.create_task(batches.submit(0))
    await squares.began.wait()
    waiting = [asyncio.create_task(batches.submit(number)) for number in range(100, 180)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await batches.submit(81)
    squares.go_on.set()
    assert await first == 0
    assert await asyncio.gather(*waiting) == [number * number for number in range(100, 180)]


async def test_what_is_left_at_the_end_is_sent_away(squares: Squares) -> None:
    batches: Batches[int, int] = Batches("squares", squares, size=1)
    async with batches.running():
        in_hand = asyncio.create_task(batches.submit(1))
        await squares.began.wait()
        waiting = asyncio.create_task(batches.submit(2))
        await asyncio.sleep(0)
    answers = await asyncio.gather(in_hand, waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
