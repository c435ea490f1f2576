"""What the gateway reads of the auth service."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.upstreams.client import Calls, Service
from gateway.vocabulary import Email, FullName, Time, UserId


class Account(BaseModel):
    """The caller's own account."""

    user_id: UserId
    email: Email
    full_name: FullName | None = None
    roles: Annotated[tuple[str, ...], Field(examples=[["customer"]])]
    registered_at: Time


async def account(calls: Calls) -> Account:
    """The account of whoever calls. Raises Unauthenticated, NotFound."""
    return await calls.read(Service.AUTH, "/accounts/me", Account)
