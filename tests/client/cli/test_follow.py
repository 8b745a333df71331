"""`say --follow`: standard input spoken as it comes, by a real process whose input is written bit by bit."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.client.cli.test_say import SAY, say
from tests.running import RunningDaemon, wait_until
from tests.sound import SoundBench, energy_segments, heard


class Following:
    """`say --follow --events` and what it has printed."""

    def __init__(self, daemon: RunningDaemon, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*SAY, "--follow", "--events", *arguments],
            env=daemon.environment,
            cwd=daemon.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def write(self, text: str | bytes) -> None:
        """Write to its input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    def next_end(self) -> int:
        """Where in the text the next piece ends, once it has been spoken."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = json.loads(line)
            if event.get("event") == "progress":
                return int(event["done_characters"])
        raise AssertionError("it ended before that")

    def end(self) -> list[dict[str, object]]:
        """Close its input; returns what it printed since."""
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


def test_each_line_is_spoken_when_it_has_come_and_the_rest_at_the_end(speaking_daemon: RunningDaemon) -> None:
    run = Following(speaking_daemon)
    run.write("The build is done\n")
    assert run.next_end() == 17
    for letter in "And in this clause, ":
        run.write(letter)
    assert run.next_end() == 37
    run.write("nothing is complete")
    events = run.end()
    assert [e["done_characters"] for e in events if e.get("event") == "progress"] == [57]
    assert events[-1]["type"] == "done"


def test_bytes_of_one_letter_may_come_apart_and_each_by_itself(shared_daemon: RunningDaemon) -> None:
    text = "\ufeffGrüße [[slnc 10]]an 😀 alle.\n"
    run = Following(shared_daemon, "-o", "a.wav")
    for byte in text.encode():
        run.write(bytes([byte]))
    words = [event for event in run.end() if event.get("event") == "word"]
    plain = text.removeprefix("\ufeff")
    spoken = [plain[word["start"] :][: word["length"]] for word in words]  # type: ignore[misc, index]
    assert (spoken[0], spoken[-1]) == ("Grüße", "alle")


@pytest.mark.parametrize("text", ["", "  \n\n \n"])
def test_an_input_without_a_word_is_said_to_be_none(shared_daemon: RunningDaemon, text: str) -> None:
    run = say(shared_daemon, "--follow", "-o", "none.wav", text=text)
    assert (run.returncode, run.stderr) == (66, "say: there is nothing to say: the text is empty\n")
    assert not (shared_daemon.folder / "none.wav").exists()
    wait_until(lambda: shared_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_a_whole_text_becomes_the_same_file_subtitles_and_marked_words(shared_daemon: RunningDaemon) -> None:
    text = "One two three, and four. Five [[slnc 500]]six.\n" * 30
    for arguments in (
        ["-o", "a.wav", "--write-subtitles", "a.srt"],
        ["--follow", "-o", "b.wav", "--write-subtitles", "b.srt"],
    ):
        run = say(shared_daemon, "-i", *arguments, text=text)
        assert (run.returncode, run.stdout) == (0, text.replace("[[slnc 500]]", ""))
    sizes = [(shared_daemon.folder / name).stat().st_size for name in ("a.wav", "b.wav")]
    assert abs(sizes[0] - sizes[1]) < 0.05 * sizes[0]
    lines = [
        [x for x in (shared_daemon.folder / n).read_text().split("\n") if x[:1].isalpha()]
        for n in ("a.srt", "b.srt")
    ]
    assert " ".join(lines[0]) == " ".join(lines[1])


def test_a_line_without_end_is_spoken_before_it_ends(shared_daemon: RunningDaemon) -> None:
    run = Following(shared_daemon, "-o", "a.wav")
    run.write("unending " * 100)
    assert 0 < run.next_end() <= 280
    assert run.end()[-1]["type"] == "done"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_while_it_waits_for_text(
    speaking_daemon: RunningDaemon, number: signal.Signals, code: int
) -> None:
    run = Following(speaking_daemon)
    run.write("Something to say.\n")
    run.next_end()
    run.process.send_signal(number)
    assert run.process.wait(20) == code
    assert run.process.stdin is not None
    assert run.process.stdout is not None
    run.process.stdin.close()
    run.process.stdout.close()
    wait_until(lambda: speaking_daemon.status()["requests"]["under_way"] == 0, seconds=10)


def test_what_ends_it_in_the_daemon_ends_it_here_though_more_could_be_read(speaking_daemon: RunningDaemon) -> None:
    run = Following(speaking_daemon)
    run.write("Something to say.\n")
    run.next_end()
    with speaking_daemon.client() as client:
        client.stop()
    assert run.process.wait(20) == 69
    assert run.process.stdin is not None
    assert run.process.stdout is not None
    run.process.stdin.close()
    run.process.stdout.close()


def test_lines_that_come_apart_are_heard_apart(sound: SoundBench, speaking_daemon: RunningDaemon) -> None:
    with sound.record() as recording:
        run = Following(speaking_daemon)
        run.write("one two three\n")
        run.next_end()
        num_heard = len(heard(recording.samples()))
        run.write("four five six\n")
        run.end()
    assert len(heard(recording.samples())) > num_heard > 0
    assert energy_segments(recording.samples())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["x"], "it takes no words"),
        (["-f", "a.txt"], "--follow and -f exclude each other"),
        (["--no-wait"], "--follow and --no-wait exclude each other"),
    ],
)
def test_it_reads_standard_input_and_nothing_else(
    shared_daemon: RunningDaemon, arguments: list[str], complaint: str
) -> None:
    Path(shared_daemon.folder / "a.txt").write_text("text")
    run = say(shared_daemon, "--follow", *arguments)
    assert run.returncode == 64
    assert complaint in run.stderr
