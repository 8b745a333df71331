"""One connection to the daemon: frames out, messages in. The only file of the client that imports zmq.

A connection that was lost is never used again: what was in flight is lost with it, and says so.
"""

import math
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import zmq

from chatterbox_client import protocol
from chatterbox_client.errors import RequestError, Unavailable

_MONITOR_EVENT = struct.Struct("=hi")
# A signal that comes just before a wait does not end it: its handler runs when this time is over.
_LONGEST_WAIT_SECONDS = 1.0


class Connection:
    """A DEALER socket on the daemon's path, with a watch on the link itself. One thread uses it."""

    def __init__(self, path: Path) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, 1000)
        self._socket.setsockopt(zmq.RCVHWM, 1000)
        self._socket.setsockopt(zmq.RECONNECT_IVL, -1)
        self._socket.setsockopt(zmq.HEARTBEAT_IVL, protocol.HEARTBEAT_SECONDS * 1000)
        self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, protocol.HEARTBEAT_TIMEOUT_SECONDS * 1000)
        self._socket.setsockopt(zmq.HEARTBEAT_TTL, protocol.HEARTBEAT_TIMEOUT_SECONDS * 1000)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._socket.connect(f"ipc://{path}")
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._owner = os.getpid()
        self.is_lost = False

    def send(self, header: protocol.Header, payload: bytes | None = None) -> None:
        """Send one message. Raises RequestError if it is too large, Unavailable if no more is taken."""
        frames = protocol.encode(header, payload)
        _weigh(frames)
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            self.is_lost = True
            raise Unavailable("the daemon takes no more messages; is it stopped?") from None

    def receive(self, timeout_seconds: float | None, descriptor: int | None = None) -> protocol.Message | None:
        """The next message, or None after the time, or as soon as the descriptor can be read.

        Raises Unavailable when the link is lost.
        """
        if descriptor is None:
            return self._receive(timeout_seconds)
        self._poller.register(descriptor, zmq.POLLIN)
        try:
            return self._receive(timeout_seconds)
        finally:
            self._poller.unregister(descriptor)

    def _receive(self, timeout_seconds: float | None) -> protocol.Message | None:
        deadline = math.inf if timeout_seconds is None else monotonic() + timeout_seconds
        while True:
            left = max(0.0, deadline - monotonic())
            ready = dict(self._poller.poll(math.ceil(min(left, _LONGEST_WAIT_SECONDS) * 1000)))
            if not ready and left > _LONGEST_WAIT_SECONDS:
                continue
            if self._socket in ready:
                return self._read()
            if self._monitor in ready and self._was_disconnected():
                self.is_lost = True
                raise Unavailable("the daemon went away before it had answered")
            if not ready or ready.keys() - {self._monitor}:
                return None

    def filenos(self) -> tuple[int, int]:
        """Descriptors that become readable when `receive(0)` may have something (edge-triggered: drain it)."""
        return self._socket.FD, self._monitor.FD

    def close(self) -> None:
        """Drop the connection at once; the daemon sees it as the client's end."""
        if self._owner != os.getpid():  # a forked child must leave its parent's sockets alone
            return
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)
        self._context.term()

    def _read(self) -> protocol.Message:
        # Copied, because a zmq.Frame that is freed runs signal handlers and loses what they raise: a stop, say.
        frames = self._socket.recv_multipart()
        try:
            return protocol.decode(frames)
        except protocol.ProtocolError as error:
            self.is_lost = True
            raise Unavailable(f"the daemon speaks another protocol: {error}") from error

    def _was_disconnected(self) -> bool:
        event, _ = _MONITOR_EVENT.unpack(self._monitor.recv_multipart()[0])
        return bool(event & zmq.EVENT_DISCONNECTED)


def _weigh(frames: Sequence[bytes | memoryview]) -> None:
    """A daemon drops the connection over a frame that is too large: the request alone is refused here instead."""
    most = (len(protocol.MAGIC), protocol.MAX_HEADER_BYTES, protocol.MAX_PAYLOAD_BYTES)
    for frame, most_bytes in zip(frames, most, strict=False):
        if len(frame) > most_bytes:
            raise RequestError(
                "too_large",
                f"the request has a frame of {len(frame)} bytes; at most {most_bytes}: send it in parts",
            )


def is_readable(descriptor: int) -> bool:
    """Whether reading from this descriptor would not wait."""
    poller = zmq.Poller()
    poller.register(descriptor, zmq.POLLIN)
    return bool(poller.poll(0))
