"""An engine that takes several pieces at once: files are whole and in order, and what is heard now goes first."""

import os
import signal
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from chatterbox_client import Audio, Chunk, Client, Event, Options
from tests.conftest import sound_environment
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

COMMON = 'instant = "model"\ncache_bytes = 0\n'
ONE = f'model_engine = "tests.engines:ToneEngine"\n{COMMON}'
FOUR = f'model_engine = "tests.engines:SteppingEngine"\n{COMMON}'
SENTENCES = [f"This is sentence number {number} of a text that somebody wants in a file." for number in range(9)]
LONG = " ".join(SENTENCES)
PARTS = [
    {"mark": "first"},
    {"text": f"{SENTENCES[0]} {SENTENCES[1]} "},
    {"silence": 0.5},
    {"text": SENTENCES[2], "voice": "low"},
    {"mark": "between"},
    {"text": f" {SENTENCES[3]}"},
    {"mark": "last"},
]


def quick(sound: SoundBench) -> dict[str, str]:
    return {**sound_environment(sound), "TONE_RTF": "0.05"}


@pytest.fixture(scope="module")
def one(sound: SoundBench) -> Iterator[RunningDaemon]:
    with running_daemon(quick(sound), config=ONE) as daemon:
        daemon.child_pid("chatterbox")
        yield daemon


@pytest.fixture
def four(sound: SoundBench) -> Iterator[RunningDaemon]:
    with running_daemon(quick(sound), config=FOUR) as daemon:
        daemon.child_pid("chatterbox")
        yield daemon


def in_hand(daemon: RunningDaemon) -> int:
    count: int = daemon.status()["engines"]["chatterbox"]["in_hand"]
    return count


def told(client: Client, text: str | list[dict[str, object]]) -> tuple[bytes, list[Event], int]:
    """All that comes of a text: samples, events, and how many samples its final reply counts."""
    request = client.synthesize(text, Options(engine="chatterbox"), events=True)
    samples, events = bytearray(), []
    for each in request:
        if isinstance(each, Chunk):
            samples += each.samples
        else:
            events.append(each)
    return bytes(samples), events, request.result().samples


def render(client: Client, text: str) -> Audio:
    return client.synthesize(text, Options(engine="chatterbox")).audio()


@pytest.mark.parametrize("text", [LONG, PARTS], ids=["a text", "parts with silences, marks and voices"])
def test_a_text_rendered_in_several_parts_at_once_is_that_of_one_after_the_other(
    one: RunningDaemon, four: RunningDaemon, text: str | list[dict[str, object]]
) -> None:
    with one.client() as client:
        samples, events, num_samples = told(client, text)
    with four.client() as client:
        assert told(client, text) == (samples, events, num_samples)
    assert num_samples * 2 == len(samples)
    places = [event.fields["at_seconds"] for event in events]
    assert places == sorted(places)


def test_sentences_of_one_text_are_at_the_engine_together_and_one_slot_is_kept(four: RunningDaemon) -> None:
    with four.client() as client:
        request = client.synthesize(LONG * 3, Options(engine="chatterbox"))
        request.wait_accepted()
        wait_until(lambda: in_hand(four) == 3, seconds=5)
        for _ in range(10):
            assert in_hand(four) <= 3
            sleep(0.05)
        request.cancel()
        wait_until(lambda: in_hand(four) == 0, seconds=2)


def test_what_is_heard_now_goes_before_files_that_lose_nothing_by_it(four: RunningDaemon) -> None:
    with four.client() as client, four.client() as other:
        expected = [render(other, LONG), render(other, LONG * 2)]
        files = [other.synthesize(text, Options(engine="chatterbox")) for text in (LONG, LONG * 2)]
        for file in files:
            file.wait_accepted()
        wait_until(lambda: in_hand(four) == 3, seconds=5)
        times = client.speak("now", Options(engine="chatterbox")).result().times
        assert times["first_audio"] < 0.5
        assert [file.audio() for file in files] == expected


def test_files_of_several_clients_go_on_by_turns(four: RunningDaemon) -> None:
    """The short one does not wait for the end of the long one."""
    with four.client() as client, four.client() as other:
        long = other.synthesize(LONG * 4, Options(engine="chatterbox"))
        long.wait_accepted()
        wait_until(lambda: in_hand(four) == 3, seconds=5)
        asked_at = monotonic()
        short = render(client, SENTENCES[0])
        seconds = monotonic() - asked_at
        assert len(short.samples) > 0
        result = long.result()
    assert seconds < result.times["done"] / 2


def test_a_model_that_dies_with_several_parts_in_hand_costs_no_sample(four: RunningDaemon) -> None:
    with four.client() as client:
        expected = render(client, LONG)
        request = client.synthesize(LONG, Options(engine="chatterbox"))
        samples = bytearray(next(chunk.samples for chunk in request if isinstance(chunk, Chunk)))
        os.kill(four.child_pid("chatterbox"), signal.SIGKILL)
        for chunk in request:
            if isinstance(chunk, Chunk):
                samples += chunk.samples
        assert request.result().stand_in is None
    assert bytes(samples) == bytes(expected.samples)


def test_one_part_that_cannot_be_rendered_ends_the_whole_with_the_reason(four: RunningDaemon) -> None:
    with four.client() as client:
        request = client.synthesize(f"{LONG} please huge. {LONG}", Options(engine="chatterbox"))
        result = request.result()
        assert result.stand_in is not None
        assert "memory" in result.stand_in
        assert in_hand(four) == 0
        assert len(render(client, SENTENCES[0]).samples) > 0
