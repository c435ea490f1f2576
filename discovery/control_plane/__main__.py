"""The control plane's process."""

from discovery.control_plane.app import make_app
from discovery.control_plane.settings import Settings
from services.chassis.run import run

run(make_app, Settings)
