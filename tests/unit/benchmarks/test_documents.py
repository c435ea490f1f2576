"""What the stub says is what the gateway reads."""

import pytest
from pydantic import BaseModel

from gateway.upstreams.order import Order
from gateway.upstreams.product import Product, Summaries
from tests.benchmarks.composers.documents import RELATED, VARIANTS, answers, order_ids, product_ids


@pytest.mark.parametrize(
    ("target", "model"),
    [
        (f"/products/{product_ids()[0]}", Product),
        (f"/products/{product_ids()[0]}/related", Summaries),
        (f"/orders/{order_ids()[0]}", Order),
    ],
)
def test_an_answer_is_one_of_its_service(target: str, model: type[BaseModel]) -> None:
    model.model_validate_json(answers()[target])


def test_a_product_has_so_many_variants_and_related_ones() -> None:
    first = product_ids()[0]
    assert len(Product.model_validate_json(answers()[f"/products/{first}"]).skus) == VARIANTS
    assert len(Summaries.model_validate_json(answers()[f"/products/{first}/related"]).items) == RELATED


def test_stock_is_asked_for_in_the_order_of_the_variants() -> None:
    first = product_ids()[0]
    skus = Product.model_validate_json(answers()[f"/products/{first}"]).skus
    assert f"/stock?skus={','.join(skus)}" in answers()
