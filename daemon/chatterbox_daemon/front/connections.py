"""Which connections are open, and which are too many: libzmq ends the process where no descriptor is left for one.

Knows their descriptors, not who they are.
"""

import resource
import socket
from contextlib import suppress

MORE = 256  # connections than clients: who is refused must be told so
AHEAD = 2_000  # connections that libzmq accepts, at most, before it waits until it is asked for them
OTHERS = 256  # descriptors for links, logs and files


def raise_file_limit() -> None:
    """Allow as many descriptors as the system does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Connections:
    """The open ones, oldest first: some more than `max_clients`, or as many as there are descriptors for."""

    def __init__(self, max_clients: int) -> None:
        self._wanted = max_clients + MORE
        self._open: dict[int, None] = {}

    def begin(self, fd: int) -> None:
        """One was accepted."""
        self._open[fd] = None

    def end(self, fd: int) -> None:
        """It is over."""
        self._open.pop(fd, None)

    def refuse_surplus(self) -> int:
        """Hang up on the newest where there are too many; returns on how many.

        Call it when every beginning and end has been told: a descriptor may be another's a moment later.
        """
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = min(self._wanted, limit - min(AHEAD + OTHERS, limit // 2))
        surplus = list(self._open)[most:] if len(self._open) > most else []
        for fd in surplus:
            _hang_up(fd)
        return len(surplus)


def _hang_up(fd: int) -> None:
    """End the connection; to close its descriptor, if it has not been closed meanwhile, is libzmq's."""
    with suppress(OSError):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=fd)
        try:
            connection.shutdown(socket.SHUT_RDWR)
        finally:
            connection.detach()
