"""From a client to the sink and back: what is asked for is what is heard."""

import itertools
import threading
from time import monotonic, sleep

import pytest

from chatterbox_client import Audio, Cancelled, Chunk, Event, Options, RequestError
from tests.running import RunningDaemon, same_length, wait_until
from tests.sound import SAMPLE_RATE_HZ, SoundBench, energy_segments

SENTENCE = "The quick brown fox jumps over the lazy dog."
LONG = "This sentence is one of many and is spoken again and again. " * 20


def events_of(request: object) -> list[Event]:
    return [item for item in request if isinstance(item, Event)]  # type: ignore[attr-defined]


def test_what_is_heard_is_what_was_spoken_and_nothing_else(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with sound.record() as recording, speaking_daemon.client() as client:
        result = client.speak([{"text": SENTENCE}, {"silence": 1.0}, {"text": SENTENCE}]).result()
    segments = energy_segments(recording.samples(), min_gap_seconds=0.6)
    assert len(segments) == 2
    (_, first_end), (second_start, second_end) = segments
    assert 0.9 < second_start - first_end < 1.8
    assert second_end - segments[0][0] <= result.samples / SAMPLE_RATE_HZ + 0.1
    assert (result.engine, result.stand_in, result.truncated) == ("builtin", None, False)
    assert 0 < result.times["first_audio"] <= result.times["first_sample"] <= result.times["done"]


def test_words_are_told_in_order_while_they_are_heard(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client:
        events = events_of(client.speak([{"text": "One two "}, {"mark": "m"}, {"text": "three"}], events=True))
    words = [("One two three"[e.fields["start"] :][: e.fields["length"]]) for e in events if e.kind == "word"]
    assert words == ["One", "two", "three"]
    kinds = [event.kind for event in events]
    assert kinds[0] == "begin"
    assert kinds.index("mark") > kinds.index("word")


def test_a_paused_text_is_silent_and_goes_on_where_it_was(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    with sound.record() as recording, speaking_daemon.client() as client, speaking_daemon.client() as other:
        request = client.speak("One two three four five six seven eight nine ten.")
        assert next(iter(request)).kind == "begin"
        sleep(0.8)
        other.pause()
        assert other.status()["player"]["paused"]
        sleep(1.5)
        other.resume()
        result = request.result()
    segments = energy_segments(recording.samples(), min_gap_seconds=0.9)
    assert len(segments) == 2
    spoken = sum(end - start for start, end in segments)
    assert abs(spoken - result.samples / SAMPLE_RATE_HZ) < 0.4


def test_stop_silences_at_once_and_everything(sound: SoundBench, speaking_daemon: RunningDaemon) -> None:
    with sound.record() as recording, speaking_daemon.client() as client, speaking_daemon.client() as other:
        requests = [client.speak(LONG) for _ in range(3)]
        next(iter(requests[0]))
        sleep(0.5)
        stopped_at = monotonic()
        assert other.stop() == 3
        for request in requests:
            with pytest.raises(Cancelled, match="stopped by test"):
                request.result()
        sleep(1.0)
    _, end = energy_segments(recording.samples())[-1]
    assert recording.arrival_of(round(end * SAMPLE_RATE_HZ)) - stopped_at < 0.7
    assert speaking_daemon.status()["state"] == "idle"


def test_only_ones_own_is_stopped_when_asked_so(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("a") as one, speaking_daemon.client("b") as two:
        mine, theirs = one.speak(LONG), two.speak("short")
        mine.wait_accepted()
        assert one.stop("mine") == 1
        assert theirs.result().engine == "builtin"
        with pytest.raises(Cancelled):
            mine.result()


def test_skip_goes_on_with_the_next(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client, speaking_daemon.client() as other:
        first, second = client.speak(LONG), client.speak("short")
        next(iter(first))
        assert other.skip() == 1
        with pytest.raises(Cancelled, match="skipped"):
            first.result()
        assert second.result().samples > 0


def test_say_now_interrupts_and_a_notification_gives_way(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client() as client:
        long = client.speak(LONG)
        next(iter(long))
        note = client.speak("a notification", priority="notification")
        with pytest.raises(Cancelled, match="something else is being spoken"):
            note.result()
        now = client.speak("now", interrupt=True)
        with pytest.raises(Cancelled, match="interrupted"):
            long.result()
        assert now.result().times["first_sample"] < 5


def test_texts_of_several_clients_never_overlap(speaking_daemon: RunningDaemon) -> None:
    texts = ["one two three", "four five six", "seven eight nine"]
    spans: list[tuple[float, float]] = []

    def speak(text: str) -> None:
        with speaking_daemon.client() as client:
            request = client.speak(text)
            next(iter(request))
            began = monotonic()
            request.result()
            spans.append((began, monotonic()))

    threads = [threading.Thread(target=speak, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.sort()
    assert len(spans) == 3
    assert all(first[1] <= second[0] + 0.05 for first, second in itertools.pairwise(spans))


def test_a_long_text_arrives_whole_in_bounded_chunks(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        request = client.synthesize(LONG, Options(rate=3.0))
        sizes = [len(item.samples) for item in request if isinstance(item, Chunk)]
        result = request.result()
    assert sum(sizes) == result.samples * 2
    assert max(sizes) < 200_000


def test_silence_alone_is_silence_of_that_length(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        audio = client.synthesize([{"silence": 2.5}]).audio()
    assert audio.samples == bytes(round(2.5 * SAMPLE_RATE_HZ) * 2)


def test_rate_changes_the_length(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        slow, fast = (client.synthesize(SENTENCE, Options(rate=rate)).audio() for rate in (0.7, 2.0))
    assert 2.0 < slow.duration_seconds / fast.duration_seconds < 4.5


def test_without_a_sound_card_the_reason_is_said_at_once_and_files_still_work(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        with pytest.raises(RequestError, match="nothing can be played") as failure:
            client.speak("hello").result()
        assert failure.value.code == "no_audio"
        assert client.synthesize("hello").audio().duration_seconds > 0.2


def test_the_queue_is_bounded_and_says_so(sound: SoundBench) -> None:
    from tests.conftest import sound_environment
    from tests.running import running_daemon

    with running_daemon(sound_environment(sound), config="max_queue = 5\n") as daemon, daemon.client() as client:
        requests = [client.speak(LONG) for _ in range(7)]
        for request in requests[5:]:
            with pytest.raises(RequestError, match="max_queue") as failure:
                request.result()
            assert failure.value.code == "busy"
        assert len(client.queue()) == 5
        assert client.stop() == 5


def test_a_client_that_leaves_ends_what_only_it_wanted(speaking_daemon: RunningDaemon) -> None:
    with speaking_daemon.client("watcher") as watcher:
        leaving = speaking_daemon.client("leaver")
        kept = leaving.speak(LONG)
        kept.wait_accepted()
        leaving.speak(LONG, cancel_on_disconnect=True).wait_accepted()
        leaving.synthesize(LONG).wait_accepted()
        assert len(watcher.queue()) == 3
        leaving.close()
        wait_until(lambda: len(watcher.queue()) == 1, seconds=5)
        assert watcher.queue()[0]["request"] == kept.number


def test_marks_before_every_word_change_neither_the_sound_nor_its_length(shared_daemon: RunningDaemon) -> None:
    marked = [part for word in SENTENCE.split() for part in ({"mark": word}, {"text": f"{word} "})]
    with shared_daemon.client() as client:
        plain = client.synthesize(SENTENCE).audio()
        request = client.synthesize(marked, events=True)
        items = list(request)
    samples = b"".join(item.samples for item in items if isinstance(item, Chunk))
    assert same_length(Audio(samples), plain)
    events = [item for item in items if isinstance(item, Event)]
    marks = [(event.fields["name"], event.fields["at_seconds"]) for event in events if event.kind == "mark"]
    words = [event.fields["at_seconds"] for event in events if event.kind == "word"]
    assert [name for name, _ in marks] == SENTENCE.split()
    assert [at for _, at in marks[1:]] == words[1:]
