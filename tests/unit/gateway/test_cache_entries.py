"""How long an entry is good for what, and what the local part of the cache keeps."""

import pytest

from discovery.config.caching import Freshness
from gateway.cache.answers import Answer, Verdict
from gateway.cache.entry import Entry, Fetched, State, judge
from gateway.cache.local import Local

HOUR = Freshness(fresh=3600, stale_while_revalidate=0, stale_if_error=0)
SHORT = Freshness(fresh=1, stale_while_revalidate=2, stale_if_error=10)


def entry(body: str = "{}", *tags: str, born: int = 100) -> Entry:
    return Entry.of(Fetched(body.encode(), frozenset(tags)), born)


@pytest.mark.parametrize(
    ("age", "valid", "state"),
    [
        (0.0, True, State.FRESH),
        (0.99, True, State.FRESH),
        (1.0, True, State.STALE),
        (2.99, True, State.STALE),
        (3.0, True, State.SPARE),
        (0.0, False, State.SPARE),
        (12.99, False, State.SPARE),
        (13.0, True, State.GONE),
    ],
)
def test_what_an_entry_is_good_for(age: float, valid: bool, state: State) -> None:
    assert judge(age, SHORT, valid=valid) is state


def test_the_etag_is_that_of_the_content() -> None:
    assert entry("{}", "a", born=1).etag == entry("{}", "b", born=2).etag != entry("[]").etag


def heard(max_bytes: int = 100_000) -> Local:
    local = Local(max_bytes)
    local.listen()
    return local


def test_what_is_kept_is_given_until_it_is_neither_fresh_nor_stale() -> None:
    local, one = heard(), entry()
    local.put("k", one, age=0.5, now=10.0)
    assert local.get("k", SHORT, 10.0) == (one, 0.5, State.FRESH)
    assert local.get("k", SHORT, 11.0) == (one, 1.5, State.STALE)
    assert local.get("k", SHORT, 13.0) is None
    assert local.get("other", SHORT, 10.0) is None


def test_an_invalidation_takes_out_what_shows_it_and_nothing_else() -> None:
    local = heard()
    local.put("a", entry("{}", "t", "u"), 0, 0)
    local.put("b", entry("{}", "u"), 0, 0)
    local.invalidate(["t"], 200)
    assert local.get("a", HOUR, 0) is None
    assert local.get("b", HOUR, 0) is not None
    local.invalidate(["t", "u", "never seen"], 201)
    assert local.get("b", HOUR, 0) is None


def test_what_an_invalidation_has_overtaken_is_not_kept() -> None:
    local = heard()
    local.invalidate(["t"], 200)
    local.put("old", entry("{}", "t", born=199), 0, 0)
    local.put("same", entry("{}", "t", born=200), 0, 0)
    local.put("new", entry("{}", "t", born=201), 0, 0)
    assert [local.get(key, HOUR, 0) is None for key in ("old", "same", "new")] == [True, True, False]


def test_who_hears_no_invalidations_keeps_nothing() -> None:
    local = Local(100_000)
    local.put("k", entry(), 0, 0)
    assert local.get("k", HOUR, 0) is None
    local.listen()
    local.put("k", entry(), 0, 0)
    local.deafen()
    assert local.get("k", HOUR, 0) is None
    local.listen()
    assert local.get("k", HOUR, 0) is None


def test_its_memory_is_bounded_and_what_is_too_large_is_not_kept() -> None:
    local = heard(10_000)
    for number in range(100):
        local.put(str(number), entry("x" * 1_000, f"t{number}"), 0, 0)
    kept = [number for number in range(100) if local.get(str(number), HOUR, 0)]
    assert kept == list(range(94, 100))
    local.put("large", entry("x" * 10_000), 0, 0)
    assert local.get("large", HOUR, 0) is None
    local.invalidate([f"t{number}" for number in range(100)], 200)
    assert local.get("99", HOUR, 0) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(entry(), Verdict.HIT, 0.5, fresh=1.0), "portico; hit; ttl=0"),
        (
            Answer(entry(), Verdict.STALE, 2.0, fresh=1.0),
            "portico; hit; ttl=-1; detail=stale-while-revalidate",
        ),
        (Answer(entry(), Verdict.SPARE, 9.0, fresh=1.0), "portico; hit; ttl=-8; detail=stale-if-error"),
        (Answer(entry(), Verdict.MISS, kept=True), "portico; fwd=miss; stored"),
        (Answer(entry(), Verdict.MISS, joined=True), "portico; fwd=miss; collapsed"),
        (Answer(entry(), Verdict.BYPASS), "portico; fwd=bypass"),
    ],
)
def test_an_answer_says_where_it_came_from(answer: Answer, said: str) -> None:
    assert answer.status == said
