"""What the gateway publishes, as those walk through it who have to try all of it."""

from typing import Final

from gateway.version import Published
from gateway.versions import PUBLISHED

DISTINCT: Final[tuple[Published, ...]] = tuple(
    reversed({id(one.endpoint): one for one in reversed(PUBLISHED)}.values())
)
"""Every endpoint once: one that several versions have as the oldest of them has it."""
