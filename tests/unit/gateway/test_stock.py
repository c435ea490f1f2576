"""Asking for many skus at once."""

from gateway.upstreams.batches import MAX_BATCH, batches
from gateway.upstreams.inventory import available


def test_skus_are_asked_for_once_in_parts_that_fit() -> None:
    skus = [f"sku-{number}" for number in range(MAX_BATCH + 1)]
    assert [len(batch) for batch in batches([*skus, *skus])] == [MAX_BATCH, 1]
    assert list(batches([])) == []


def test_no_part_makes_a_request_line_that_is_too_long() -> None:
    skus = [f"{number:0100}" for number in range(MAX_BATCH)]
    parts = list(batches(skus))
    assert [sku for part in parts for sku in part] == skus
    assert max(len(",".join(part)) for part in parts) < 8000


def test_a_product_has_what_its_variants_have_unless_one_is_not_counted() -> None:
    stock = {"a": 2, "b": 3, "free": None}
    assert available(stock, ("a", "b")) == 5
    assert available(stock, ("a", "free")) is None
    assert available(stock, ("a", "unheard-of")) == 2
