"""How much one client may ask of the gateways, all of them together."""

from typing import Annotated, ClassVar

from pydantic import Field

from discovery.config.section import Section, Setting

Route = Annotated[str, Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE) /\S*$")]


class Limit(Setting):
    """`requests` in `seconds` on average, and as many at once."""

    requests: int = Field(ge=1, le=10_000_000)
    seconds: float = Field(gt=0, le=86_400)


class Limits(Section):
    """A request must be within all the limits that are about it. PORTICO_RATE_LIMIT_SCALE multiplies them all."""

    name: ClassVar[str] = "limits"

    enabled: bool = True
    address: Limit = Field(
        Limit(requests=6000, seconds=60.0), description="of one client address, whoever is behind it"
    )
    user: Limit = Field(Limit(requests=600, seconds=60.0), description="of one signed-in customer")
    staff: Limit = Field(
        Limit(requests=6000, seconds=60.0),
        description="of one of the staff, whose tools do many things at once",
    )
    routes: dict[Route, Limit] = Field(
        {
            # An office or a campus behind one address may come at once, but nobody guesses or squats for long.
            "POST /auth/register": Limit(requests=60, seconds=600.0),
            "POST /auth/login": Limit(requests=150, seconds=600.0),
            "POST /orders": Limit(requests=120, seconds=60.0),
        },
        description="of one user, or of one address where nobody is signed in, by method and path below the version",
    )
