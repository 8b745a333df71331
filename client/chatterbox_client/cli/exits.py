"""How the commands end: the exit code of each failure, and the one line that explains it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from chatterbox_client.errors import Cancelled, ChatterboxError, ConfigurationError, RequestError

USAGE = 64
NO_INPUT = 66
UNAVAILABLE = 69
CANNOT_CREATE = 73
CANNOT_WRITE = 74
CONFIGURATION = 78

click.UsageError.exit_code = USAGE


class Failure(Exception):
    """The command cannot do its work; ends it with this code and this line."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Stopped(BaseException):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by signal {number}")
        self.code = 128 + number


def stop_on_signals() -> None:
    """From now on HUP, INT and TERM raise Stopped, once: a second one ends the process as usual."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_stopped)


def _raise_stopped(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise Stopped(number)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what a command raises into its exit code and a line on stderr."""
    try:
        yield
    except Stopped as stop:
        sys.exit(stop.code)
    except Failure as failure:
        _end(name, failure.code, str(failure))
    except ChatterboxError as error:
        _end(name, code_of(error), _advice(error))
    except ValueError as error:
        _end(name, USAGE, str(error))


def code_of(error: ChatterboxError) -> int:
    """The exit code of an error of the client library."""
    if isinstance(error, ConfigurationError):
        return CONFIGURATION
    if isinstance(error, RequestError) and error.code in ("bad_request", "not_found", "too_large"):
        return USAGE
    return UNAVAILABLE


def _advice(error: ChatterboxError) -> str:
    if isinstance(error, RequestError) and error.code == "no_audio":
        return f"{error} (say -o FILE writes a file instead)"
    if isinstance(error, Cancelled):
        return f"not spoken to its end: {error}"
    return str(error)


def _end(name: str, code: int, message: str) -> None:
    click.echo(f"{name}: {' '.join(message.split())}", err=True)
    sys.exit(code)
