"""The thread that has things said: it alone talks to the daemon, and finds it again whenever it went away.

What is to be said comes in from any thread; what becomes of it is told to a Listener, from this thread. Knows no
reader's protocol. Nothing here waits for the daemon but this thread.
"""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol

from chatterbox_client.aio import AsyncClient
from chatterbox_client.aio_requests import AsyncRequest
from chatterbox_client.errors import Cancelled, ChatterboxError, RequestError, Unavailable
from chatterbox_client.options import Options
from chatterbox_client.readers.wording import Parts
from chatterbox_client.results import Chunk, Event

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 2  # a daemon that was restarted since the last text is only noticed by the first attempt

Voices = list[dict[str, Any]]


class Listener(Protocol):
    """Is told what becomes of a text, from the mouth's thread."""

    def begin(self) -> None:
        """The first sample is on its way to the loudspeaker."""

    def mark(self, name: str, at_seconds: float) -> None:
        """This mark is reached; `at_seconds` says where in the samples, where those are returned."""

    def samples(self, samples: bytes) -> None:
        """The next samples, of a text whose samples are returned."""

    def end(self, *, is_complete: bool) -> None:
        """Nothing more will come; it was said to its end, or not. May come more than once."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is to be said and how; with `returns_samples` it is not played but returned."""

    parts: Parts
    options: Options
    interrupts: bool = True
    returns_samples: bool = False

    @property
    def has_marks(self) -> bool:
        """Whether anything is to be told on the way."""
        return any("mark" in part for part in self.parts)


class Saying:
    """A text on its way. `stop` may be called by any thread, at any time."""

    def __init__(self, mouth: "Mouth", speech: Speech, listener: Listener) -> None:
        self.speech, self.listener = speech, listener
        self.is_stopped = False
        self.is_over = False
        self.has_begun = False
        self.request: AsyncRequest | None = None
        self._mouth = mouth

    def stop(self) -> None:
        """Have it silenced; returns at once. The listener may still be told what had happened by then."""
        if not (self.is_stopped or self.is_over):
            self.is_stopped = True
            self._mouth.run(self._cancel)

    def _cancel(self) -> None:
        if self.request is not None:
            self.request.cancel()


class Mouth:
    """A connection to the daemon in a thread of its own. `name` is what the daemon calls this client."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(name=name)
        self._voices: Voices = []
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start the thread; the daemon is started, and its voices are learnt, meanwhile."""
        threading.Thread(target=self._loop.run_forever, name="mouth", daemon=True).start()
        self._submit(self._learn_voices())

    def say(self, speech: Speech, listener: Listener) -> Saying:
        """Have it said. Returns at once; `listener` is told what becomes of it, its end in any case."""
        saying = Saying(self, speech, listener)
        self.run(lambda: self._begin(saying))
        return saying

    def voices(self, timeout_seconds: float) -> Voices:
        """The daemon's voices; those last known where it does not answer in time."""
        try:
            self._submit(self._learn_voices()).result(timeout_seconds)
        except concurrent.futures.TimeoutError:
            log.info("the daemon has not named its voices within %.1f s", timeout_seconds)
        return self._voices

    @property
    def known_voices(self) -> Voices:
        """The voices that were last learnt; none before the daemon has first answered."""
        return self._voices

    def pause(self) -> None:
        """Hold the playback; returns at once."""
        self._submit(self._quietly(self._client.pause()))

    def resume(self) -> None:
        """Go on with it; returns at once."""
        self._submit(self._quietly(self._client.resume()))

    def run(self, action: Callable[[], None]) -> None:
        """Have the thread call this."""
        self._loop.call_soon_threadsafe(action)

    def _submit(self, work: Coroutine[Any, Any, None]) -> "concurrent.futures.Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _begin(self, saying: Saying) -> None:
        task = self._loop.create_task(self._say(saying))
        self._tasks.add(task)  # the loop itself keeps no hold of it
        task.add_done_callback(self._tasks.discard)

    async def _say(self, saying: Saying) -> None:
        is_complete = False
        try:
            await self._attempt(saying)
            is_complete = True
        except Cancelled as reason:
            log.debug("not said to its end: %s", reason)
        except ChatterboxError as error:
            log.warning("not said: %s", error)
        finally:
            saying.is_over = True
            saying.listener.end(is_complete=is_complete)

    async def _attempt(self, saying: Saying) -> None:
        """Say it; once more where the daemon was found gone, or without the voice it no longer has."""
        speech = saying.speech
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                await self._follow(saying, speech)
                return
            except Unavailable:
                if attempt == MAX_ATTEMPTS or saying.has_begun or saying.is_stopped:
                    raise
            except RequestError as error:
                if attempt == MAX_ATTEMPTS or error.code != "not_found" or speech.options.voice is None:
                    raise
                log.warning("%s; the usual one speaks", error)
                speech = replace(speech, options=replace(speech.options, voice=None))

    async def _follow(self, saying: Saying, speech: Speech) -> None:
        if saying.is_stopped:
            return
        request = saying.request = await self._request(speech)
        if saying.is_stopped:
            request.cancel()
        async for item in request:
            if isinstance(item, Chunk):
                saying.has_begun = True
                saying.listener.samples(bytes(item.samples))
            else:
                self._tell(saying, item)

    async def _request(self, speech: Speech) -> AsyncRequest:
        """Send it. What a reader says comes first, and ends with the reader."""
        if speech.returns_samples:
            return await self._client.synthesize(speech.parts, speech.options, events=True)
        return await self._client.speak(
            speech.parts,
            speech.options,
            interrupt=speech.interrupts,
            events=speech.has_marks,
            cancel_on_disconnect=True,
        )

    def _tell(self, saying: Saying, event: Event) -> None:
        if event.kind == "begin":
            saying.has_begun = True
            saying.listener.begin()
        elif event.kind == "mark":
            saying.listener.mark(event.fields["name"], event.fields.get("at_seconds", 0.0))

    async def _learn_voices(self) -> None:
        try:
            self._voices = await self._client.voices()
        except ChatterboxError as error:
            log.warning("the daemon's voices are not known: %s", error)

    async def _quietly(self, call: Coroutine[Any, Any, None]) -> None:
        try:
            await call
        except ChatterboxError as error:
            log.warning("%s", error)
