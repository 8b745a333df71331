"""Who is connected: a session a client, found by its identity and ended with its connection."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from chatterbox_client.protocol import Header, Message

MAX_NAME_CHARACTERS = 64
MAX_SUBSCRIPTIONS = 16  # each is another copy of everything that happens


@dataclass(slots=True, eq=False)
class Session:
    """One client."""

    identity: bytes
    fd: int
    connection: int | None
    name: str = "unknown"
    program: str | None = None  # what its process runs
    subscriptions: set[int] = field(default_factory=set)


Handler = Callable[[Session, int, Message], Header | None]
"""Answers one operation: the fields of its `done` reply, or None where that comes later."""


class Sessions:
    """Every client that has said something, at most `most` of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_identity: dict[bytes, Session] = {}
        self._by_fd: dict[int, set[bytes]] = {}

    def __len__(self) -> int:
        return len(self._by_identity)

    def get(self, identity: bytes) -> Session | None:
        """The session of a client, if it has one."""
        return self._by_identity.get(identity)

    def open(self, identity: bytes, fd: int) -> Session | None:
        """The session of a client, made if need be; None when there are too many clients."""
        session = self._by_identity.get(identity)
        if session is None and len(self._by_identity) < self._most:
            session = self._by_identity[identity] = Session(identity, fd, _connection_of(fd))
            self._by_fd.setdefault(fd, set()).add(identity)
        return session

    def close(self, identity: bytes) -> Session | None:
        """The client is gone; returns its session."""
        session = self._by_identity.pop(identity, None)
        if session is not None:
            identities = self._by_fd.get(session.fd, set())
            identities.discard(identity)
            if not identities:
                self._by_fd.pop(session.fd, None)
        return session

    def on_connection(self, fd: int) -> list[bytes]:
        """The identities that came over this connection."""
        return list(self._by_fd.get(fd, ()))

    def strays(self) -> list[bytes]:
        """The identities whose connection is no longer there: a message read late brought them back."""
        sessions = self._by_identity.values()
        return [one.identity for one in sessions if one.connection != _connection_of(one.fd) or not one.connection]

    def subscribers(self) -> list[tuple[bytes, int]]:
        """Who wants to know what happens: identity and the id of the request that asked."""
        return [
            (session.identity, request_id)
            for session in self._by_identity.values()
            for request_id in session.subscriptions
        ]


def _connection_of(fd: int) -> int | None:
    """What tells the connection behind a descriptor from a later one; None where there is none."""
    try:
        return os.fstat(fd).st_ino
    except OSError:
        return None
