"""Run the control plane with a mistake in it: `python -m tests.drills.mistaken discovery.control_plane`.

It forgets the endpoint assignment of a service without instances, whose cluster then refers to what is not there.
"""

import runpy
import sys
from collections.abc import Mapping

from discovery.config.traffic import Policy
from discovery.control_plane.catalog import Catalog
from discovery.control_plane.resources import Message, build

_assignments = build._assignments


def _forgetful(policies: Mapping[str, Policy], catalog: Catalog) -> dict[str, Message]:
    known = {name: policy for name, policy in policies.items() if catalog.endpoints[name]}
    return _assignments(known, catalog)


if __name__ == "__main__":
    build._assignments = _forgetful
    _, module = sys.argv
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__")
