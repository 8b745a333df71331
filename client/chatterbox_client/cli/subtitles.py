"""`say --write-subtitles`: the words of the speech as an SRT or a WebVTT file."""

import html
from collections.abc import Callable, Sequence
from pathlib import Path

from chatterbox_client.cli.cues import Cue, Word, cues
from chatterbox_client.cli.exits import CANNOT_WRITE, USAGE, Failure
from chatterbox_client.results import Event

LEAST_SECONDS = 0.001


class Subtitles:
    """Takes the events of one text and writes its cues into a file."""

    def __init__(self) -> None:
        self._words: list[Word] = []
        self._ends_seconds: list[float] = []

    def take(self, event: Event) -> None:
        """Something happened: words and the ends of pieces are kept."""
        fields = event.fields
        if event.kind == "word":
            self._words.append(Word(fields["start"], fields["length"], fields["at_seconds"]))
        elif event.kind == "progress":
            self._ends_seconds.append(fields["at_seconds"])

    def write(self, text: str, name: Path, place: Path) -> None:
        """Write the file that will be `name`, in its format, at `place`. Raises Failure when it cannot be."""
        contents = format_of(name)(cues(text, self._words, self._ends_seconds))
        try:
            place.write_text(contents, "utf-8", "replace", newline="\n")
        except OSError as error:
            raise Failure(CANNOT_WRITE, f"{name} cannot be written: {error.strerror}") from error


def format_of(path: Path) -> Callable[[Sequence[Cue]], str]:
    """What writes the format that the file's name asks for. Raises Failure."""
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise Failure(USAGE, f"{path} names no format of subtitles known here; known are {', '.join(FORMATS)}")
    return form


def srt(all_cues: Sequence[Cue]) -> str:
    """The text of a SubRip file. The format has no escapes: an arrow in a text is written as one character."""
    blocks = [
        f"{number}\n{_time(cue.start_seconds, ',')} --> {_time(_end(cue), ',')}\n"
        + "".join(f"{line.replace('-->', '→')}\n" for line in cue.lines)
        for number, cue in enumerate(all_cues, start=1)
    ]
    return "\n".join(blocks)


def vtt(all_cues: Sequence[Cue]) -> str:
    """The text of a WebVTT file."""
    blocks = [
        f"{_time(cue.start_seconds, '.')} --> {_time(_end(cue), '.')}\n"
        + "".join(f"{html.escape(line, quote=False)}\n" for line in cue.lines)
        for cue in all_cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _end(cue: Cue) -> float:
    return max(cue.end_seconds, cue.start_seconds + LEAST_SECONDS)


def _time(seconds: float, point: str) -> str:
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"


FORMATS = {".srt": srt, ".vtt": vtt}
