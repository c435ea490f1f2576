"""The versions of the public API, side by side, and when goes what is old."""

from datetime import UTC, datetime
from typing import Final

from gateway.v1 import endpoints as v1
from gateway.v2 import endpoints as v2
from gateway.version import Published, Retirement, Version, published

V1: Final = Version(1, v1.ENDPOINTS, v1.ABOUT)
V2: Final = V1.succeeded(
    v2.CHANGES,
    v2.ABOUT,
    Retirement(deprecated=datetime(2026, 11, 25, tzinfo=UTC), sunset=datetime(2027, 11, 25, tzinfo=UTC)),
)

VERSIONS: Final = (V1, V2)
"""Those that are served, the oldest first."""

PUBLISHED: Final[tuple[Published, ...]] = tuple(published(VERSIONS))
