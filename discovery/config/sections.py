"""Every section there is, by its name."""

from types import MappingProxyType

from discovery.config.caching import Caching
from discovery.config.edge import Edge
from discovery.config.limits import Limits
from discovery.config.resilience import Resilience
from discovery.config.section import Section
from discovery.config.traffic import Traffic

SECTIONS = MappingProxyType[str, type[Section]](
    {section.name: section for section in (Traffic, Edge, Resilience, Limits, Caching)}
)
