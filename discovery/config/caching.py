"""For how long a gateway may answer from its cache."""

from typing import ClassVar, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from discovery.config.section import Section, Setting

Cached = Literal["products", "product", "categories", "home"]
"""What is cached: public answers, the same for everybody of a role."""


LONGEST: Final = 3600.0
"""Twice as long invalidations are remembered."""


class Freshness(Setting):
    """In seconds: how long an answer is fresh, then how much longer it may be given while it is fetched anew,
    and then how much longer when it cannot be had."""

    fresh: float = Field(ge=0, le=LONGEST)
    stale_while_revalidate: float = Field(ge=0, le=LONGEST)
    stale_if_error: float = Field(ge=0, le=604_800)


_WITH_STOCK = Freshness(fresh=1.0, stale_while_revalidate=2.0, stale_if_error=600.0)
"""Changes of products are told and heeded at once; what is left of them is counted anew every second."""


class Caching(Section):
    """What is changed by an event is taken out at once; these bounds are for what nobody tells of."""

    name: ClassVar[str] = "caching"

    enabled: bool = True
    answers: dict[Cached, Freshness] = Field(
        {
            "products": _WITH_STOCK,
            "product": _WITH_STOCK,
            "home": _WITH_STOCK,
            "categories": Freshness(fresh=60.0, stale_while_revalidate=600.0, stale_if_error=86_400.0),
        }
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if missing := sorted(set(get_args(Cached)) - self.answers.keys()):
            raise ValueError(f"answers must not lack {', '.join(missing)}")
        return self
