"""The arithmetic of rate limits: which are about a request, how they are counted, and what its client is told of them.

Counting is by the generic cell rate algorithm. Every request costs an `interval`; what a client owes runs off as time
goes by, and may be `burst` at most: so many requests at once, and from then on one for each interval.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Self

from discovery.config.limits import Limit, Limits
from services.chassis.identity import Caller

_MICROSECONDS: Final = 1_000_000
_SIGNING_IN: Final = " /auth/"
_SITE_BITS: Final = 64
"""One customer of a provider has at least so much of IPv6: a whole /64, and not one address."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A limit as it is counted; `interval` and `burst` are whole microseconds, so that sums are exact."""

    name: str
    whose: str
    requests: int
    seconds: float
    interval: int
    burst: int

    @classmethod
    def of(cls, name: str, whose: str, limit: Limit, scale: float) -> Self:
        """The limit, with its requests multiplied by `scale`; `whose` is for its client to read."""
        requests = max(1, round(limit.requests * scale))
        interval = max(1, round(limit.seconds * _MICROSECONDS / requests))
        return cls(name, whose, requests, limit.seconds, interval, requests * interval)

    def remaining(self, debt: int) -> int:
        """How many more requests it admits at once."""
        return max(0, self.burst - debt) // self.interval

    def wait(self, debt: int) -> int:
        """Microseconds until it admits one, when it does not."""
        return debt + self.interval - self.burst


@dataclass(frozen=True, slots=True)
class Charge:
    """A request that counts for a rule; `key` is whose request it is."""

    rule: Rule
    key: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is admitted, and what is owed under the rule that leaves the least, in microseconds."""

    rule: Rule
    admitted: bool
    debt: int

    @classmethod
    def of(cls, charges: Sequence[Charge], admitted: bool, debts: Sequence[int]) -> Self:
        """The verdict as one rule gives it: the one that denies for longest, or that admits the fewest more."""
        owed = zip((charge.rule for charge in charges), debts, strict=True)
        rule, debt = (
            min(owed, key=lambda pair: pair[0].remaining(pair[1]))
            if admitted
            else max(owed, key=lambda pair: pair[0].wait(pair[1]))
        )
        return cls(rule, admitted, debt)

    def tighter(self, other: "Verdict") -> "Verdict":
        """The one of two about one request that its client is to be told of."""
        if not other.admitted:
            return other
        return min(self, other, key=lambda one: one.rule.remaining(one.debt))

    @property
    def wait(self) -> int:
        """Whole seconds until the rule admits one."""
        return _seconds(self.rule.wait(self.debt))

    @property
    def reset(self) -> int:
        """Whole seconds until the rule is unused again; for who is denied, until the next is admitted."""
        return _seconds(self.debt) if self.admitted else self.wait

    @property
    def reason(self) -> str:
        """Why a request is denied."""
        return f"more than {self.rule.requests} requests in {self.rule.seconds:g} s for {self.rule.whose}"

    @property
    def headers(self) -> Mapping[str, str]:
        """The verdict in the header fields of the IETF's draft `RateLimit header fields for HTTP`."""
        return {
            "RateLimit-Limit": str(self.rule.requests),
            "RateLimit-Remaining": str(self.rule.remaining(self.debt)),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.rule.requests};w={math.ceil(self.rule.seconds)}",
        }


class Rules:
    """All limits in force."""

    def __init__(self, limits: Limits, scale: float) -> None:
        self._address = Rule.of("address", "this address", limits.address, scale)
        self._user = Rule.of("user", "this user", limits.user, scale)
        self._staff = Rule.of("staff", "this user", limits.staff, scale)
        self._routes = {route: Rule.of(route, route, limit, scale) for route, limit in limits.routes.items()}

    def about(self, route: str, address: str, caller: Caller | None) -> list[Charge]:
        """What a request counts for; `route` is like `POST /orders`, `address` a `subject`."""
        return [*self._about_caller(address, caller), *self._about_route(route, address, caller)]

    def beyond(self, routes: Sequence[str], address: str, caller: Caller | None) -> list[Charge]:
        """What a request that does the work of several counts for, beyond what it has been charged already.

        It has been charged as one, of a route of its own.
        """
        more = self._about_caller(address, caller) * (len(routes) - 1)
        return [*more, *(charge for route in routes for charge in self._about_route(route, address, caller))]

    def _about_caller(self, address: str, caller: Caller | None) -> list[Charge]:
        charges = [Charge(self._address, address)]
        if caller:
            rule = self._staff if caller.is_staff else self._user
            charges.append(Charge(rule, f"user:{caller.user_id}"))
        return charges

    def _about_route(self, route: str, address: str, caller: Caller | None) -> list[Charge]:
        rule = self._routes.get(route)
        # Whoever signs in or up is not yet who their token says.
        who = f"user:{caller.user_id}" if caller and _SIGNING_IN not in route else address
        return [Charge(rule, f"{route}:{who}")] if rule else []


@lru_cache(maxsize=1024)
def subject(*claims: str | None) -> str:
    """Whoever is at the first of `claims` that is an IP address. All whose address cannot be told are one."""
    for claim in claims:
        with suppress(ValueError):
            return f"address:{_site(ip_address(claim or ''))}"
    return "address:unknown"


def _site(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    free = address.max_prefixlen - _SITE_BITS
    return f"{IPv6Address(int(address) >> free << free)}/{_SITE_BITS}"


def _seconds(microseconds: int) -> int:
    return math.ceil(microseconds / _MICROSECONDS)
