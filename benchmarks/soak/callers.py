"""Clients that speak and render for as long as they are wanted, each request counted by how it ended.

A request that does not end, ends twice, or whose samples are not those that its reply counts, is an error.
"""

import threading
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import click

from chatterbox_client import Cancelled, Chunk, Client, Options, RequestError, Unavailable, protocol
from chatterbox_client.protocol import Message

TEXT = "word"
SILENCE_SECONDS = 120.0  # the longest that a reply may take
PRIORITIES = ("message", "text", "progress")


class Callers:
    """So many clients, each in a thread of its own. `ends` counts done, cancelled, lost and the error codes."""

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        self._is_wanted = True
        self._counting = threading.Lock()
        self._mistakes: list[str] = []
        self.ends: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._call, args=(number,)) for number in range(count)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_wanted = False
        for thread in self._threads:
            thread.join()
        if self._mistakes and error is None:
            raise click.ClickException(self._mistakes[0])

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more requests have ended."""
        goal, deadline = self.ends.total() + count, monotonic() + SILENCE_SECONDS
        while self.ends.total() < goal and not self._mistakes:
            if monotonic() > deadline:
                raise click.ClickException(f"{count} requests did not end within {SILENCE_SECONDS} s")
            sleep(0.02)

    def _call(self, number: int) -> None:
        chance = Random(number)
        with CountingClient(str(self._path), name=f"caller {number}", start_daemon=False) as client:
            while self._is_wanted and not self._mistakes:
                try:
                    end = _render(client) if chance.random() < 0.5 else _speak(client, chance)
                except MistakeError as mistake:
                    self._mistakes.append(str(mistake))
                    return
                except Unavailable:
                    end = "lost"
                    sleep(0.1)
                with self._counting:
                    self.ends[end] += 1


class MistakeError(Exception):
    """The daemon did what it never may."""


class CountingClient(Client):
    """A client to which a second final reply, or none, is a mistake."""

    def __init__(self, address: str, *, name: str, start_daemon: bool) -> None:
        super().__init__(address, name=name, start_daemon=start_daemon)
        self._ended: set[int] = set()

    def wait_for(self, number: int, timeout_seconds: float | None) -> Message | None:
        """As the client's; raises MistakeError where nothing comes."""
        message = super().wait_for(number, timeout_seconds or SILENCE_SECONDS)
        if message is None and timeout_seconds is None:
            raise MistakeError(f"request {number} has no final reply after {SILENCE_SECONDS} s")
        return message

    def _receive(self, timeout_seconds: float | None, descriptor: int | None = None) -> Message | None:
        message = super()._receive(timeout_seconds, descriptor)
        if message is not None and message.header["type"] in protocol.FINAL_TYPES:
            number = message.header["re"]
            if number in self._ended:
                raise MistakeError(f"request {number} has two final replies; the second is {message.header}")
            self._ended.add(number)
        return message


def _render(client: Client) -> str:
    try:
        request = client.synthesize(TEXT, Options(rate=3.0))
        num_bytes = sum(len(item.samples) for item in request if isinstance(item, Chunk))
        result = request.result()
    except (RequestError, Cancelled) as error:
        return _name_of(error)
    if num_bytes != 2 * result.samples or not num_bytes:
        raise MistakeError(f"{num_bytes} bytes came of {result.samples} samples")
    return "done"


def _speak(client: Client, chance: Random) -> str:
    try:
        request = client.speak(TEXT, Options(rate=3.0, volume=0.0), priority=chance.choice(PRIORITIES))
        if chance.random() < 0.2:
            request.cancel()
        result = request.result()
    except (RequestError, Cancelled) as error:
        return _name_of(error)
    if not result.samples:
        raise MistakeError("a text was done and nothing of it heard")
    return "done"


def _name_of(error: RequestError | Cancelled) -> str:
    return error.code if isinstance(error, RequestError) else "cancelled"
