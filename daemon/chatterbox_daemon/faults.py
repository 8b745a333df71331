"""What a process of the daemon leaves behind of a fault: where each thread was, never what it was speaking."""

import faulthandler
import signal
import traceback
from typing import TextIO

TRACE_SIGNAL = signal.SIGUSR1  # at which a process writes where each of its threads is, and goes on
SPEAK_OF_THE_MACHINE = (OSError, RuntimeError, ImportError, MemoryError)  # and not of a text


def leave_traces(stream: TextIO) -> None:
    """Have a crash, and TRACE_SIGNAL, write every thread's traceback to the stream."""
    faulthandler.enable(stream)
    faulthandler.register(TRACE_SIGNAL, stream, all_threads=True)


def told(error: BaseException) -> str:
    """The error with its causes and tracebacks; without its message, where that may quote a text."""
    told_errors = []
    following: BaseException | None = error
    while following is not None:
        message = (
            str(following) if isinstance(following, SPEAK_OF_THE_MACHINE) else "(its message may hold a text)"
        )
        stack = "".join(traceback.format_tb(following.__traceback__))
        told_errors.append(f"{stack}{type(following).__name__}: {message}")
        context = None if following.__suppress_context__ else following.__context__
        following = following.__cause__ or context
    return "\nwhich led to:\n".join(reversed(told_errors))
