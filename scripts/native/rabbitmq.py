"""RabbitMQ and the Erlang port mapper it registers with."""

import base64
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.layout import PARTS, Layout
from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.probes import port_open
from scripts.native.tools import Tool
from scripts.secrets import Secrets, write_private
from scripts.supervisor import ProcessSpec

USER = "portico"
ERLANG = (
    "base asn1 crypto public-key mnesia runtime-tools ssl eldap ftp tftp inets snmp os-mon parsetools "
    "syntax-tools tools xmerl"
)
ERLANG_ROOT = "usr/lib/erlang"
SERVER_ROOT = "usr/lib/rabbitmq/lib/rabbitmq_server-3.10.8"
CONFIGURATION = PARTS / "rabbitmq.conf"
ENABLED_PLUGINS = PARTS / "rabbitmq_plugins"
PLUGINS = tuple(re.findall(r"\w+", ENABLED_PLUGINS.read_text()))
NEEDED_BY_PLUGINS = ("rabbitmq_management_agent", "rabbitmq_prelaunch", "rabbitmq_web_dispatch")


@dataclass(frozen=True)
class _Relocatable:
    """The Debian packages, with Erlang's start scripts freed from their prefix and unused plugins left out."""

    packages: DebianPackages

    @property
    def pin(self) -> str:
        return "\n".join((self.packages.pin, SERVER_ROOT, *PLUGINS, *NEEDED_BY_PLUGINS))

    def fetch(self, into: Path) -> None:
        self.packages.fetch(into)
        for script in (into / ERLANG_ROOT).glob("**/bin/*"):
            if script.name in ("erl", "start"):
                script.write_text(script.read_text().replace(f"/{ERLANG_ROOT}", "${ERL_ROOTDIR}"))
        # Erlang searches every directory on its code path: a quarter of the boot time.
        for plugin in (into / SERVER_ROOT / "plugins").glob("rabbitmq_*"):
            if plugin.name.rpartition("-")[0] not in (*PLUGINS, *NEEDED_BY_PLUGINS):
                shutil.rmtree(plugin)


PART = Part(
    "rabbitmq",
    _Relocatable(DebianPackages("bookworm", ("rabbitmq-server", *(f"erlang-{n}" for n in ERLANG.split())))),
    Tool(
        "PORTICO_RABBITMQ_BIN",
        (),  # what is on PATH is usually a wrapper that insists on being root or its own user
        f"{SERVER_ROOT}/sbin/rabbitmq-server",
        (3, 10),
    ),
)


def url(layout: Layout, secrets: Secrets) -> str:
    """The AMQP URL of the platform's user."""
    return f"amqp://{USER}:{secrets.rabbitmq}@{layout.address('rabbitmq')}/"


def port_mapper(layout: Layout) -> ProcessSpec:
    """epmd as a process of its own: forked by RabbitMQ it would outlive it."""
    return ProcessSpec(
        name="epmd",
        command=(_erlang(layout, "epmd"),),
        environment=_erlang_environment(layout),
        ports=layout.ports("epmd"),
        ready=lambda: port_open(layout.host, layout.port("epmd")),
    )


def process(layout: Layout, secrets: Secrets) -> ProcessSpec:
    """The broker, with management and Prometheus plugins; it says itself when it is ready."""
    config = layout.config("rabbitmq")
    return ProcessSpec(
        name="rabbitmq",
        command=(str(PART.executable(layout.native).path),),
        environment={**_erlang_environment(layout), **_environment(layout, config)},
        after=("epmd",),
        ports=layout.ports("rabbitmq", "rabbitmq_management", "rabbitmq_prometheus", "rabbitmq_dist"),
        prepare=lambda: _configure(layout, secrets, config),
        stop_seconds=30,
    )


def _erlang(layout: Layout, program: str) -> str:
    """A program of the Erlang that runs RabbitMQ: the fetched one, else the one on PATH."""
    if PART.executable(layout.native).fetched:
        return str(PART.directory(layout.native) / ERLANG_ROOT / "bin" / program)
    return program


def _erlang_environment(layout: Layout) -> dict[str, str]:
    mapper = {
        "ERL_EPMD_ADDRESS": layout.host,
        "ERL_EPMD_PORT": str(layout.port("epmd")),
        "ERL_CRASH_DUMP": str(layout.data("rabbitmq") / "erl_crash.dump"),
    }
    if not PART.executable(layout.native).fetched:
        return mapper
    root = PART.directory(layout.native) / ERLANG_ROOT
    return {**mapper, "ERL_ROOTDIR": str(root), "PATH": f"{root / 'bin'}:{os.environ['PATH']}"}


def _environment(layout: Layout, config: Path) -> dict[str, str]:
    data = layout.data("rabbitmq")
    return {
        "HOME": str(data),  # of the Erlang cookie
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_NODENAME": f"{USER}@localhost",
        "RABBITMQ_MNESIA_BASE": str(data / "mnesia"),
        "RABBITMQ_LOG_BASE": str(data / "log"),
        "RABBITMQ_CONFIG_FILE": str(config / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(ENABLED_PLUGINS),
        "RABBITMQ_PID_FILE": str(data / "pid"),
        "RABBITMQ_DIST_PORT": str(layout.port("rabbitmq_dist")),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(data / "generated"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(data / "feature_flags"),
        # The mapper is a process of ours; without an interface distribution listens on all of them.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            f"-start_epmd false -kernel inet_dist_use_interface {{{layout.host.replace('.', ',')}}}"
        ),
    }


def _configure(layout: Layout, secrets: Secrets, config: Path) -> None:
    definitions = config / "definitions.json"
    settings = {
        "listeners.tcp.local": layout.address("rabbitmq"),
        "management.tcp.ip": layout.host,
        "management.tcp.port": layout.port("rabbitmq_management"),
        "prometheus.tcp.ip": layout.host,
        "prometheus.tcp.port": layout.port("rabbitmq_prometheus"),
        "load_definitions": definitions,
    }
    ours = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (config / "rabbitmq.conf").write_text(CONFIGURATION.read_text() + ours)
    write_private(definitions, json.dumps(_definitions(secrets.rabbitmq)))


def _definitions(password: str) -> dict[str, object]:
    return {
        "vhosts": [{"name": "/"}],
        "users": [
            {
                "name": USER,
                "password_hash": password_hash(password, os.urandom(4)),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": ["administrator"],
            }
        ],
        "permissions": [{"user": USER, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
    }


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's own form of a salted SHA-256 hash."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
