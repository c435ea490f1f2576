"""What the inventory service's HTTP edge takes and gives."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.contracts.inventory import StockLine
from services.inventory.domain import Reservation, State, Stock

MAX_SKUS: Final = 200
_MAX_QUANTITY: Final = 10**9

Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


def _not_zero(delta: int) -> int:
    if delta == 0:
        raise ValueError("must not be 0")
    return delta


def _separated(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class Input(BaseModel):
    """Unknown fields are refused: nothing that a client sends is silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SkuPath(Input):
    """The sku in a path."""

    sku: Sku


class AdjustmentIn(Input):
    """So many more, or fewer, and why."""

    delta: Annotated[int, Field(ge=-_MAX_QUANTITY, le=_MAX_QUANTITY, strict=True), AfterValidator(_not_zero)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class StockPatch(Input):
    """How to treat a sku; what is left out stays as it is."""

    low_stock_threshold: Annotated[int, Field(ge=0, le=_MAX_QUANTITY, strict=True)] | None = None
    track: Annotated[bool, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.low_stock_threshold is None and self.track is None:
            raise ValueError("give low_stock_threshold or track")
        return self


class AvailabilityQuery(Input):
    """Skus separated by commas."""

    skus: Annotated[tuple[Sku, ...], BeforeValidator(_separated), Field(min_length=1, max_length=MAX_SKUS)]


class StockOut(BaseModel):
    """All that is known of a sku. `available` is null when it is not tracked."""

    sku: str
    quantity: int
    reserved: int
    available: int | None
    low_stock_threshold: int
    track: bool

    @classmethod
    def of(cls, stock: Stock) -> Self:
        """As support and admin see it."""
        return cls(**stock.model_dump(exclude={"version"}), available=stock.available)


class ReservationOut(BaseModel):
    """What is held, or was taken, for an order; `short` are the skus that it was rejected for."""

    order_id: str
    state: State
    held: tuple[StockLine, ...]
    short: tuple[str, ...]
    restocked: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, reservation: Reservation) -> Self:
        """As operators see it."""
        return cls(**reservation.model_dump(exclude={"version"}))


class AvailableOut(BaseModel):
    """What can be sold of a sku; null when that is not tracked."""

    sku: str
    available: int | None


class AvailabilityOut(BaseModel):
    """Skus that are not known are left out."""

    items: tuple[AvailableOut, ...]
