"""Takes messages from clients and answers them: every operation of the protocol has one method here."""

import itertools
import logging
import os
import random
from collections.abc import Callable
from typing import Any

from chatterbox_client import protocol
from chatterbox_client.protocol import Header, Message, ProtocolError
from chatterbox_client.version import __version__
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.choice import why_not
from chatterbox_daemon.front.renderer import LATER, Renderer
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.replies import Replies, Send
from chatterbox_daemon.front.request import Refused, Request, parse_conversion, parse_speech
from chatterbox_daemon.front.sessions import Session, Sessions
from chatterbox_daemon.front.speaker import Speaker
from chatterbox_daemon.front.streaming import Stream

log = logging.getLogger(__name__)

STREAMED = ("synthesize", "convert")


class Desk:
    """Knows every request under way, and whose it is."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        renderer: Renderer,
        speaker: Speaker,
        replies: Replies,
        *,
        send: Send,
        status: Callable[[], Header],
        shut_down: Callable[[], None],
    ) -> None:
        self._config = config
        self._sessions, self._renderer, self._speaker, self._replies = sessions, renderer, speaker, replies
        self._send, self._status, self._shut_down = send, status, shut_down
        self._numbers = itertools.count(1)
        self._requests: dict[tuple[bytes, int], Request] = {}
        self._streams: dict[Request, tuple[Stream, Rendering]] = {}
        replies.on_over(self._forget)

    def __len__(self) -> int:
        return len(self._requests)

    def configure(self, config: Config) -> None:
        """Use new limits from the next request on."""
        self._config = config

    def receive(self, identity: bytes, fd: int, frames: list[bytes]) -> None:
        """Answer one message, whatever is in it."""
        client_id = 0
        try:
            message = protocol.decode(frames)
            client_id = protocol.request_id(message.header)
            session = self._sessions.open(identity, fd)
            if session is None:
                raise Refused("busy", f"{len(self._sessions)} clients are connected; max_clients allows no more")
            self._dispatch(session, client_id, message)
        except (ProtocolError, Refused) as error:
            self._send(
                identity, {"re": client_id, "type": "error", "code": error.code, "message": str(error)}, None
            )

    def client_is_gone(self, session: Session) -> None:
        """Cancel what only that client wanted; what it had said aloud goes on unless it asked otherwise."""
        for request in list(self._requests.values()):
            if request.identity == session.identity and (request.op in STREAMED or request.cancel_on_disconnect):
                self._cancel(request, "its client went away")

    def cancel_all(self, reason: str) -> None:
        """Cancel every request."""
        self._stop_each(list(self._requests.values()), reason)

    def fail_all(self, message: str) -> None:
        """End every request with an internal error."""
        for request in list(self._requests.values()):
            self._withdraw(request)
            self._replies.error(request, "internal", message)

    def _dispatch(self, session: Session, client_id: int, message: Message) -> None:
        op = message.header.get("op")
        handler = self._handlers().get(op) if isinstance(op, str) else None
        if handler is None:
            raise Refused("unsupported", f"unknown operation {op!r:.60}; this daemon is version {__version__}")
        fields = handler(session, client_id, message)
        if fields is not None:
            self._send(session.identity, {"re": client_id, "type": "done", **fields}, None)

    def _handlers(self) -> dict[str, Callable[[Session, int, Message], Header | None]]:
        """Each returns the fields of its `done` reply, or None where that comes later."""
        return {
            "hello": self._hello,
            "speak": self._speak,
            "synthesize": self._synthesize,
            "convert": self._synthesize,
            "credit": self._credit,
            "stop": self._stop,
            "pause": self._pause,
            "resume": self._resume,
            "skip": self._skip,
            "queue": self._queue,
            "voices": self._voices,
            "voice": self._voice,
            "devices": self._devices,
            "status": lambda *_: {"status": self._status()},
            "reset": self._reset,
            "events": self._events,
            "shutdown": self._shutdown,
        }

    def _hello(self, session: Session, _: int, message: Message) -> Header:
        header = message.header
        versions = header.get("versions")
        if not isinstance(versions, list) or protocol.VERSION not in versions:
            raise Refused(
                "unsupported", f"this daemon speaks protocol version {protocol.VERSION}, not {versions!r:.60}"
            )
        session.name = _printable(header.get("client"))
        session.pid = header["pid"] if isinstance(header.get("pid"), int) else None
        return {
            "version": protocol.VERSION,
            "daemon": __version__,
            "pid": os.getpid(),
            "credit": protocol.CREDIT_CHUNKS,
            "max_text_characters": self._config.max_text_characters,
        }

    def _speak(self, session: Session, client_id: int, message: Message) -> None:
        request = self._accept(session, client_id, message)
        self._replies.accepted(request, len(self._speaker))
        self._speaker.add(request)

    def _synthesize(self, session: Session, client_id: int, message: Message) -> None:
        credit = _whole(message.header, "credit", protocol.CREDIT_CHUNKS)
        request = self._accept(session, client_id, message)
        self._replies.accepted(request, len(self._streams))
        stream = Stream(request, credit, self._replies, on_failed=self._replies.error)
        self._streams[request] = stream, Rendering(request, stream)
        self._renderer.add(self._streams[request][1], LATER)
        self._renderer.pump()

    def _accept(self, session: Session, client_id: int, message: Message) -> Request:
        if (session.identity, client_id) in self._requests:
            raise Refused("bad_request", f"id {client_id} is already used by a request under way")
        if len(self._requests) >= self._config.max_queue:
            raise Refused(
                "busy", f"{len(self._requests)} requests are under way; max_queue allows no more: try later"
            )
        if message.header["op"] == "convert":
            fields = parse_conversion(message.header, bytes(message.payload))
        else:
            fields = parse_speech(message.header, self._config)
        seed = fields["options"].seed
        request = Request(
            number=next(self._numbers),
            identity=session.identity,
            client_id=client_id,
            client_name=session.name,
            op=message.header["op"],
            seed=random.getrandbits(48) if seed is None else seed,
            **fields,
        )
        self._requests[session.identity, client_id] = request
        log.info("request %d: %s, %d characters", request.number, request.op, request.num_characters)
        if self._config.log_text:
            log.info("request %d: %r", request.number, request.parts)
        return request

    def _credit(self, session: Session, _: int, message: Message) -> Header:
        request = self._requests.get((session.identity, _whole(message.header, "request_id", 0)))
        if request in self._streams:
            self._streams[request][0].add_credit(_whole(message.header, "chunks", 1))
            self._renderer.pump()
        return {}

    def _stop(self, session: Session, _: int, message: Message) -> Header:
        header = message.header
        if "target_id" in header:
            request = self._requests.get((session.identity, _whole(header, "target_id", 0)))
            return self._stop_each([request] if request else [], "stopped by its client")
        target = header.get("target", "all")
        if target not in ("all", "mine") and not (isinstance(target, int) and not isinstance(target, bool)):
            raise Refused("bad_request", f"target must be all, mine or a request's number, not {target!r:.60}")
        chosen = [
            request
            for request in self._requests.values()
            if target in ("all", request.number) or (target == "mine" and request.identity == session.identity)
        ]
        if isinstance(target, int) and not chosen:
            raise Refused("not_found", f"no request {target} is under way; see: chatterbox queue")
        if target == "all" and self._speaker.player.is_paused:
            self._speaker.player.resume()
        return self._stop_each(chosen, f"stopped by {session.name}")

    def _stop_each(self, requests: list[Request], reason: str) -> Header:
        current = self._speaker.current
        for request in sorted(
            requests, key=lambda one: one is current
        ):  # the one being heard last: none follows it
            self._cancel(request, reason)
        return {"stopped": len(requests)}

    def _cancel(self, request: Request, reason: str) -> None:
        self._withdraw(request)
        self._replies.cancelled(request, reason)
        self._speaker.go_on()

    def _withdraw(self, request: Request) -> None:
        if request in self._streams:
            self._renderer.remove(self._streams[request][1])
        else:
            self._speaker.withdraw(request)

    def _pause(self, *_: object) -> Header:
        self._speaker.player.pause()
        return {}

    def _resume(self, *_: object) -> Header:
        self._speaker.player.resume()
        return {}

    def _skip(self, session: Session, *_: object) -> Header:
        current = self._speaker.current
        return self._stop_each([current] if current else [], f"skipped by {session.name}")

    def _queue(self, *_: object) -> Header:
        current = self._speaker.current
        heard = [{"state": "speaking", **current.describe()}] if current else []
        waiting = [{"state": "waiting", **request.describe()} for request in self._speaker.waiting()]
        rendered = [{"state": "rendering", **request.describe()} for request in self._streams]
        return {"queue": heard + waiting + rendered}

    def _voices(self, *_: object) -> Header:
        engines = self._renderer.engines.values()
        return {"voices": [{**voice, "engine": engine.name} for engine in engines for voice in engine.voices]}

    def _devices(self, session: Session, client_id: int, _: Message) -> None:
        def answer(devices: list[dict[str, Any]]) -> None:
            self._send(session.identity, {"re": client_id, "type": "done", "devices": devices}, None)

        self._speaker.player.list_devices(answer)

    def _reset(self, *_: object) -> Header:
        self._renderer.reset()
        return {}

    def _voice(self, session: Session, client_id: int, message: Message) -> None:
        """Have the model do something with a voice; the reply comes when it has."""

        def answer(header: Header, payload: bytes) -> None:
            kind = "error" if "code" in header else "done"
            fields = header.get("fields") or {key: header[key] for key in ("code", "message") if key in header}
            self._send(session.identity, {"re": client_id, "type": kind, **fields}, payload or None)

        model = self._renderer.model
        if not model.is_ready:
            raise Refused("unavailable", f"voices are made by a Chatterbox model, and {why_not(model)}")
        action = message.header.get("action")
        if not isinstance(action, str):
            raise Refused("bad_request", f"action must be a word such as add, not {action!r:.60}")
        arguments = {key: value for key, value in message.header.items() if key not in ("op", "id", "action")}
        model.command(action, arguments, bytes(message.payload), answer)

    def _events(self, session: Session, client_id: int, _: Message) -> None:
        session.subscriptions.add(client_id)

    def _shutdown(self, *_: object) -> Header:
        self._shut_down()
        return {}

    def _forget(self, request: Request) -> None:
        self._requests.pop((request.identity, request.client_id), None)
        self._streams.pop(request, None)


def _printable(name: object) -> str:
    text = name if isinstance(name, str) else "unknown"
    return "".join(letter for letter in text[:64] if letter.isprintable()) or "unknown"


def _whole(header: Header, key: str, default: int) -> int:
    value = header.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1 << 53:
        raise Refused("bad_request", f"{key} must be a whole number, not {value!r:.60}")
    return value
