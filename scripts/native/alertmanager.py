"""Alertmanager, for its tool: amtool says what a configuration means. The platform in containers runs it."""

from scripts.native.debian import DebianPackages
from scripts.native.part import Part
from scripts.native.tools import Tool

PART = Part(
    "alertmanager",
    DebianPackages("bookworm", ("prometheus-alertmanager",)),
    Tool("PORTICO_AMTOOL_BIN", ("amtool",), "usr/bin/amtool", (0, 23)),
)
