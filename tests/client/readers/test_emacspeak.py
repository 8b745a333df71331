"""Real Emacspeak, in a batch and at a terminal, with the speech server that `chatterbox install` puts in place."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.client.readers.watching import Watch
from tests.needs import needs_commands, needs_files
from tests.running import RunningDaemon

SETUP = "/usr/share/emacs/site-lisp/emacspeak/lisp/emacspeak-setup.el"
PACKAGES = "emacspeak emacs-nox"
QUIET_EMACS = "(setq native-comp-deferred-compilation nil inhibit-startup-screen t)"
INSTALL = "from chatterbox_client.cli import chatterbox; chatterbox()"


@pytest.fixture(scope="module")
def emacs_environment(reader_daemon: RunningDaemon) -> dict[str, str]:
    """The environment of an Emacs whose user followed what `chatterbox install emacspeak` prints."""
    needs_commands("emacs", packages=PACKAGES)
    needs_files(SETUP, packages=PACKAGES)
    environment = {**reader_daemon.environment, "TERM": "xterm"}
    command = [sys.executable, "-c", INSTALL, "install", "emacspeak"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
    line = re.search(r'\(setenv "DTK_PROGRAM" "(.+)"\)', said)
    assert line is not None
    return {**environment, "DTK_PROGRAM": line[1]}


@contextmanager
def emacs_at_a_terminal(environment: dict[str, str]) -> Iterator[int]:
    """An Emacs with Emacspeak, and the terminal to type at."""
    command = ["emacs", "-nw", "-Q", "--eval", QUIET_EMACS, "-l", SETUP]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("emacs", command, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    threading.Thread(target=_read_all, args=[terminal], daemon=True).start()
    try:
        yield terminal
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def _read_all(terminal: int) -> None:
    """What Emacs draws, so that it never waits for a reader."""
    try:
        while os.read(terminal, 1 << 16):
            pass
    except OSError:
        return


def test_emacspeak_in_a_batch_is_heard(reader_daemon: RunningDaemon, emacs_environment: dict[str, str]) -> None:
    watch = Watch(reader_daemon, "emacspeak")
    start = f'(let ((noninteractive nil)) (load "{SETUP}"))'
    speech = '(dtk-speak "hello from emacs {") (sleep-for 4) (dtk-letter "Q") (sleep-for 4)'
    lisp = f"(progn {QUIET_EMACS} {start} {speech})"
    subprocess.run(
        ["emacs", "--batch", "-Q", "--eval", lisp], env=emacs_environment, capture_output=True, timeout=120
    )
    watch.wait_for(lambda: watch.ends.get("Q") == "done")
    assert watch.texts[-2:] == ["hello from emacs  left brace", "Q"]


def test_what_is_typed_at_a_terminal_is_echoed_and_read_back(
    reader_daemon: RunningDaemon, emacs_environment: dict[str, str]
) -> None:
    watch = Watch(reader_daemon, "emacspeak")
    with emacs_at_a_terminal(emacs_environment) as terminal:
        os.write(terminal, b"hello ")
        watch.wait_for(lambda: "hello" in watch.texts, seconds=120)  # Emacspeak loads for a while first
        for letter in "abc":
            os.write(terminal, letter.encode())
            watch.wait_for(lambda letter=letter: watch.ends.get(letter) == "done")  # type: ignore[misc]
        os.write(terminal, b"\x05l")  # Emacspeak's key that reads the line
        watch.wait_for_text("hello abc")
