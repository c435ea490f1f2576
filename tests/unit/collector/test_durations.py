import pytest

from observability.collector.durations import microseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15us", 15),
        ("15µs", 15),
        ("200ms", 200_000),
        ("1.5s", 1_500_000),
        ("1m30s", 90_000_000),
        ("2h", 7_200_000_000),
    ],
)
def test_durations_are_read_as_jaeger_writes_them(text: str, expected: int) -> None:
    assert microseconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "ms", "-5ms", "5 ms", "5ms ", "1e3s", "9" * 30 + "s", "5ms;"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        microseconds(text)
