"""The log file of a daemon that a client started: kept below a size, with what went before it beside it.

Knows the descriptor that the daemon and its children log to. A journal or a terminal is left alone.
"""

import logging
import os
import shutil
from contextlib import suppress

from chatterbox_client import paths

log = logging.getLogger(__name__)

STDERR = 2


def shorten(most_bytes: int, fd: int = STDERR) -> None:
    """Where `fd` is the log file and has grown beyond `most_bytes`, move what is in it to `….log.1`; 0: never.

    The file itself is kept and emptied: every process of the daemon has it open, and appends.
    """
    path = paths.log_file()
    try:
        held = os.fstat(fd)
        if not 0 < most_bytes < held.st_size or not os.path.samestat(held, path.stat()):
            return
        with suppress(OSError):  # a full disk holds no second file: what is old is lost then, not what is new
            shutil.copyfile(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)
    except OSError:
        return  # it was deleted, or is another's now
    log.warning("the log had more than log_bytes (%d); what went before is in %s.1", most_bytes, path)
