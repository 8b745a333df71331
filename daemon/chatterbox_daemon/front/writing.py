"""Texts that are still being written: what is added to them, and when their writers may go on."""

from collections.abc import Callable

from chatterbox_client.protocol import Header, Message
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.replies import Replies
from chatterbox_daemon.front.request import Refused, Request, check_length, parse_parts
from chatterbox_daemon.front.script import Script
from chatterbox_daemon.front.sessions import Handler, Session
from chatterbox_daemon.front.speaker import Speaker

MAX_WAITING = 10_000  # characters: some ten minutes of speech

Find = Callable[[Session, Header], Request | None]
"""The request under way that a message names by its `request_id`."""


class Writing:
    """The operations `append` and `finish`.

    A writer that is far ahead of the speech gets no answer to its `append` before that has caught up.
    """

    def __init__(self, config: Config, speaker: Speaker, replies: Replies, find: Find) -> None:
        self._config, self._speaker, self._replies, self._find = config, speaker, replies, find
        self._held: dict[Request, tuple[Session, int]] = {}  # whose `append` is to be answered
        replies.on_over(self._answer)

    def configure(self, config: Config) -> None:
        """Use new limits from the next text on."""
        self._config = config

    def handlers(self) -> dict[str, Handler]:
        """By operation."""
        return {"append": self._append, "finish": self._finish}

    def _append(self, session: Session, client_id: int, message: Message) -> Header | None:
        request, script = self._opened(session, message.header)
        if request in self._held:
            raise Refused("busy", "the last append is not answered yet: wait for that before the next")
        try:
            parts = parse_parts(message.header, may_be_missing=True)
        except ValueError as error:
            raise Refused("bad_request", str(error)) from error
        check_length(parts, request.num_characters, self._config)
        request.grow(parts)
        if message.header.get("flush") is True:
            script.flush()
        self._held[request] = session, client_id
        script.on_step = lambda: self._answer_if_due(request, script)
        self._speaker.text_came(request)
        self._answer_if_due(request, script)
        return None

    def _finish(self, session: Session, _: int, message: Message) -> Header:
        request, script = self._opened(session, message.header)
        script.finish()
        self._speaker.text_came(request)
        return {}

    def _answer_if_due(self, request: Request, script: Script) -> None:
        if script.num_waiting <= MAX_WAITING or script.is_dry:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        held = self._held.pop(request, None)
        if held is not None:
            session, client_id = held
            self._replies.answered(session.identity, client_id, characters=request.num_characters)

    def _opened(self, session: Session, header: Header) -> tuple[Request, Script]:
        """The open request that a message names. Raises Refused."""
        request = self._find(session, header)
        if request is None:
            raise Refused(
                "not_found", "this client has no such request under way; request_id is the id it gave it"
            )
        if request.script is None:
            raise Refused("bad_request", "the request is not open: its text was sent whole")
        if request.script.is_complete:
            raise Refused("bad_request", "the request was finished: no more of its text can come")
        return request, request.script
