"""Shares of canaries: instances that carry a tag get together what is set for it, all others the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from discovery.consul.watch import Endpoint

_UNITS: Final = 10_000
"""A percent, in the whole numbers that Envoy's weights are."""


def shared_out(endpoints: Sequence[Endpoint], canary: Mapping[str, float]) -> tuple[Endpoint, ...]:
    """The instances with weights that give each tag of `canary` its share in percent; weight 0 is to get no traffic.

    Within a share it goes by the weights that the instances registered with. An instance with several of the tags
    belongs to the one that is declared first. The share of a tag that nobody carries goes to the rest; where there is
    no rest, the shares keep their proportions. A share of 0 means none, also when nobody else is there.
    """
    groups = {endpoint: _group(endpoint, canary) for endpoint in endpoints}
    weights = Counter[str | None]()
    for endpoint, group in groups.items():
        weights[group] += endpoint.weight
    if weights.keys() <= {None}:
        return tuple(endpoints)
    units: dict[str | None, int] = {tag: round(canary[tag] * _UNITS) for tag in weights if tag is not None}
    units[None] = 100 * _UNITS - sum(units.values())
    return tuple(
        replace(endpoint, weight=_part(units[group], endpoint.weight, weights[group]))
        for endpoint, group in groups.items()
    )


def _part(units: int, weight: int, of: int) -> int:
    """What an instance gets of a share; less than a unit is one."""
    return max(1, round(units * weight / of)) if units > 0 else 0


def _group(endpoint: Endpoint, canary: Mapping[str, float]) -> str | None:
    """The tag of `canary` that it belongs to, None for the rest."""
    return next((tag for tag in canary if tag in endpoint.tags), None)
