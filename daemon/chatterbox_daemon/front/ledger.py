"""Every request for speech under way, and whose it is: taken, listed, paid for, stopped."""

import itertools
import logging

from chatterbox_client import protocol
from chatterbox_client.protocol import Header, Message
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.assembly import Assembly
from chatterbox_daemon.front.mute import REASON, WISHES, Mute
from chatterbox_daemon.front.renderer import LATER, Renderer
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.replies import Replies
from chatterbox_daemon.front.request import Refused, Request, new_seed, parse_conversion, parse_speech
from chatterbox_daemon.front.sessions import Handler, Session
from chatterbox_daemon.front.speaker import Speaker
from chatterbox_daemon.front.streaming import Stream
from chatterbox_daemon.front.writing import Writing

log = logging.getLogger(__name__)

STREAMED = ("synthesize", "convert")


class Ledger:
    """The requests, and the operations of the protocol that make or end one."""

    def __init__(self, config: Config, renderer: Renderer, speaker: Speaker, replies: Replies, mute: Mute) -> None:
        self._config, self._mute = config, mute
        self._renderer, self._speaker, self._replies = renderer, speaker, replies
        self._numbers = itertools.count(1)
        self._requests: dict[tuple[bytes, int], Request] = {}
        self._streams: dict[Request, tuple[Stream, Rendering]] = {}
        self._writing = Writing(config, speaker, replies, self._named)
        replies.on_over(self._forget)

    def __len__(self) -> int:
        return len(self._requests)

    def configure(self, config: Config) -> None:
        """Use new limits from the next request on."""
        self._config = config
        self._writing.configure(config)

    def handlers(self) -> dict[str, Handler]:
        """By operation."""
        return {
            "speak": self._speak,
            "synthesize": self._synthesize,
            "convert": self._synthesize,
            **self._writing.handlers(),
            "credit": self._credit,
            "stop": self._stop,
            "mute": self._obey_mute,
            "skip": self._skip,
            "queue": self._queue,
        }

    def client_is_gone(self, session: Session) -> None:
        """Cancel what only that client wanted; what it had said aloud goes on unless it asked otherwise."""
        for request in list(self._requests.values()):
            if request.identity == session.identity and (
                request.op in STREAMED or request.cancel_on_disconnect or request.is_open
            ):
                self._cancel(request, "its client went away")

    def cancel_all(self, reason: str) -> None:
        """Cancel every request."""
        self._stop_each(list(self._requests.values()), reason)

    def fail_all(self, message: str) -> None:
        """End every request with an internal error."""
        for request in list(self._requests.values()):
            self._withdraw(request)
            self._replies.error(request, "internal", message)
        self._renderer.instant.filling.clear()  # the mistake may lie in there

    def _speak(self, session: Session, client_id: int, message: Message) -> None:
        request = self._accept(session, client_id, message)
        self._replies.accepted(request, len(self._speaker))
        if self._mute.is_on:
            self._replies.cancelled(request, REASON)
        else:
            self._speaker.add(request)

    def _synthesize(self, session: Session, client_id: int, message: Message) -> None:
        credit = _whole(message.header, "credit", protocol.CREDIT_CHUNKS)
        request = self._accept(session, client_id, message)
        self._replies.accepted(request, len(self._streams))
        stream = Stream(request, credit, self._replies, on_failed=self._replies.error)
        if request.op == "synthesize" and request.num_characters > self._config.cache_max_characters:
            rendering: Rendering = Assembly(request, stream, withdraw=self._renderer.remove)
        else:
            rendering = Rendering(request, stream)
        self._streams[request] = stream, rendering
        self._renderer.add(rendering, LATER)
        self._renderer.pump()

    def _accept(self, session: Session, client_id: int, message: Message) -> Request:
        if (session.identity, client_id) in self._requests:
            raise Refused("bad_request", f"id {client_id} is already used by a request under way")
        if len(self._requests) >= self._config.max_queue:
            raise Refused(
                "busy", f"{len(self._requests)} requests are under way; max_queue allows no more: try later"
            )
        if message.header["op"] in STREAMED and len(self._streams) >= self._config.max_streams:
            raise Refused(
                "busy", f"{len(self._streams)} texts are being rendered; max_streams allows no more: try later"
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
            program=session.program,
            op=message.header["op"],
            seed=new_seed() if seed is None else seed,
            **fields,
        )
        self._requests[session.identity, client_id] = request
        log.info("request %d: %s, %d characters", request.number, request.op, request.num_characters)
        if self._config.log_text:
            log.info("request %d: %r", request.number, request.parts)
        return request

    def _credit(self, session: Session, _: int, message: Message) -> Header:
        request = self._named(session, message.header)
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
        if target == "all":
            self._hold_nothing()
        return self._stop_each(chosen, f"stopped by {session.name}")

    def _obey_mute(self, _: Session, __: int, message: Message) -> Header:
        """Be quiet until told otherwise: what is heard or waits ends now, what comes ends at once. Files go on."""
        wish = message.header.get("wish", "on")
        if wish not in WISHES:
            raise Refused("bad_request", f"wish must be one of {', '.join(WISHES)}, not {wish!r:.60}")
        if self._mute.obey(wish):
            self._replies.muted(self._mute.is_on)
        heard = [request for request in self._requests.values() if request.op == "speak"]
        if self._mute.is_on:
            self._hold_nothing()
            self._stop_each(heard, REASON)
        return {"muted": self._mute.is_on}

    def _hold_nothing(self) -> None:
        """A pause ends with what it held."""
        if self._speaker.player.is_paused:
            self._speaker.player.resume()

    def _skip(self, session: Session, *_: object) -> Header:
        current = self._speaker.current
        return self._stop_each([current] if current else [], f"skipped by {session.name}")

    def _queue(self, *_: object) -> Header:
        current = self._speaker.current
        heard = [{"state": "speaking", **current.describe()}] if current else []
        waiting = [{"state": "waiting", **request.describe()} for request in self._speaker.waiting()]
        rendered = [{"state": "rendering", **request.describe()} for request in self._streams]
        return {"queue": heard + waiting + rendered}

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

    def _named(self, session: Session, header: Header) -> Request | None:
        return self._requests.get((session.identity, _whole(header, "request_id", 0)))

    def _forget(self, request: Request) -> None:
        self._requests.pop((request.identity, request.client_id), None)
        self._streams.pop(request, None)


def _whole(header: Header, key: str, default: int) -> int:
    """The whole number in a field, or the default. Raises Refused."""
    value = header.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1 << 53:
        raise Refused("bad_request", f"{key} must be a whole number, not {value!r:.60}")
    return value
