"""What the documentation says is what happens."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from chatterbox_client import protocol
from tests.running import RunningDaemon

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
ANY = "…"


def python_snippets() -> Iterator[Any]:
    for page in PAGES:
        for index, code in enumerate(
            re.findall(r"^```python\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        ):
            yield pytest.param(code, id=f"{page.stem}-{index}")


@pytest.mark.parametrize("code", list(python_snippets()))
def test_a_python_snippet_runs(code: str, shared_daemon: RunningDaemon) -> None:
    run = subprocess.run(
        [sys.executable, "-c", code], env=shared_daemon.environment, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = re.search(r"## Test\n+    (.+)", (ROOT / "README.md").read_text())
    assert command is not None
    assert command[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def transcript() -> list[tuple[str, dict[str, Any], bool]]:
    """The lines of the transcripts: direction, header, and whether samples follow."""
    found = []
    for line in (ROOT / "docs" / "protocol.md").read_text().splitlines():
        match = re.match(r"    ([→←]) (\{.*\})( \+ samples)?$", line)
        if match:
            header = json.loads(re.sub(rf": {ANY}", f': "{ANY}"', match[2]))
            found.append((match[1], header, match[3] is not None))
    return found


def test_the_transcripts_of_the_protocol_page_are_what_the_daemon_says(shared_daemon: RunningDaemon) -> None:
    shared_daemon.child_pid("builtin")
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.connect(f"ipc://{shared_daemon.socket}")
    replies: list[protocol.Message] = []
    lines = transcript()
    assert len(lines) > 15
    for direction, expected, has_samples in lines:
        if direction == "→":
            socket.send_multipart(protocol.encode(expected))
            continue
        while not any(fits(expected, reply.header) for reply in replies):
            assert socket.poll(10_000), f"no reply like {expected}; there were {[r.header for r in replies]}"
            replies.append(protocol.decode(socket.recv_multipart()))
        reply = next(reply for reply in replies if fits(expected, reply.header))
        replies.remove(reply)
        assert bool(reply.payload) == has_samples
    socket.close(0)
    context.term()


def fits(expected: dict[str, Any], header: dict[str, Any]) -> bool:
    """Whether a header has exactly these keys, and these values where the page gives one."""
    same_keys = expected.keys() == header.keys()
    return same_keys and all(value in (ANY, header[key]) for key, value in expected.items())
