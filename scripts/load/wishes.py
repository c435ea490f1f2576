"""What customers want: orders before they are placed."""

from collections.abc import Mapping
from dataclasses import dataclass

APPROVED = "tok_approve"


@dataclass(frozen=True, slots=True)
class Wish:
    """So many of each sku, wanted by a customer (a number from 0), paid with a token of the sandbox provider."""

    customer: int
    items: Mapping[str, int]
    token: str = APPROVED
