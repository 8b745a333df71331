"""Texts that are spoken while they are still being written."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from chatterbox_client import (
    AsyncClient,
    Audio,
    Cancelled,
    Chunk,
    Client,
    Event,
    Options,
    RequestError,
    Unavailable,
)
from chatterbox_client.requests import Request
from tests.running import RunningDaemon, running_daemon, same_length, wait_until
from tests.sound import SAMPLE_RATE_HZ, SoundBench, energy_segments

STORY = (
    "The fox came out of the wood. It looked around, saw nobody, and went on to the river. Dr. Smith was there. "
    "He had been waiting since 3.15 in the morning! "
) * 3
LONG = "This sentence is one of many and is spoken again and again. " * 20


def words_of(items: list[Event | Chunk], text: str) -> list[str]:
    events = [item.fields for item in items if isinstance(item, Event) and item.kind == "word"]
    return [text[fields["start"] :][: fields["length"]] for fields in events]


def ends_of(items: list[Event | Chunk]) -> list[int]:
    """Where the pieces of a text ended."""
    return [i.fields["done_characters"] for i in items if isinstance(i, Event) and i.kind == "progress"]


def written(request: Request, texts: list[str]) -> list[Event | Chunk]:
    with request:
        for text in texts:
            request.write(text)
    return list(request)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_text_in_parts_is_rendered_in_the_pieces_of_the_whole(shared_daemon: RunningDaemon, size: int) -> None:
    parts = [STORY[place : place + size] for place in range(0, len(STORY), size)]
    with shared_daemon.client() as client:
        whole = list(client.synthesize(STORY, Options(rate=4), events=True))
        grown = written(client.synthesize("", Options(rate=4), events=True, is_open=True), parts)
    assert words_of(grown, STORY) == words_of(whole, STORY)
    assert ends_of(grown) == ends_of(whole)


def test_speech_begins_before_the_text_is_complete_and_is_heard_once(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with sound.record() as recording, speaking_daemon.client() as client:
        request = client.speak("One two three. Four ", events=True, is_open=True)
        first = next(iter(request))
        assert isinstance(first, Event)
        assert first.kind == "begin"
        wait_until(lambda: speaking_daemon.status()["player"]["device_state"] == "open", seconds=10)
        items = [first, *written(request, ["five six.", " Seven eight nine."])]
        result = request.result()
    assert words_of(items, "One two three. Four five six. Seven eight nine.") == (
        ["One", "two", "three", "Four", "five", "six", "Seven", "eight", "nine"]
    )
    assert [item.kind for item in items if isinstance(item, Event)].count("begin") == 1
    assert result.underruns == 0  # waiting for text is none
    heard = sum(end - start for start, end in energy_segments(recording.samples()))
    assert heard < result.samples / SAMPLE_RATE_HZ + 0.5


def test_a_clause_is_enough_to_begin_with(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client:
        request = client.speak("When the sun had set behind the snowy hills, the ri", events=True, is_open=True)
        for item in request:
            if isinstance(item, Event) and item.kind == "progress":
                break
        assert item.fields["done_characters"] == 44
        request.write("ders came.")
        request.close()
        assert request.result().samples > 0


def test_what_is_flushed_does_not_wait(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        request = client.synthesize("", events=True, is_open=True)
        request.write("no stop", flush=True)
        assert ends_of([next(i for i in request if isinstance(i, Event) and i.kind == "progress")]) == [7]
        request.close()
        assert request.result().samples > 0


def test_while_it_has_nothing_to_say_others_are_heard_and_it_goes_on(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("writer") as client, speaking_daemon.client("other") as other:
        request = client.speak("", is_open=True)
        request.wait_accepted()
        assert other.speak("another text").result().samples > 0
        assert other.speak("a note", priority="notification").result().samples > 0
        assert [one["request"] for one in other.queue()] == [request.number]
        request.write("And now this. ", flush=True)
        assert next(iter(request)) == Event("begin", {"engine": "builtin", "stand_in": None})
        request.close()
        assert request.result().samples > 0


def test_without_text_no_worker_and_no_device_is_at_work(sound: SoundBench) -> None:
    from tests.conftest import sound_environment

    config = "engine = 'builtin'\nplayer_idle_seconds = 0.1\n"
    with running_daemon(sound_environment(sound), config=config) as daemon, daemon.client() as client:
        request = client.speak("Some words. ", is_open=True)
        request.write("", flush=True)
        next(iter(request))
        wait_until(lambda: daemon.status()["player"]["device_state"] == "closed", seconds=20)
        assert daemon.status()["engines"]["builtin"]["in_hand"] == 0
        request.write("More of them.")
        request.close()
        assert request.result().samples > 0


@pytest.mark.parametrize("texts", [[], ["", ""], ["  ", "\n\n", " "]])
def test_an_empty_text_is_done_when_it_is_finished(speaking_daemon: RunningDaemon, texts: list[str]) -> None:
    with speaking_daemon.client() as client:
        for request in (client.speak("", is_open=True), client.synthesize("", is_open=True)):
            written(request, texts)
            assert request.result().samples == 0


def test_stop_pause_resume_and_interruption_work_as_ever(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("writer") as client, speaking_daemon.client("other") as other:
        waiting = client.speak("", is_open=True)
        waiting.wait_accepted()
        assert other.stop() == 1
        with pytest.raises(Cancelled, match="stopped by other"):
            waiting.result()
        paused = client.speak("One is it. Two ", is_open=True)
        assert next(iter(paused)) is not None
        other.pause()
        paused.write("three four five.")
        other.resume()
        paused.close()
        assert paused.result().samples > 0
        talking = client.speak(LONG, is_open=True)
        next(iter(talking))
        assert other.speak("now", interrupt=True).result().samples > 0
        with pytest.raises(Cancelled, match="interrupted"):
            talking.write("more")


def raw(client: Client, op: str, **values: object) -> None:
    client._call(op, **values)


def test_what_cannot_be_is_refused_and_ends_nothing(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client, shared_daemon.client() as other:
        request = client.synthesize("", is_open=True)
        request.wait_accepted()
        number = request._id
        for who, wanted in ((other, number), (client, 4711)):
            for op in ("append", "finish"):
                with pytest.raises(RequestError, match="no such request") as failure:
                    raw(who, op, request_id=wanted)
                assert failure.value.code == "not_found"
        with pytest.raises(RequestError, match="part of a text must hold"):
            raw(client, "append", request_id=number, parts=[{"noise": 1}])
        raw(client, "finish", request_id=number)
        assert request.result().samples == 0
        whole = client.synthesize(LONG * 20)
        with pytest.raises(RequestError, match="not open"):
            raw(client, "append", request_id=whole._id, text="more")
        whole.cancel()


def test_nothing_can_follow_the_finish(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client:
        request = client.speak(LONG, is_open=True)
        request.wait_accepted()
        number = request._id
        raw(client, "finish", request_id=number)
        for op in ("append", "finish"):
            with pytest.raises(RequestError, match="was finished") as failure:
                raw(client, op, request_id=number)
            assert failure.value.code == "bad_request"
        request.close()
        with pytest.raises(ValueError, match="not open"):
            request.write("more")


def test_the_limit_of_characters_is_that_of_the_sum() -> None:
    with (
        running_daemon(config="engine = 'builtin'\nmax_text_characters = 10\n") as daemon,
        daemon.client() as client,
    ):
        request = client.synthesize("12345", is_open=True)
        request.write("67890")
        with pytest.raises(RequestError, match="11 characters; max_text_characters is 10") as failure:
            request.write("1")
        assert failure.value.code == "too_large"


def test_a_writer_far_ahead_waits_until_it_is_caught_up_with(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        request = client.synthesize("", Options(rate=6), is_open=True)
        request.begin_write("word " * 4_000)
        assert request.is_writing
        with pytest.raises(RequestError, match="not answered yet") as failure:
            raw(client, "append", request_id=request._id, text="more")
        assert failure.value.code == "busy"
        for _ in request:
            if not request.is_writing:
                break
        request.close()
        assert request.result().samples > 0


def test_a_writer_that_dies_ends_it(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("watcher") as watcher:
        writer = speaking_daemon.client("writer")
        writer.speak("Words. And", is_open=True).wait_accepted()
        finished = writer.speak("Words. And more.", is_open=True)
        finished.close()
        finished.wait_accepted()
        assert len(watcher.queue()) == 2
        writer.close()
        wait_until(lambda: len(watcher.queue()) <= 1, seconds=10)
        wait_until(lambda: watcher.status()["requests"]["done"] == 1, seconds=20)
        assert watcher.status()["requests"]["cancelled"] == 1


def test_a_front_that_is_started_again_knows_of_nothing(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        request = client.synthesize("Words. And", is_open=True)
        request.wait_accepted()
        daemon.kill()
        daemon.restart()
        with pytest.raises(Unavailable):
            request.write("more")
        assert client.synthesize("whole").audio().duration_seconds > 0


def test_an_iterator_is_spoken_as_it_goes_on(shared_daemon: RunningDaemon) -> None:
    seen: list[str] = []

    def texts() -> Iterator[str]:
        for word in STORY.split():
            seen.append(word)
            yield f"{word} "

    with shared_daemon.client() as client:
        assert same_length(client.synthesize(texts()).audio(), client.synthesize(STORY).audio())
        assert seen == STORY.split()
        with pytest.raises(ZeroDivisionError):
            client.synthesize(str(1 // n) for n in (1, 0)).result()
        assert client.synthesize("still here").audio().duration_seconds > 0


def test_the_asyncio_client_writes_too(shared_daemon: RunningDaemon) -> None:
    async def texts() -> AsyncIterator[str]:
        for word in STORY.split():
            await asyncio.sleep(0)
            yield f"{word} "

    async def converse() -> tuple[Audio, Audio]:
        async with AsyncClient(str(shared_daemon.socket), start_daemon=False) as client:
            read = await (await client.synthesize(texts())).audio()
            request = await client.synthesize("", is_open=True)
            collecting = asyncio.ensure_future(request.audio())
            for word in STORY.split():
                await request.write(f"{word} ")
            request.close()
            with pytest.raises(ValueError, match="not open"):
                await request.write("more")
            with pytest.raises(ZeroDivisionError):
                await (await client.synthesize(str(1 // n) for n in (1, 0))).result()
            return read, await collecting

    read, wrote = asyncio.run(converse())
    with shared_daemon.client() as client:
        whole = client.synthesize(STORY).audio()
    assert same_length(read, whole)
    assert same_length(wrote, whole)
