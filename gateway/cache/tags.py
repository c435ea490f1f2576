"""By what cached answers are taken out: the products that they show, and the catalogue as a whole."""

from typing import Final

CATALOGUE: Final = "catalogue"
"""Of all that any change of a product may change: lists, categories, the home page."""


def product_tag(product_id: str) -> str:
    """Of all that shows this product."""
    return f"product/{product_id}"
