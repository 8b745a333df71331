"""One text of `say` on its way to the loudspeaker, a file or standard output, and what is shown of it."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.display import Display
from chatterbox_client.cli.exits import CANNOT_WRITE, USAGE, Failure, Stopped
from chatterbox_client.cli.markup import NORMAL_WORDS_PER_MINUTE, Parsed, Parser
from chatterbox_client.cli.speech_options import SPEECH_OPTIONS
from chatterbox_client.client import Client
from chatterbox_client.errors import ChatterboxError
from chatterbox_client.options import RANGES, Options
from chatterbox_client.requests import Request
from chatterbox_client.results import Chunk, Event, Result


class Utterance:
    """A text, and the options of the command line, by their names there. Without a text it is standard input's."""

    def __init__(self, client: Client, text: str | None, given: dict[str, Any]) -> None:
        self._client, self._given = client, given
        self._parser = Parser(given["words_per_minute"], given["volume"], is_literal=given["literal"])
        self._parsed, self._is_open = self._parser.parsed, text is None
        if text is not None:
            self._parser.read(text)
            self._parser.end()
            _warn_of_ignored(self._parsed)
        self._display = Display(self._parsed, given)

    def speak(self) -> None:
        """Speak it and wait, unless told not to. Raises what went wrong."""
        if not self._parsed.parts and not self._is_open:
            return
        try:
            result = self._perform()
            if result is not None:
                self._tell(result)
        except ChatterboxError as error:
            self._display.tell({"type": type(error).__name__.lower(), "message": str(error)})
            raise
        except OSError as error:
            sys.stdout = open("/dev/null", "w")  # noqa: PTH123, SIM115 - what is left must not be flushed into it
            is_closed = isinstance(error, BrokenPipeError)
            reason = "was closed" if is_closed else f"cannot be written: {error.strerror}"
            raise Failure(CANNOT_WRITE, f"standard output {reason}") from error

    def _perform(self) -> Result | None:
        """Speak it to where it is wanted; files are there when all of it has gone well."""
        output, subtitles = self._given["output"], self._given["subtitles"]
        if output is None and subtitles is None:
            return self._heard()
        from chatterbox_client.cli.writing import appearing

        with appearing(*(path for path in (subtitles, output) if path is not None)) as places:
            result = self._heard() if output is None else self._into_file(output, places[-1])
            if subtitles is not None:
                self._display.write_subtitles(subtitles, places[0])
        return result

    def _heard(self) -> Result | None:
        return self._to_stdout() if self._given["raw"] else self._aloud()

    def _aloud(self) -> Result | None:
        given = self._given
        request = self._client.speak(
            self._parsed.parts or "",
            self._options(),
            is_open=self._is_open,
            priority=given["priority"],
            interrupt=given["interrupt"],
            events=self._display.wants_events,
            cancel_on_disconnect=not given["no_wait"],
        )
        if given["no_wait"]:
            request.wait_accepted()
            return None
        return self._follow(request, lambda _: None)

    def _into_file(self, path: Path, place: Path) -> Result:
        from chatterbox_client.cli.formats import choose
        from chatterbox_client.cli.writing import encoded

        given = self._given
        encoding = choose(path, given["file_format"], given["data_format"], given["num_channels"])
        with encoded(path, place, encoding) as encoder:
            return self._follow(self._synthesize(), encoder.write)

    def _to_stdout(self) -> Result:
        stream = sys.stdout.buffer
        result = self._follow(self._synthesize(), stream.write)
        stream.flush()
        return result

    def _synthesize(self) -> Request:
        text, events = self._parsed.parts or "", self._display.wants_events
        return self._client.synthesize(text, self._options(), events=events, is_open=self._is_open)

    def _follow(self, request: Request, take: Callable[[bytes], object]) -> Result:
        """Wait for the end; events are shown, samples taken. A signal cancels the request in the daemon."""
        is_spoken = False
        try:
            for item in self._items(request):
                if isinstance(item, Chunk):
                    take(bytes(item.samples))
                else:
                    self._display.show(item)
            is_spoken = True
        except Stopped:
            request.cancel()
            raise
        finally:
            self._display.finish(is_spoken=is_spoken)
        return request.result()

    def _items(self, request: Request) -> Iterable[Event | Chunk]:
        if not self._is_open:
            yield from request
            return
        from chatterbox_client.cli.following import follow

        yield from follow(self._client, request, self._parser, sys.stdin.fileno(), self._display.add)
        _warn_of_ignored(self._parsed)

    def _tell(self, result: Result) -> None:
        self._display.tell({"type": "done", **asdict(result)})
        given = self._given
        if result.stand_in and not given["as_json"] and (given["voice"] or given["engine"]):
            click.echo(f"say: spoken by the built-in voice: {result.stand_in}", err=True)

    def _options(self) -> Options:
        given = self._given
        values = {name: given[name] for name in ("voice", "language", "engine", "device", *SPEECH_OPTIONS)}
        # Whoever runs `say` can wait for the voice of their own, even for a short text.
        return Options(rate=_rate(given["words_per_minute"]), instant="model", **values)


def _rate(words_per_minute: float | None) -> float | None:
    """The factor that makes so many words a minute. Raises Failure outside the range."""
    if words_per_minute is None:
        return None
    lowest, highest = (end * NORMAL_WORDS_PER_MINUTE for end in RANGES["rate"][:2])
    if not lowest <= words_per_minute <= highest:
        raise Failure(
            USAGE, f"-r takes {lowest:.0f} to {highest:.0f} words a minute; {words_per_minute:g} was given"
        )
    return words_per_minute / NORMAL_WORDS_PER_MINUTE


def _warn_of_ignored(parsed: Parsed) -> None:
    if parsed.ignored:
        names = ", ".join(dict.fromkeys(parsed.ignored))
        click.echo(f"say: left out, not supported: {names[:200]}", err=True)
