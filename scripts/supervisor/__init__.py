"""A small process supervisor: order, readiness, restart with back-off, logs, clean stop, scaling."""

from scripts.supervisor.spec import ProcessSpec, State, Status
from scripts.supervisor.supervisor import StartFailed, Supervisor, UnknownProcess

__all__ = ["ProcessSpec", "StartFailed", "State", "Status", "Supervisor", "UnknownProcess"]
