"""The socket clients come in by, and the one poller. The only file of the daemon that imports zmq.

Bytes in, bytes out: it knows connections, not what is said over them.
"""

import logging
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import zmq

from chatterbox_client import protocol
from chatterbox_daemon.front.connections import Connections

log = logging.getLogger(__name__)

RECEIVE_HIGH_WATER = 64  # messages of one client that wait to be read
SEND_HIGH_WATER = 10_000  # messages: a burst of replies must not be taken for a client that is gone
QUIET_SECONDS = 60.0  # between two lines in the log on the same
_MONITOR_EVENT = struct.Struct("=hi")

Frames = list[bytes]


class Door:
    """A ROUTER socket on a local path, with a watch on who leaves, and a poller for other descriptors."""

    def __init__(self, max_clients: int) -> None:
        self._connections = Connections(max_clients)
        self._refused_at = -QUIET_SECONDS
        self._context = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, 4096)
        self._socket = self._context.socket(zmq.ROUTER)
        # No heartbeats: libzmq 4.3.5 aborts when one is due to a client that left while its messages wait here.
        # Clients send theirs, with a time after which they are to be given up.
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.ROUTER_MANDATORY, 1),
            (zmq.SNDHWM, SEND_HIGH_WATER),
            (zmq.RCVHWM, RECEIVE_HIGH_WATER),
            (zmq.MAXMSGSIZE, protocol.MAX_PAYLOAD_BYTES),
            (zmq.BACKLOG, 512),
            (zmq.IPC_FILTER_UID, os.getuid()),
        ):
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)

    def bind(self, path: Path, given_fd: int | None = None) -> None:
        """Listen on a path that nothing else uses (see `lock`), or on a socket that listens there already."""
        self._socket.setsockopt(zmq.USE_FD, -1 if given_fd is None else given_fd)
        self._socket.bind(f"ipc://{path}")

    def bind_again(self, path: Path) -> bool:
        """Listen on a path whose file was deleted; who is connected stays so. False: the system did not let us.

        The listener that nobody reaches stays too: with it libzmq would end every connection that it accepted.
        """
        try:
            self.bind(path)
        except zmq.ZMQError as error:
            log.warning("%s cannot be made again: %s", path, error)
            return False
        return True

    def watch(self, fd: int, *, writing: bool = False) -> None:
        """Have `wait` report this descriptor when it can be read, or also written."""
        self._poller.register(fd, zmq.POLLIN | (zmq.POLLOUT if writing else 0))

    def unwatch(self, fd: int) -> None:
        """Forget a descriptor."""
        self._poller.unregister(fd)

    def wait(self, timeout_seconds: float | None) -> list[int]:
        """Wait for anything to happen; returns the watched descriptors that are ready."""
        timeout = None if timeout_seconds is None else max(0, int(timeout_seconds * 1000 + 0.999))
        return [item for item, _ in self._poller.poll(timeout) if isinstance(item, int)]

    def receive(self, most: int) -> Iterator[tuple[bytes, int, Frames]]:
        """Up to `most` messages that have come: the sender's identity, its connection, the frames."""
        for _ in range(most):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            try:
                fd = int(frames[0].get(zmq.SRCFD))
            except zmq.ZMQError:
                continue  # the sender left before its message was read
            yield frames[0].bytes, fd, [frame.bytes for frame in frames[1 : protocol.MAX_FRAMES + 2]]

    def departures(self) -> Iterator[int]:
        """The connections that have ended since the last call; what has come and is too many is hung up on."""
        while True:
            try:
                event, fd = _MONITOR_EVENT.unpack(self._monitor.recv_multipart(zmq.NOBLOCK)[0])
            except zmq.Again:
                break
            if event & zmq.EVENT_ACCEPTED:
                self._connections.begin(fd)
            else:
                self._connections.end(fd)
                yield fd
        self._refuse_surplus()

    def _refuse_surplus(self) -> None:
        count = self._connections.refuse_surplus()
        if count and monotonic() - self._refused_at > QUIET_SECONDS:
            self._refused_at = monotonic()
            log.warning("too many connections: the newest are hung up on, %d now", count)

    def send(self, identity: bytes, header: protocol.Header, payload: bytes | None = None) -> bool:
        """Send to one client without ever waiting. False: it is gone, or takes nothing more."""
        try:
            self._socket.send_multipart([identity, *protocol.encode(header, payload)], zmq.NOBLOCK)
        except zmq.ZMQError:
            return False
        return True

    def close(self) -> None:
        """Stop listening; the socket file goes with it, unless the socket was given."""
        list(self.departures())  # with its events unread, libzmq might wait for us as we wait for it
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(500)
        self._context.term()
