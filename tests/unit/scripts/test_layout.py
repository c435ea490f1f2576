"""Where a platform lies: directories, ports, and what the environment says of them."""

from pathlib import Path

import pytest

from scripts.layout import CHECKOUT, PORTS, Layout, LayoutError

HOME = Path("/srv/portico")


def test_every_port_is_its_own() -> None:
    assert len(set(PORTS.values())) == len(PORTS)


def test_an_offset_shifts_all_ports_and_an_override_sets_one() -> None:
    layout = Layout.from_environment(
        {"PORTICO_HOME": str(HOME), "PORTICO_PORT_OFFSET": "100", "PORTICO_PORT_EDGE": "80"}
    )
    assert layout == Layout(HOME, 100, {"edge": 80})
    assert layout.url("edge") == "http://127.0.0.1:80"
    assert layout.address("consul") == "127.0.0.1:8600"


def test_a_command_can_be_pointed_at_a_layout() -> None:
    layout = Layout(HOME, 100, {"edge": 80})
    assert Layout.from_environment(layout.environment) == layout


def test_the_home_is_in_the_checkout_and_parts_are_shared() -> None:
    assert Layout.from_environment({}).home == CHECKOUT / ".portico"
    assert Layout(HOME).native == Layout.from_environment({}).native == CHECKOUT / ".portico" / "native"


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"PORTICO_PORT_OFFSET": "many"}, "PORTICO_PORT_OFFSET='many' is not a number"),
        ({"PORTICO_PORT_EDGE": "99999"}, "port 99999 of edge is not between 1 and 65535"),
        ({"PORTICO_PORT_OFFSET": "60000"}, "is not between 1 and 65535"),
        ({"PORTICO_HOME": "/srv/" + "x" * 100}, "too long for a Unix socket"),
    ],
)
def test_refuses_what_makes_no_sense(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(LayoutError, match=complaint):
        Layout.from_environment(environment)
