"""One edge Envoy with a control plane inside the test process, which can be told anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from discovery.config.edge import Edge
from discovery.config.traffic import Traffic
from discovery.control_plane.bootstrap import bootstrap
from discovery.control_plane.codec import Codec
from discovery.control_plane.edges import Edges
from discovery.control_plane.policy import MAX_CONNECTIONS, MAX_HEAP_BYTES
from discovery.control_plane.publisher import Publisher
from discovery.control_plane.resources import Resources
from discovery.control_plane.resources.build import build
from discovery.control_plane.server import serving
from discovery.control_plane.settings import Settings
from scripts.layout import Layout
from scripts.supervisor import Supervisor
from tests.discovery.instance import Instance
from tests.discovery.platform import PORT_OFFSET, envoy_process
from tests.unit.discovery.catalogs import catalog, endpoint


@dataclass(frozen=True)
class Rig:
    """An edge with a gateway "gw" behind it, what it was told first, and a client."""

    layout: Layout
    settings: Settings
    publisher: Publisher
    edges: Edges
    xds_port: int
    gateway: Instance
    good: Resources
    http: ClientSession

    @property
    def address(self) -> str:
        """host:port of the edge."""
        return self.layout.address("edge")

    def configure(self, *, edge: Edge | None = None, traffic: Traffic | None = None) -> None:
        """Tell the edge what it would be told if this were in Consul."""
        known = catalog(edge=edge, traffic=traffic, gateway=(endpoint("gw", self.gateway.port),))
        self.publisher.publish("edge", build("edge", known, self.settings))

    def access_log(self) -> str:
        """What the Envoy has written so far."""
        return (self.layout.logs / "edge.log").read_text()


@asynccontextmanager
async def rigged(
    codec: Codec,
    home: Path,
    *,
    scheme: str = "http",
    heap_bytes: int = MAX_HEAP_BYTES,
    connections: int = MAX_CONNECTIONS,
    log_collector: tuple[str, int] | None = None,
    **settings: Any,
) -> AsyncIterator[Rig]:
    """The edge takes requests while the block runs. No signing key is known to it. One at a time: ports are fixed."""
    layout = Layout(home, PORT_OFFSET + 100)
    publisher = Publisher(codec)
    edges = Edges(lambda: publisher.snapshots.get("edge"), patience=0.0)
    chosen = Settings(edge_address=layout.address("edge"), **settings)
    async with (
        Instance("gateway", "gw").serving() as gateway,
        serving(publisher, edges, codec, layout.host, 0) as port,
    ):
        good = build("edge", catalog(gateway=(endpoint("gw", gateway.port),)), chosen)
        publisher.publish("edge", good)
        document = bootstrap(
            "edge",
            "edge-test",
            layout.port("edge_admin"),
            [(layout.host, port)],
            heap_bytes=heap_bytes,
            connections=connections,
            log_collector=log_collector,
        )
        specs = [envoy_process(layout, "edge", document)]
        async with (
            Supervisor(specs, logs=layout.logs, record=layout.process_record) as supervisor,
            ClientSession(f"{scheme}://{layout.address('edge')}") as http,
        ):
            await supervisor.start()
            yield Rig(layout, chosen, publisher, edges, port, gateway, good, http)
