"""Each dashboard: what is asked of Prometheus, and under which heading it stands."""

from observability.grafana.boards.business import business
from observability.grafana.boards.discovery import discovery
from observability.grafana.boards.gateway import gateway
from observability.grafana.boards.messaging import messaging
from observability.grafana.boards.platform import platform
from observability.grafana.boards.sagas import sagas
from observability.grafana.boards.stores import stores
from observability.grafana.panels import Json


def dashboards() -> dict[str, Json]:
    """All of them, by the name of their file."""
    made = (platform(), gateway(), messaging(), sagas(), stores(), discovery(), business())
    return {one["uid"].removeprefix("portico-"): one for one in made}
