"""The program speech-dispatcher starts: `sd_chatterbox [configuration]`."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from chatterbox_client.errors import ChatterboxError
from chatterbox_client.readers.speechd import configuration
from chatterbox_client.readers.speechd.wire import Closed, Wire


def main() -> NoReturn:
    """Serve speech-dispatcher on standard input and output until it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for speech-dispatcher, which then says QUIT
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.INFO)
    wire = Wire(sys.stdin.buffer, sys.stdout.buffer)
    try:
        _serve(wire, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    finally:
        os._exit(0)  # a thread may be starting a daemon; nobody waits for that


def _serve(wire: Wire, path: Path | None) -> None:
    try:
        from chatterbox_client.readers.mouth import Mouth  # only here: it needs pyzmq
        from chatterbox_client.readers.speechd.module import Module

        mouth = Mouth("speech-dispatcher")
    except (ImportError, ChatterboxError) as error:
        _refuse(wire, f"{error} ({sys.executable}); run: chatterbox install speech-dispatcher")
        return
    mouth.start()
    Module(wire, mouth, configuration.read(path)).run()


def _refuse(wire: Wire, reason: str) -> None:
    """Answer INIT with why this module cannot speak."""
    logging.error("%s", reason)
    try:
        while wire.read_line().strip() != "INIT":
            pass
        wire.send(f"399-{' '.join(reason.split())}", "399 ERR CANT INIT MODULE")
    except Closed:
        pass
