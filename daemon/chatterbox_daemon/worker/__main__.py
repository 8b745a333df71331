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
# How often OpenMP's threads look whether the others are done before they sleep. Where the machine has something
# else to do, the usual 300,000 looks take the time that the others need (docs/performance.md).
SPIN_COUNT = "1000"


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
    _prepare_torch()
    try:
        Program(Link.from_fd(arguments.fd), lambda: create_engine(arguments.engine), arguments.engine).run()
    except OSError as error:
        log.debug("the front is gone: %s", error)
        return os.EX_OK
    except Exception as error:
        log.critical("the worker failed\n%s", told(error))
        return os.EX_SOFTWARE
    return os.EX_OK


def _prepare_torch() -> None:
    """What its libraries read as they are loaded; the user's choice stands.

    Its compilers would put what they make into /tmp, to be made again after the next boot.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    for variable, folder in COMPILERS.items():
        os.environ.setdefault(variable, str(paths.cache_folder() / folder))


if __name__ == "__main__":
    sys.exit(main())
