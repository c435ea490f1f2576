"""What the saga asks of one payment, and how patient the service is with its provider."""

from datetime import timedelta

from services.contracts.money import Money
from services.contracts.payment import AuthorizePayment, CapturePayment, PaymentMethod, VoidPayment
from services.payment.domain import Policy

IDS = {"payment_id": "p", "order_id": "o"}
POLICY = Policy(
    lease=timedelta(seconds=8),
    attempts=2,
    pause=timedelta(seconds=1),
    pending_pause=timedelta(seconds=5),
    longest_pause=timedelta(seconds=60),
)
AUTHORIZE = AuthorizePayment(
    **IDS,
    user_id="u",
    amount=Money(amount=100, currency="USD"),
    method=PaymentMethod(provider="sandbox", token="tok_approve"),
)
CAPTURE = CapturePayment(**IDS)
VOID = VoidPayment(**IDS)
