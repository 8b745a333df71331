"""What clients ask and tell the daemon besides texts: hello, voices, devices, pause, cache, shutdown."""

import json
import os
from collections.abc import Callable
from typing import Any

from chatterbox_client import protocol
from chatterbox_client.options import Options
from chatterbox_client.protocol import Header, Message
from chatterbox_client.version import __version__
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.choice import why_not
from chatterbox_daemon.front.engine import COMING
from chatterbox_daemon.front.programs import program_of
from chatterbox_daemon.front.renderer import Renderer
from chatterbox_daemon.front.replies import Send
from chatterbox_daemon.front.request import Refused
from chatterbox_daemon.front.sessions import MAX_SUBSCRIPTIONS, Handler, Session
from chatterbox_daemon.front.speaker import Speaker

MAX_ARGUMENTS_BYTES = 1 << 16  # far below what the link to a worker carries
CHANGES_OF_VOICES = ("add", "import", "remove", "rename")  # a name may now stand for another voice


class Commands:
    """The operations of the protocol that concern no request for speech."""

    def __init__(
        self,
        config: Config,
        renderer: Renderer,
        speaker: Speaker,
        *,
        send: Send,
        status: Callable[[], Header],
        shut_down: Callable[[], None],
    ) -> None:
        self._config = config
        self._renderer, self._speaker = renderer, speaker
        self._send, self._status, self._shut_down = send, status, shut_down

    def configure(self, config: Config) -> None:
        """Tell the next client of new limits."""
        self._config = config

    def handlers(self) -> dict[str, Handler]:
        """By operation."""
        return {
            "hello": self._hello,
            "pause": self._pause,
            "resume": self._resume,
            "voices": self._voices,
            "voice": self._voice,
            "devices": self._devices,
            "cache": self._cache,
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
        session.program = program_of(header["pid"]) if isinstance(header.get("pid"), int) else None
        return {
            "version": protocol.VERSION,
            "daemon": __version__,
            "pid": os.getpid(),
            "credit": protocol.CREDIT_CHUNKS,
            "max_text_characters": self._config.max_text_characters,
        }

    def _pause(self, *_: object) -> Header:
        self._speaker.player.pause()
        return {}

    def _resume(self, *_: object) -> Header:
        self._speaker.player.resume()
        return {}

    def _voices(self, *_: object) -> Header:
        engines = self._renderer.engines.values()
        return {"voices": [{**voice, "engine": engine.name} for engine in engines for voice in engine.voices]}

    def _voice(self, session: Session, client_id: int, message: Message) -> None:
        """Have the model do something with a voice; the reply comes when it has."""

        def answer(header: Header, payload: bytes) -> None:
            kind = "error" if "code" in header else "done"
            if kind == "done" and action in CHANGES_OF_VOICES:
                self._renderer.instant.phrases.clear()
            fields = header.get("fields") or {key: header[key] for key in ("code", "message") if key in header}
            self._send(session.identity, {"re": client_id, "type": kind, **fields}, payload or None)

        model = self._renderer.model
        if not (model.is_ready or model.state in COMING):
            raise Refused("unavailable", f"voices are made by a Chatterbox model, and {why_not(model)}")
        action = message.header.get("action")
        if not isinstance(action, str):
            raise Refused("bad_request", f"action must be a word such as add, not {action!r:.60}")
        arguments = {key: value for key, value in message.header.items() if key not in ("op", "id", "action")}
        num_bytes = len(json.dumps(arguments))
        if num_bytes > MAX_ARGUMENTS_BYTES:
            raise Refused(
                "too_large", f"what is said of the voice has {num_bytes} bytes; at most {MAX_ARGUMENTS_BYTES}"
            )
        self._renderer.presence.need()
        model.command(action, arguments, bytes(message.payload), answer)

    def _devices(self, session: Session, client_id: int, _: Message) -> None:
        def answer(devices: list[dict[str, Any]]) -> None:
            self._send(session.identity, {"re": client_id, "type": "done", "devices": devices}, None)

        self._speaker.player.list_devices(answer)

    def _cache(self, _: Session, __: int, message: Message) -> Header:
        """Tell what is in the phrase cache, empty it, or have the model speak phrases for it."""
        instant, action = self._renderer.instant, message.header.get("action")
        if action == "clear":
            instant.filling.clear()
            instant.phrases.clear()
        elif action == "warm":
            return {**self._warm(message.header), "cache": instant.describe()}
        elif action != "stats":
            raise Refused("unsupported", f"action must be stats, warm or clear, not {action!r:.60}")
        return {"cache": instant.describe()}

    def _warm(self, header: Header) -> Header:
        model = self._renderer.model
        if not (model.is_ready or model.state in COMING):
            raise Refused("unavailable", f"the cache holds what a Chatterbox model speaks, and {why_not(model)}")
        if not self._renderer.instant.phrases.limit_bytes:
            raise Refused("unavailable", "the cache is off: cache_bytes is 0 in the configuration")
        texts, voice = header.get("phrases"), header.get("voice")
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise Refused("bad_request", "phrases must be a list of texts")
        try:
            options = Options.from_mapping(header)
        except ValueError as error:
            raise Refused("bad_request", str(error)) from error
        if voice is not None and model.voices and not model.has_voice(voice):
            raise Refused("not_found", f"the model has no voice {voice!r}; see: chatterbox voices")
        self._renderer.presence.need()
        counts = self._renderer.instant.warm(texts, options)
        self._renderer.pump()
        return counts

    def _reset(self, *_: object) -> Header:
        self._renderer.reset()
        return {}

    def _events(self, session: Session, client_id: int, _: Message) -> None:
        if len(session.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise Refused("busy", f"this client is told of all that happens {MAX_SUBSCRIPTIONS} times already")
        session.subscriptions.add(client_id)

    def _shutdown(self, *_: object) -> Header:
        self._shut_down()
        return {}


def _printable(name: object) -> str:
    text = name if isinstance(name, str) else "unknown"
    return "".join(letter for letter in text[:64] if letter.isprintable()) or "unknown"
