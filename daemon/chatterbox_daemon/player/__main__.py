"""`python -m chatterbox_daemon.player --fd N`: the player on an inherited socket, started by the front."""

import argparse
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from typing import TextIO

from chatterbox_daemon.faults import leave_traces, told
from chatterbox_daemon.link import Link, LinkError
from chatterbox_daemon.player.output import PortAudioOutput
from chatterbox_daemon.player.program import Program

log = logging.getLogger("chatterbox_daemon.player")

NICENESS = -10  # about what sound servers give themselves; granted where the user's limits allow it
SWITCH_INTERVAL_SECONDS = 0.001  # how long PortAudio's thread may have to wait for another one's bytecode


def main() -> int:
    """Serve the front; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m chatterbox_daemon.player", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the socket to the front")
    parser.add_argument("--log-level", default="warning", help="debug, info, warning or error")
    arguments = parser.parse_args()
    _log_to(_take_stderr(arguments.log_level), arguments.log_level)
    threading.excepthook = _end_loudly
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.disable()  # a collection would hold up PortAudio's thread; what plays makes no cycles
    sock = socket.socket(fileno=arguments.fd)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sock.shutdown(socket.SHUT_RD))
    try:
        Program(Link(sock), PortAudioOutput()).run()
    except LinkError as error:
        log.error("the front cannot be understood: %s", error)
        return os.EX_PROTOCOL
    except Exception as error:
        log.critical("the player failed\n%s", told(error))
        return os.EX_SOFTWARE
    return os.EX_OK


def _take_stderr(log_level: str) -> TextIO:
    """Keep stderr for the log: ALSA and PortAudio write remarks there whenever a device cannot be opened."""
    ours = os.fdopen(os.dup(2), "w", buffering=1)
    if log_level != "debug":
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
    leave_traces(ours)
    return ours


def _log_to(stream: TextIO, level: str) -> None:
    logging.basicConfig(stream=stream, level=level.upper(), format="player: %(levelname)s: %(message)s")


def _end_loudly(failure: threading.ExceptHookArgs) -> None:
    """A thread has failed: the player is of no use without it, and the front starts another."""
    if failure.exc_value is not None:
        log.critical("a thread failed\n%s", told(failure.exc_value))
    os._exit(os.EX_SOFTWARE)


if __name__ == "__main__":
    exit_code = main()
    logging.shutdown()
    os._exit(exit_code)  # not sys.exit: PortAudio's own end may hang with the sound server
