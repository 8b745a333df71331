"""A child that dies leaves a report: what ended it, what it was doing, where it was; never what it was saying."""

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from chatterbox_client import Options
from chatterbox_daemon.front.crashes import MAX_FILES, Crashes
from chatterbox_daemon.front.process import Ending
from tests.conftest import BUILTIN
from tests.running import RunningDaemon, running_daemon, wait_until

SECRET = "The bishop hides an emerald beneath the pelargonium. "
WORDS = ("bishop", "emerald", "pelargonium")


def reports(daemon: RunningDaemon) -> list[Path]:
    return sorted((daemon.folder / "state" / "chatterbox" / "crashes").glob("*"))


def report_of(daemon: RunningDaemon) -> dict[str, Any]:
    """The only crash report, once it is there."""
    wait_until(lambda: reports(daemon), seconds=30)
    (path,) = reports(daemon)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert not any(word in text.casefold() for word in WORDS)
    report: dict[str, Any] = json.loads(text)
    return report


def begin(daemon: RunningDaemon, client: Any) -> None:
    """Have it speak a long secret, and return when it has begun."""
    daemon.child_pid("builtin")
    next(iter(client.synthesize(SECRET * 200)))


def test_a_killed_worker_leaves_a_report_that_status_names(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        begin(daemon, client)
        os.kill(daemon.child_pid("builtin"), signal.SIGKILL)
        report = report_of(daemon)
        crashes = daemon.status()["crashes"]
    assert report["process"] == "builtin"
    assert report["reason"] == "was killed by signal 9 (SIGKILL)"
    assert report["peak_resident_bytes"] > 1 << 20
    (piece,) = report["doing"]["pieces"]
    assert piece["op"] == "synthesize"
    assert 0 < piece["characters"] <= 280
    last = {name: report[name] for name in ("at", "process", "reason")}
    assert crashes == {"since_start": 1, "last": {**last, "path": str(reports(daemon)[0])}}


def test_a_segmentation_fault_leaves_a_traceback(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        begin(daemon, client)
        os.kill(daemon.child_pid("builtin"), signal.SIGSEGV)
        report = report_of(daemon)
    assert report["reason"] == "was killed by signal 11 (SIGSEGV)"
    assert "Fatal Python error: Segmentation fault" in report["last_lines"]
    assert any("program.py" in line and "in run" in line for line in report["last_lines"])
    assert "Fatal Python error: Segmentation fault" in daemon.log.read_text()


def test_a_frozen_worker_is_reported_as_one_that_did_not_answer(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        begin(daemon, client)
        os.kill(daemon.child_pid("builtin"), signal.SIGSTOP)
        report = report_of(daemon)
    assert report["reason"].startswith("did not answer for ")
    assert report["doing"]["pieces"]


def test_a_player_that_dies_leaves_a_report_too(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        client.devices()  # by now it is up
    os.kill(daemon.child_pid("player"), signal.SIGSEGV)
    report = report_of(daemon)
    assert report["process"] == "player"
    assert "Fatal Python error: Segmentation fault" in report["last_lines"]
    assert report["doing"]["device_state"] == "closed"


@pytest.mark.parametrize(
    ("kind", "message"),
    [("value", "ValueError: (its message may hold a text)"), ("device", "RuntimeError: … … does not like …")],
)
def test_an_engine_that_quotes_its_text_as_it_fails_is_not_quoted(kind: str, message: str) -> None:
    with running_daemon(config='model_engine = "tests.engines:QuotingEngine"\n') as daemon:
        daemon.wait_for_model("ready")
        with daemon.client() as client:
            result = client.synthesize(f"{kind}: {SECRET}", Options(engine="chatterbox")).result()
        assert result.engine == "builtin"
        first, second = (json.loads(path.read_text()) for path in reports(daemon))
        assert first["reason"] == second["reason"] == "ended with exit code 70"
        for beginning in (message, "cannot say …: … …"):
            assert any(line.startswith(beginning) for line in first["last_lines"])
        told = daemon.log.read_text() + "".join(path.read_text() for path in reports(daemon))
        assert not any(word in told.casefold() for word in WORDS)


def test_a_hung_engine_leaves_where_it_hung() -> None:
    with running_daemon(config='model_engine = "tests.engines:StuckEngine"\n') as daemon:
        daemon.wait_for_model("ready")
        with daemon.client() as client:
            client.synthesize(SECRET, Options(engine="chatterbox"))
            report = report_of(daemon)
    assert report["reason"].startswith("did not answer for ")
    assert any("engines.py" in line and "in synthesize" in line for line in report["last_lines"])


def test_only_the_last_reports_are_kept(tmp_path: Path) -> None:
    crashes = Crashes(tmp_path)
    for pid in range(1, MAX_FILES + 5):
        crashes.note("player", Ending("ended with exit code 1", pid=pid), {})
    pids = [json.loads(path.read_text())["pid"] for path in sorted(tmp_path.iterdir())]
    assert pids == list(range(5, MAX_FILES + 5))
    assert Crashes(tmp_path).describe()["last"] == crashes.describe()["last"]


def test_a_daemon_that_cannot_write_reports_goes_on() -> None:
    with running_daemon(config=BUILTIN) as daemon:
        (daemon.folder / "state").mkdir(exist_ok=True)
        (daemon.folder / "state" / "chatterbox").write_text("in the way")
        os.kill(daemon.child_pid("player"), signal.SIGKILL)
        wait_until(lambda: daemon.status()["crashes"]["since_start"] == 1, seconds=30)
        assert daemon.status()["crashes"]["last"]["path"] is None
        assert "no crash report could be written" in daemon.log.read_text()
