"""Whatever a text is made of, it is spoken or refused, through the client and `say`: nothing breaks or wedges."""

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from chatterbox_client import Cancelled, Options, RequestError
from tests.running import RunningDaemon

QUICK = Options(rate=6.0)
LONGEST = 10_000_000
SAY = "from chatterbox_client.cli import say; say()"


def one_of_each_block() -> str:
    """A character of every sixteen in a row of which any is assigned: no block is narrower."""
    rows = (map(chr, range(start, start + 16)) for start in range(0, 0x110000, 16))
    assigned = ([c for c in row if unicodedata.category(c) not in ("Cn", "Cs", "Co")] for row in rows)
    return "".join(row[0] for row in assigned if row)


HARD = {
    "control characters": "".join(map(chr, (*range(32), *range(127, 160)))) + " end",
    "lone surrogates": "one \ud800 two \udfff\udc00 three",
    "private and unassigned": "\ue000\U000f0000\U0010ffff\uffff\ufffe\u0378",
    "directions": "\u202e" * 500 + "abc" + "\u2066" * 500,
    "marks upon marks": "a" + "\u0301" * 5_000,
    "one long word": "x" * 5_000,
    "markup": "<speak>&amp;</speak> [[slnc 1]] {c} %s %n \\ $(true) `true`",
}


@pytest.fixture(autouse=True)
def still_well(shared_daemon: RunningDaemon):  # type: ignore[no-untyped-def]
    """No worker breaks at any of these texts, and nothing is left over."""
    pid = shared_daemon.child_pid("builtin")
    yield
    assert shared_daemon.child_pid("builtin") == pid
    assert shared_daemon.status()["requests"]["under_way"] == 0


def say(daemon: RunningDaemon, *arguments: bytes | str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", SAY, *arguments]
    return subprocess.run(command, env=daemon.environment, input=given, capture_output=True, timeout=120)


def test_a_character_of_every_block_is_spoken(shared_daemon: RunningDaemon, tmp_path: Path) -> None:
    text = one_of_each_block()
    assert len(text) > 8_000
    with shared_daemon.client() as client:
        assert client.synthesize(text, QUICK).audio().duration_seconds > 60
    file = tmp_path / "blocks.wav"
    done = say(shared_daemon, "-o", str(file), "-r", "700", "-f", "-", given=text[::10].encode())
    assert done.returncode == 0, done.stderr
    assert file.stat().st_size > 100_000


@pytest.mark.parametrize("name", HARD)
def test_a_hard_text_is_spoken(shared_daemon: RunningDaemon, tmp_path: Path, name: str) -> None:
    with shared_daemon.client() as client:
        assert client.synthesize(HARD[name], QUICK).result().engine in ("builtin", "")
    given = HARD[name].encode("utf-8", "surrogatepass")
    done = say(shared_daemon, "-o", str(tmp_path / "hard.wav"), "-f", "-", given=given)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_bytes_that_are_no_text_are_spoken_from_the_command_line(
    shared_daemon: RunningDaemon, tmp_path: Path
) -> None:
    done = say(shared_daemon, "-o", str(tmp_path / "bytes.wav"), b"one \xff\xfe\xed\xa0\x80 two \x01\x1b[31m")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("scrap", ["word ", "x", " ", "\t", ". ", "\u00e9"])
def test_ten_million_characters_in_a_line_are_begun_at_once_and_hold_nobody_up(
    shared_daemon: RunningDaemon, scrap: str
) -> None:
    text = (scrap * LONGEST)[:LONGEST]
    with shared_daemon.client() as client, shared_daemon.client() as other:
        request = client.synthesize(text, QUICK)
        request.wait_accepted()
        assert other.synthesize("meanwhile").audio().samples
        if next(iter(request), None) is not None:
            request.cancel()
            with pytest.raises(Cancelled):
                request.result()


def test_ten_million_characters_through_say_are_begun_and_one_more_is_refused(
    shared_daemon: RunningDaemon,
) -> None:
    command = [sys.executable, "-c", SAY, "--raw", "-f", "-"]
    with subprocess.Popen(
        command, env=shared_daemon.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b"word " * (LONGEST // 5))
        program.stdin.close()
        assert len(program.stdout.read(100_000)) == 100_000
        program.terminate()
    done = say(shared_daemon, "--raw", "-f", "-", given=b"x" * (LONGEST + 1))
    assert done.returncode == 64
    assert b"max_text_characters is 10000000" in done.stderr


def test_a_text_that_no_message_can_hold_is_refused_before_it_is_sent(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client, pytest.raises(RequestError, match="send it in parts"):
        client.synthesize("𝄞" * 7_000_000)
