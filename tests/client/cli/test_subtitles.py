"""`say --write-subtitles`: files that can be read back, cues that fit, times that are those of the speech."""

import html
import json
import re
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.cli.columns import width
from chatterbox_client.cli.cues import LINE_COLUMNS, LONGEST_SECONDS, Cue, Word, cues
from chatterbox_client.cli.exits import USAGE, Failure
from chatterbox_client.cli.subtitles import format_of, srt, vtt
from tests.client.cli.test_say import say
from tests.running import RunningDaemon

TIME = r"(\d\d):(\d\d):(\d\d)[.,](\d\d\d)"
STORY = (
    "When the sun had set behind the hills, which were already white with the first snow of the year, the two "
    "riders came down to the river and looked for a place where they could cross it before the night. Nobody "
    "spoke. <b>Then & there</b> they saw the light."
)
SECONDS_A_CHARACTER = 0.06


def spoken(text: str) -> list[Word]:
    """Each word of a text at the pace of a reader."""
    return [
        Word(found.start(), len(found[0]), found.start() * SECONDS_A_CHARACTER)
        for found in re.finditer(r"\w+", text)
    ]


def cues_of(text: str) -> list[Cue]:
    return cues(text, spoken(text), [len(text) * SECONDS_A_CHARACTER])


def read(path: Path) -> list[Cue]:
    """The cues of a file, by the grammar of its format; whatever else is in it fails."""
    is_vtt = path.suffix == ".vtt"
    blocks = path.read_text("utf-8").rstrip("\n").split("\n\n")
    if is_vtt:
        assert blocks.pop(0) == "WEBVTT"
    found = []
    for number, block in enumerate(filter(None, blocks), start=1):
        lines = block.split("\n")
        if not is_vtt:
            assert lines.pop(0) == str(number)
        match = re.fullmatch(f"{TIME} --> {TIME}", lines[0])
        assert match, block
        start, end = (
            int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000
            for h, m, s, ms in (match.groups()[:4], match.groups()[4:])
        )
        text = [html.unescape(line) if is_vtt else line for line in lines[1:]]
        assert not is_vtt or all(not set("<>") & set(line) for line in lines[1:])
        found.append(Cue(start, end, tuple(text)))
    return found


def text_of(found: list[Cue]) -> str:
    return " ".join(" ".join(cue.lines) for cue in found)


@pytest.mark.parametrize("name", ["a.srt", "A.VTT"])
def test_the_subtitles_of_a_file_are_its_words_at_their_times(shared_daemon: RunningDaemon, name: str) -> None:
    path = shared_daemon.folder / name
    run = say(shared_daemon, "-o", "a.wav", "--write-subtitles", name, "--events", STORY)
    assert run.returncode == 0, run.stderr
    events = [json.loads(line) for line in run.stdout.splitlines()]
    words = {round(event["at_seconds"], 3) for event in events if event.get("event") == "word"}
    found = read(path.rename(path.with_suffix(path.suffix.lower())))
    assert text_of(found) == STORY
    assert {round(cue.start_seconds, 3) for cue in found} <= words
    assert all(one.end_seconds <= other.start_seconds for one, other in pairwise(found))
    with wave.open(str(shared_daemon.folder / "a.wav")) as file:
        assert found[-1].end_seconds == pytest.approx(file.getnframes() / file.getframerate(), abs=0.001)


def test_a_silence_lies_between_two_cues_and_commands_are_not_in_them(shared_daemon: RunningDaemon) -> None:
    say(
        shared_daemon, "-o", "a.wav", "--write-subtitles", "b.srt", "Come in, my friend. [[slnc 3000]] Good night."
    )
    first, second = read(shared_daemon.folder / "b.srt")
    assert (first.lines, second.lines) == (("Come in, my friend.",), ("Good night.",))
    assert second.start_seconds - first.end_seconds == pytest.approx(3.0, abs=0.3)


def test_what_is_played_has_subtitles_too(speaking_daemon: RunningDaemon) -> None:
    run = say(speaking_daemon, "--write-subtitles", "c.vtt", "One two three.")
    assert run.returncode == 0, run.stderr
    (cue,) = read(speaking_daemon.folder / "c.vtt")
    assert (cue.lines, cue.start_seconds < 0.2, 0.3 < cue.end_seconds < 5) == (("One two three.",), True, True)


