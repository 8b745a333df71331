"""`chatterbox bench rtf` and `reference`: hand over to the daemon's own program, which loads the models itself."""

import importlib.util
import subprocess
import sys

from chatterbox_client.cli.exits import UNAVAILABLE, Failure

PROGRAM = "chatterbox_daemon.bench"


def run(*words: str) -> int:
    """Run the program with these words and return its exit code. Raises Failure where it is not installed."""
    if importlib.util.find_spec("chatterbox_daemon") is None:
        raise Failure(UNAVAILABLE, "models belong to the daemon: pip install 'chatterboxd[daemon]'")
    return subprocess.run([sys.executable, "-m", PROGRAM, *words]).returncode
