"""Lines to whoever collects them, over TCP. For a thread of its own: it waits as long as the other side is away."""

import select
import socket
from time import sleep

_CONNECT_SECONDS = 5.0
_SEND_SECONDS = 30.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


class Wire:
    """A stream to `host:port` that connects anew, less and less often, until somebody takes what is written.

    What a connection broke on is sent again, so a line may come twice. What the other side's machine had taken and
    not read when it went away is lost.
    """

    def __init__(self, address: str, first_pause: float = _FIRST_PAUSE) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._first_pause = first_pause
        self._socket: socket.socket | None = None

    def write(self, lines: bytes) -> None:
        """Return when all of it is sent."""
        pause = self._first_pause
        while True:
            try:
                self._connected().sendall(lines)
            except OSError:
                self.close()
                sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Hang up; the next line connects anew."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket and _hung_up(self._socket):
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, _CONNECT_SECONDS)
            self._socket.settimeout(_SEND_SECONDS)
        return self._socket


def _hung_up(connection: socket.socket) -> bool:
    """Whether the other side has closed: it never says anything else."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