def test_a_text_without_a_word_has_a_file_without_a_cue(shared_daemon: RunningDaemon) -> None:
    for name in ("d.srt", "d.vtt"):
        assert say(shared_daemon, "-o", "a.wav", "--write-subtitles", name, "[[slnc 100]]").returncode == 0
        assert read(shared_daemon.folder / name) == []


def test_they_are_whole_or_not_at_all_and_so_is_the_speech_beside_them(shared_daemon: RunningDaemon) -> None:
    folder = shared_daemon.folder / "whole"
    folder.mkdir()
    (folder / "full.srt").symlink_to("/dev/full")
    (folder / "old.srt").write_text("old")
    full = say(shared_daemon, "-o", "whole/a.wav", "--write-subtitles", "whole/full.srt", "hello")
    assert (full.returncode, full.stderr) == (
        74,
        "say: whole/full.srt cannot be written: No space left on device\n",
    )
    failed = say(shared_daemon, "-v", "nobody", "-o", "whole/a.wav", "--write-subtitles", "whole/old.srt", "hello")
    assert failed.returncode == 64
    missing = say(shared_daemon, "-o", "whole/a.wav", "--write-subtitles", "no/a.srt", "hello")
    assert (missing.returncode, "cannot be created" in missing.stderr) == (73, True)
    assert sorted(file.name for file in folder.iterdir()) == ["full.srt", "old.srt"]
    assert (folder / "old.srt").read_text() == "old"


def test_another_suffix_is_refused_before_anything_is_spoken(shared_daemon: RunningDaemon) -> None:
    run = say(shared_daemon, "-o", "never.wav", "--write-subtitles", "a.sub", "hello")
    assert run.returncode == 64
    assert run.stderr == "say: a.sub names no format of subtitles known here; known are .srt, .vtt\n"
    with pytest.raises(Failure) as failure:
        format_of(Path("srt"))
    assert failure.value.code == USAGE


def test_cues_end_with_sentences_else_with_clauses_and_fit() -> None:
    found = cues_of(STORY)
    assert text_of(found) == STORY
    assert all(len(cue.lines) <= 2 and max(map(width, cue.lines)) <= LINE_COLUMNS for cue in found)
    assert all(cue.end_seconds - cue.start_seconds <= LONGEST_SECONDS for cue in found)
    assert found[0].lines[-1].endswith("hills,") or found[1].lines[-1].endswith("year,")


def test_short_sentences_share_a_cue_within_a_paragraph() -> None:
    assert [cue.lines for cue in cues_of("Yes. No.\n\nWell.")] == [("Yes. No.",), ("Well.",)]


def test_a_script_without_spaces_is_cut_too() -> None:
    text = "吾輩は猫である名前はまだ無いどこで生れたかとんと見当がつかぬ" * 3
    words = [Word(place, 2, place * 0.15) for place in range(0, len(text), 2)]
    found = cues(text, words, [len(text) * 0.15])
    assert "".join(text_of(found).split()) == text
    assert all(max(map(width, cue.lines)) <= LINE_COLUMNS for cue in found)


def test_marks_of_the_formats_themselves_are_safe() -> None:
    cue = Cue(3661.0005, 3661.0005, ("1 --> 2 & <i>",))
    assert vtt([cue]) == "WEBVTT\n\n01:01:01.000 --> 01:01:01.002\n1 --&gt; 2 &amp; &lt;i&gt;\n"
    assert srt([cue]) == "1\n01:01:01,000 --> 01:01:01,002\n1 → 2 & <i>\n"


@given(st.text(alphabet="ab .,!?\n-日", max_size=300))
def test_any_text_is_in_its_cues_whole_and_in_order(text: str) -> None:
    found = cues_of(text)
    if spoken(text):
        assert text_of(found).split() == text.split() or "日" in text
        assert "".join(text_of(found).split()) == "".join(text.split())
    assert all(one.start_seconds < other.start_seconds for one, other in pairwise(found))
    assert all(line.strip() == line and line for cue in found for line in cue.lines)
