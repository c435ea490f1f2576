"""What customers want: orders before they are placed."""

from collections.abc import Mapping
from dataclasses import dataclass

APPROVED = "tok_approve"
APPROVING = frozenset({APPROVED, "tok_slow", "tok_flaky", "tok_webhook_twice", "tok_webhook_early"})
"""The tokens of the sandbox provider with which an order is paid in the end."""


@dataclass(frozen=True, slots=True)
class Wish:
    """So many of each sku, wanted by a customer (a number from 0), paid with a token of the sandbox provider."""

    customer: int
    items: Mapping[str, int]
    token: str = APPROVED
