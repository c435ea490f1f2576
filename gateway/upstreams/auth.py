"""What the gateway reads of the auth service."""

from datetime import datetime

from pydantic import BaseModel

from gateway.upstreams.client import Calls, Service


class Account(BaseModel):
    """The caller's own account."""

    user_id: str
    email: str
    full_name: str | None = None
    roles: tuple[str, ...]
    registered_at: datetime


async def account(calls: Calls) -> Account:
    """The account of whoever calls. Raises Unauthenticated, NotFound."""
    return await calls.read(Service.AUTH, "/accounts/me", Account)
