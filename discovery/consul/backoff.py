"""How long to wait before Consul is asked again."""

import random
from collections.abc import Iterator


def delays(first: float = 0.1, longest: float = 2.0) -> Iterator[float]:
    """Seconds to wait, doubling from `first` to `longest`, each shortened by up to half at random
    so that the processes of a platform do not all come back at once."""
    delay = first
    while True:
        yield delay * random.uniform(0.5, 1.0)
        delay = min(delay * 2, longest)
