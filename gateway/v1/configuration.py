"""What operators change while the platform runs: configuration and feature flags."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.contract import Contract, Tag
from gateway.v1.inputs import Input

CONFIGURATION: Final = Tag(
    "Configuration", "Time-outs, limits, caching, canaries and feature flags, changed while everything runs."
)

_SectionName = Annotated[str, Field(description="Name of a section.", examples=["limits"])]
_FlagName = Annotated[
    str, Field(description="Small letters, digits and hyphens.", examples=["related-products"])
]
_Role = Literal["customer", "support", "admin"]
_Percentage = Annotated[
    float,
    Field(ge=0, le=100, description="Of the users; each stays on their side as it grows.", examples=[100.0]),
]
_Version = Annotated[int, Field(description="Changes with every change; 0: nothing is set.", examples=[1234])]
_Seen = Annotated[
    int | None,
    Field(ge=0, description="The version that was read: with another one by now it is 409.", examples=[None]),
]
_Problem = Annotated[
    str | None,
    Field(description="Why what is set is refused; then the last good one stays in force.", examples=[None]),
]
_About = Annotated[str, Field(max_length=500, description="What it is for.", examples=["Others like it"])]


class SectionPath(BaseModel):
    """Which section."""

    section: _SectionName


class FlagPath(BaseModel):
    """Which flag."""

    name: _FlagName


class OverridesIn(Input):
    """All that a section shall have instead of its defaults."""

    overrides: Annotated[
        dict[str, Any],
        Field(
            description="A JSON merge patch (RFC 7396) over the defaults; it takes the place of the one before.",
            examples=[{"user": {"requests": 1200}}],
        ),
    ]
    version: _Seen = None


class SectionOut(BaseModel):
    """One section."""

    name: _SectionName
    description: Annotated[str, Field(examples=["How much one client may ask."])]
    defaults: Annotated[
        dict[str, Any], Field(examples=[{"enabled": True, "user": {"requests": 600, "seconds": 60.0}}])
    ]
    overrides: Annotated[
        Any, Field(description="As set; text when it is no JSON.", examples=[{"user": {"requests": 1200}}])
    ]
    effective: Annotated[
        dict[str, Any], Field(examples=[{"enabled": True, "user": {"requests": 1200, "seconds": 60.0}}])
    ]
    version: _Version
    problem: _Problem


class SectionsOut(BaseModel):
    """Every section."""

    items: tuple[SectionOut, ...]


class FlagIn(Input):
    """A flag as it shall be: on for those of `roles`, for all without any, and of those for `percentage`."""

    enabled: Annotated[bool, Field(examples=[True])] = True
    percentage: _Percentage = 100.0
    roles: Annotated[tuple[_Role, ...], Field(examples=[["customer"]])] = ()
    description: _About = ""
    version: _Seen = None


class FlagOut(BaseModel):
    """One flag. Of one that cannot be read only its problem is known."""

    name: _FlagName
    enabled: Annotated[bool | None, Field(examples=[True])]
    percentage: Annotated[float | None, Field(examples=[100.0])]
    roles: Annotated[tuple[_Role, ...] | None, Field(examples=[["customer"]])]
    description: Annotated[str | None, Field(examples=["Others like it"])]
    version: _Version
    problem: _Problem


class FlagsOut(BaseModel):
    """Every flag that is set, by name."""

    items: tuple[FlagOut, ...]


_CHANGED: Final = {409: {"changed-meanwhile": "Somebody else has changed it: look again."}}

SECTIONS: Final = Contract(
    CONFIGURATION,
    "list_config",
    "What can be configured",
    gives={200: SectionsOut},
)

SECTION: Final = Contract(
    CONFIGURATION,
    "get_config",
    "Look at a section",
    path=SectionPath,
    gives={200: SectionOut},
)

CONFIGURE: Final = Contract(
    CONFIGURATION,
    "configure",
    "Change a section",
    "Every process takes it over at once. What makes no sense is 422, by its path.",
    path=SectionPath,
    takes=OverridesIn,
    gives={200: SectionOut},
    refuses=_CHANGED,
)

FLAGS: Final = Contract(
    CONFIGURATION,
    "list_flags",
    "Feature flags",
    "Of those that are not set the default in the code holds.",
    gives={200: FlagsOut},
)

FLAG: Final = Contract(
    CONFIGURATION,
    "get_flag",
    "Look at a flag",
    path=FlagPath,
    gives={200: FlagOut},
)

SET_FLAG: Final = Contract(
    CONFIGURATION,
    "set_flag",
    "Set a flag",
    path=FlagPath,
    takes=FlagIn,
    gives={200: FlagOut},
    refuses=_CHANGED,
)

REMOVE_FLAG: Final = Contract(
    CONFIGURATION,
    "remove_flag",
    "Remove a flag",
    path=FlagPath,
    gives={204: "The default in the code holds again."},
    refuses=_CHANGED,
)
