"""Money: an integer of minor units and an ISO 4217 currency."""

from typing import Annotated, Self

from pydantic import Field

from services.contracts.message import Value

MAX_AMOUNT = 10**15
"""Far above any price and far below what 64-bit integers in the database hold, sums included."""


class Money(Value):
    """An amount in minor units, for example `{"amount": 1999, "currency": "USD"}` for $19.99."""

    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True, examples=[1999])]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["USD"])]

    def times(self, quantity: int) -> Self:
        """This amount `quantity` times."""
        return self.model_copy(update={"amount": self.amount * quantity})

    def plus(self, other: "Money") -> Self:
        """The sum of two amounts of one currency; raises ValueError when the currencies differ."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return self.model_copy(update={"amount": self.amount + other.amount})
