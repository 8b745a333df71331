"""`python -m chatterbox_daemon.worker --fd N --engine NAME`: a worker on an inherited socket."""

import argparse
import logging
import os
import signal
import sys

from chatterbox_client import paths
from chatterbox_daemon.faults import leave_traces, told
from chatterbox_daemon.link import Link
from chatterbox_daemon.worker.engine import create_engine
from chatterbox_daemon.worker.program import Program

log = logging.getLogger("chatterbox_daemon.worker")

COMPILERS = {"TORCHINDUCTOR_CACHE_DIR": "inductor", "TRITON_CACHE_DIR": "triton"}


def main() -> int:
    """Serve the front until it is gone; returns the exit code of a failure."""
    parser = argparse.ArgumentParser(prog="python -m chatterbox_daemon.worker", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the socket to the front")
    parser.add_argument("--engine", required=True, help="builtin, chatterbox, or module:factory")
    parser.add_argument("--log-level", default="warning", help="debug, info, warning or error")
    arguments = parser.parse_args()
    logging.basicConfig(level=arguments.log_level.upper(), format="worker: %(levelname)s: %(message)s")
    leave_traces(sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _keep_what_is_compiled()
    try:
        Program(Link.from_fd(arguments.fd), lambda: create_engine(arguments.engine), arguments.engine).run()
    except OSError as error:
        log.debug("the front is gone: %s", error)
        return os.EX_OK
    except Exception as error:
        log.critical("the worker failed\n%s", told(error))
        return os.EX_SOFTWARE
    return os.EX_OK


def _keep_what_is_compiled() -> None:
    """Torch's compilers would put it into /tmp, to be made again after the next boot. The user's choice stands."""
    for variable, folder in COMPILERS.items():
        os.environ.setdefault(variable, str(paths.cache_folder() / folder))


if __name__ == "__main__":
    sys.exit(main())
