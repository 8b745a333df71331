"""Where the text of `say` comes from: its words, a file, a pipe, or the lines of a terminal."""

import sys
from collections.abc import Iterator
from pathlib import Path

from chatterbox_client.cli.exits import NO_INPUT, Failure


def texts(words: tuple[str, ...], file: str | None, *, only_last: bool) -> Iterator[str]:
    """The texts to be spoken one after the other: one, or each line as it is typed.

    `only_last`: of what is typed, the last line alone counts (as macOS's `say -o` has it). Raises Failure when
    there is nothing to read.
    """
    if words:
        yield _with_something(" ".join(words))
    elif file not in (None, "-"):
        yield _with_something(_read_file(Path(str(file))))
    elif not sys.stdin.isatty():
        yield _with_something(_decoded(sys.stdin.buffer.read()))
    else:
        lines = (line for line in sys.stdin if line.strip())
        yield from [_with_something("".join(list(lines)[-1:]))] if only_last else lines


def _read_file(path: Path) -> str:
    try:
        return _decoded(path.read_bytes())
    except OSError as error:
        raise Failure(NO_INPUT, f"{path} cannot be read: {error.strerror}") from error


def _decoded(data: bytes) -> str:
    """UTF-8, with or without a mark; what is none becomes U+FFFD, so that no text is refused for one byte."""
    return data.decode("utf-8-sig", "replace")


def _with_something(text: str) -> str:
    if not text.strip():
        raise Failure(NO_INPUT, "there is nothing to say: the text is empty")
    return text
