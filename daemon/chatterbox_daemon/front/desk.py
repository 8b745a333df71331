"""Takes messages from clients and answers them: each goes to the room that has its operation."""

from collections.abc import Callable

from chatterbox_client import protocol
from chatterbox_client.protocol import Header, Message, ProtocolError
from chatterbox_client.version import __version__
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.commands import Commands
from chatterbox_daemon.front.ledger import Ledger
from chatterbox_daemon.front.mute import Mute
from chatterbox_daemon.front.renderer import Renderer
from chatterbox_daemon.front.replies import Replies, Send
from chatterbox_daemon.front.request import Refused
from chatterbox_daemon.front.sessions import Session, Sessions
from chatterbox_daemon.front.speaker import Speaker


class Desk:
    """The one place every message comes to. `ledger` has the requests for speech that are under way."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        renderer: Renderer,
        speaker: Speaker,
        replies: Replies,
        mute: Mute,
        *,
        send: Send,
        status: Callable[[], Header],
        shut_down: Callable[[], None],
    ) -> None:
        self._config, self._sessions, self._send = config, sessions, send
        self.ledger = Ledger(config, renderer, speaker, replies, mute)
        self._commands = Commands(config, renderer, speaker, send=send, status=status, shut_down=shut_down)
        self._handlers = {**self.ledger.handlers(), **self._commands.handlers()}

    def configure(self, config: Config) -> None:
        """Use new limits from the next message on."""
        self._config = config
        self.ledger.configure(config)
        self._commands.configure(config)

    def receive(self, identity: bytes, fd: int, frames: list[bytes]) -> None:
        """Answer one message, whatever is in it."""
        client_id = 0
        try:
            message = protocol.decode(frames)
            client_id = protocol.request_id(message.header)
            self._weigh(frames)
            session = self._sessions.open(identity, fd)
            if session is None:
                raise Refused("busy", f"{len(self._sessions)} clients are connected; max_clients allows no more")
            self._dispatch(session, client_id, message)
        except (ProtocolError, Refused) as error:
            self._send(
                identity, {"re": client_id, "type": "error", "code": error.code, "message": str(error)}, None
            )

    def _weigh(self, frames: list[bytes]) -> None:
        num_bytes, most = sum(map(len, frames)), self._config.max_request_bytes
        if num_bytes > most:
            raise Refused("too_large", f"the request has {num_bytes} bytes; max_request_bytes is {most}")

    def _dispatch(self, session: Session, client_id: int, message: Message) -> None:
        op = message.header.get("op")
        handler = self._handlers.get(op) if isinstance(op, str) else None
        if handler is None:
            raise Refused("unsupported", f"unknown operation {op!r:.60}; this daemon is version {__version__}")
        fields = handler(session, client_id, message)
        if fields is not None:
            self._send(session.identity, {"re": client_id, "type": "done", **fields}, None)
