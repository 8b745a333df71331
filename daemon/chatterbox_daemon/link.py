"""Messages between the front and its children, over a socketpair.

A message is a JSON header and a block of bytes, each behind its length. The front feeds what it reads to a
`Decoder`; a child uses a blocking `Link`. End of file means that the other side is gone.
"""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

_LENGTHS = struct.Struct("!II")
MAX_HEADER_BYTES = 1 << 20
MAX_PAYLOAD_BYTES = 64 << 20

Header = dict[str, Any]


class LinkError(Exception):
    """The other side sent something that is not a message; the link cannot be used further."""


def encode(header: Header, payload: bytes = b"") -> bytes:
    """One message, ready to be written."""
    body = json.dumps(header, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(body), len(payload)) + body + payload


class Decoder:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Header, bytes]]:
        """Add bytes and yield every message that is now complete. Raises LinkError on garbage."""
        self._buffer += data
        while (message := self._take()) is not None:
            yield message

    def _take(self) -> tuple[Header, bytes] | None:
        if len(self._buffer) < _LENGTHS.size:
            return None
        header_bytes, payload_bytes = _LENGTHS.unpack_from(self._buffer)
        if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
            raise LinkError(f"a message of {header_bytes} + {payload_bytes} bytes was announced")
        start, end = _LENGTHS.size + header_bytes, _LENGTHS.size + header_bytes + payload_bytes
        if len(self._buffer) < end:
            return None
        try:
            header = json.loads(self._buffer[_LENGTHS.size : start])
        except (ValueError, RecursionError) as error:
            raise LinkError(f"the header is not JSON: {error}") from error
        if not isinstance(header, dict):
            raise LinkError("the header is not a JSON object")
        payload = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return header, payload


class Link:
    """A child's blocking end. Any thread may send; one thread receives."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._sending = threading.Lock()
        self._decoder = Decoder()
        self._ready: list[tuple[Header, bytes]] = []

    @classmethod
    def from_fd(cls, fd: int) -> "Link":
        """The link on an inherited file descriptor."""
        sock = socket.socket(fileno=fd)
        sock.setblocking(True)
        return cls(sock)

    def send(self, header: Header, payload: bytes = b"") -> None:
        """Send one message. Raises OSError when the front is gone."""
        with self._sending:
            self._socket.sendall(encode(header, payload))

    def receive(self) -> tuple[Header, bytes] | None:
        """The next message, or None when the front is gone."""
        while not self._ready:
            try:
                data = self._socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._ready.extend(self._decoder.feed(data))
        return self._ready.pop(0)
