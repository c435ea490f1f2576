"""Where one running platform keeps its state and which ports it listens on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
PARTS = CHECKOUT / "deploy" / "parts"
"""How the parts are configured wherever they run; whoever runs them adds addresses and secrets."""

# sun_path holds 108 bytes on Linux; Envoy and asyncio refuse longer names with less helpful words.
SOCKET_PATH_LIMIT = 100

PORTS: Mapping[str, int] = {
    "edge": 8080,
    "edge_admin": 9901,
    "egress_admin": 9902,
    "xds": 18000,
    "consul": 8500,
    "consul_dns": 8600,
    "consul_server": 8300,
    "consul_serf_lan": 8301,
    "consul_serf_wan": 8302,
    "consul_grpc": 8502,
    "mongodb": 27017,
    "rabbitmq": 5672,
    "rabbitmq_management": 15672,
    "rabbitmq_prometheus": 15692,
    "rabbitmq_dist": 25672,
    "epmd": 4369,
    "redis": 6379,
    "prometheus": 9090,
    "otlp": 4318,
    "console": 16686,
}


class LayoutError(ValueError):
    """A setting of the layout makes no sense; the message says which and why."""


@dataclass(frozen=True)
class Layout:
    """The directories and ports of one platform.

    `home` holds its state, `native` the fetched parts (shared by every platform of a checkout).
    `port_offset` shifts every port, `port_overrides` sets single ones to exact numbers.
    """

    home: Path
    port_offset: int = 0
    port_overrides: Mapping[str, int] = field(default_factory=dict)
    native: Path = CHECKOUT / ".portico" / "native"
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        if len(os.fsencode(self.egress_socket)) > SOCKET_PATH_LIMIT:
            raise LayoutError(f"PORTICO_HOME is too long for a Unix socket: {self.home}")
        for name in PORTS:
            if not 0 < self.port(name) < 65536:
                raise LayoutError(f"port {self.port(name)} of {name} is not between 1 and 65535")

    def port(self, name: str) -> int:
        """The port of a listener named in `PORTS`."""
        return self.port_overrides.get(name, PORTS[name] + self.port_offset)

    def address(self, name: str) -> str:
        """`host:port` of a listener named in `PORTS`."""
        return f"{self.host}:{self.port(name)}"

    def url(self, name: str) -> str:
        """HTTP URL of a listener named in `PORTS`."""
        return f"http://{self.address(name)}"

    def ports(self, *names: str) -> dict[str, int]:
        """The ports of the named listeners."""
        return {name: self.port(name) for name in names}

    def data(self, part: str) -> Path:
        """The directory a part keeps its data in, made if need be."""
        return _made(self.home / "data" / part)

    def config(self, part: str) -> Path:
        """The directory of a part's generated configuration, made if need be."""
        return _made(self.home / "config" / part)

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """Sockets, locks and records of the running supervisor."""
        return self.home / "run"

    @property
    def process_record(self) -> Path:
        """What the supervisor has started, for the one after it."""
        return self.run / "processes.json"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the running supervisor."""
        return self.run / "supervisor.lock"

    @property
    def egress_socket(self) -> Path:
        return self.run / "egress.sock"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that `from_environment` makes the same home and ports of: how a command is pointed here."""
        ports = {f"PORTICO_PORT_{name.upper()}": str(port) for name, port in self.port_overrides.items()}
        return {"PORTICO_HOME": str(self.home), "PORTICO_PORT_OFFSET": str(self.port_offset), **ports}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Layout":
        """The layout that PORTICO_HOME, PORTICO_PORT_OFFSET and PORTICO_PORT_<NAME> describe."""
        overrides = {
            name: _number(environment, variable)
            for name in PORTS
            if (variable := f"PORTICO_PORT_{name.upper()}") in environment
        }
        home = Path(environment.get("PORTICO_HOME") or CHECKOUT / ".portico")
        return cls(home.absolute(), _number(environment, "PORTICO_PORT_OFFSET"), overrides)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def _number(environment: Mapping[str, str], variable: str) -> int:
    text = environment.get(variable, "0")
    try:
        return int(text)
    except ValueError:
        raise LayoutError(f"{variable}={text!r} is not a number") from None
