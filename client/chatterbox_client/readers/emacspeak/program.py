"""The program Emacspeak starts as its speech server."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from chatterbox_client.readers.emacspeak.lines import Parser
from chatterbox_client.readers.emacspeak.server import Server
from chatterbox_client.readers.emacspeak.state import NORMAL_OF_UNKNOWN_SERVER, NORMAL_WORDS_PER_MINUTE, State
from chatterbox_client.readers.mouth import Mouth

log = logging.getLogger(__name__)

_READ_BYTES = 1 << 16
_KNOWN_ENDING = "espeak"  # Emacspeak sends a server of such a name voices and words a minute


def main() -> NoReturn:
    """Serve Emacspeak on standard input until it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # C-g in Emacs is not meant for the server
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
    is_known = Path(sys.argv[0]).name.endswith(_KNOWN_ENDING)
    normal_rate = NORMAL_WORDS_PER_MINUTE if is_known else NORMAL_OF_UNKNOWN_SERVER
    try:
        mouth = Mouth("emacspeak")
        mouth.start()
        _serve(Server(mouth, State(normal_rate=normal_rate, rate=normal_rate)))
    finally:
        os._exit(0)  # a thread may be starting a daemon; nobody waits for that


def _serve(server: Server) -> None:
    parser = Parser()
    while data := os.read(sys.stdin.fileno(), _READ_BYTES):
        for command in parser.feed(data):
            try:
                server.obey(command)
            except Exception:
                log.exception("%s could not be obeyed", command.name)
