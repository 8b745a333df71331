"""What passes between a service manager and the daemon: the socket it hands over, and what it is told.

Both are systemd's own protocols (sd_listen_fds, sd_notify). Where nothing manages the daemon nothing happens.
"""

import logging
import os
import socket
from collections.abc import MutableMapping

from chatterbox_client.errors import ConfigurationError

log = logging.getLogger(__name__)

FIRST_FD = 3  # where systemd puts the first socket it hands over


def take_socket(environment: MutableMapping[str, str] = os.environ) -> socket.socket | None:
    """The listening socket that was handed to this process, or None. Children do not see that there was one.

    Raises ConfigurationError where it is not one local socket that has a path.
    """
    pid, count, _ = (environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if pid != str(os.getpid()):
        return None
    if count != "1":
        raise ConfigurationError(f"systemd handed over {count} sockets; the daemon listens on one ListenStream=")
    given = socket.socket(fileno=FIRST_FD)
    is_stream = (given.family, given.type) == (socket.AF_UNIX, socket.SOCK_STREAM)
    name = given.getsockname()
    if not (is_stream and isinstance(name, str) and name.startswith("/")):
        raise ConfigurationError(f"systemd handed over the socket {name!r}; ListenStream= must be a path")
    given.set_inheritable(False)
    given.setblocking(False)
    return given


class Notifier:
    """Tells the service manager of this process how it is. `watchdog_seconds`: how often it must hear from it."""

    def __init__(self, environment: MutableMapping[str, str] = os.environ) -> None:
        names = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
        address, microseconds, pid = (environment.pop(name, "") for name in names)
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_meant = microseconds.isdigit() and pid in ("", str(os.getpid()))
        self.watchdog_seconds = int(microseconds) / 1e6 if is_meant else None

    def tell(self, **values: str) -> None:
        """Send values such as READY="1". A manager that does not take them is not waited for."""
        if not self._address:
            return
        message = "\n".join(f"{name}={value}" for name, value in values.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            try:
                sender.sendto(message.encode(), socket.MSG_DONTWAIT, self._address)
            except OSError as error:
                log.warning("the service manager was not told %s: %s", ", ".join(values), error)
