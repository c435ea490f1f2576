"""What the public door takes, and which sites' pages may use it."""

import re
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, Field, model_validator

from discovery.config.section import Section

_LABEL: Final = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN: Final = re.compile(
    rf"(?P<scheme>https?)://(?:\*\.{_LABEL}\.)?{_LABEL}(?:\.{_LABEL})*(?::(?P<port>[1-9][0-9]{{0,4}}))?"
)
_OWN_PORTS: Final = {"http": "80", "https": "443"}


def _as_browsers_send_it(origin: str) -> str:
    if origin == "*":
        return origin
    parts = _ORIGIN.fullmatch(origin)
    if parts is None:
        raise ValueError(
            "an origin is like https://shop.example.com, or https://*.example.com for what is directly below it"
        )
    if parts["port"] == _OWN_PORTS[parts["scheme"]]:
        raise ValueError(f"browsers leave out the port {parts['port']} of {parts['scheme']}")
    return origin


def pattern(origin: str) -> str:
    """What the origins that it stands for match, as a whole: `*.` is one label, `*` alone is everything."""
    return ".*" if origin == "*" else re.escape(origin).replace(r"\*", "[a-z0-9-]+")


Origin = Annotated[str, AfterValidator(_as_browsers_send_it)]


class Edge(Section):
    """Rates are per Envoy, and PORTICO_RATE_LIMIT_SCALE multiplies them; who may do what how often is in `limits`."""

    name: ClassVar[str] = "edge"

    cors_origins: tuple[Origin, ...] = Field(
        (), max_length=100, description="sites whose pages may call the API; * is every site there is"
    )
    rate_per_second: int = Field(2000, ge=1, le=1_000_000, description="requests taken on average")
    rate_burst: int = Field(4000, ge=1, le=1_000_000, description="requests taken at once")

    def admits(self, origin: str) -> bool:
        """Whether pages of this origin, as a browser names it, may call the API."""
        return any(re.fullmatch(pattern(one), origin) for one in self.cors_origins)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.rate_burst < self.rate_per_second:
            raise ValueError("rate_burst must not be below rate_per_second")
        return self
