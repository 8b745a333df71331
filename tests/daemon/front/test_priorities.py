"""Every arrival against every state of the queue."""

import pytest

from chatterbox_daemon.front.priorities import Dropped, Priority, SpeechQueue

I, M, X, N, P = Priority  # noqa: E741  (important, message, text, notification, progress)

# While an item of the column's priority is spoken, one of the row's arrives: what becomes of the two.
ARRIVES_WHILE_SPEAKING = """
                important   message     text        notification  progress
important       waits       interrupts  interrupts  interrupts    interrupts
message         waits       waits       interrupts  interrupts    interrupts
text            waits       waits       interrupts  interrupts    interrupts
notification    refused     refused     refused     interrupts    refused
progress        waits       waits       waits       waits         waits
"""

# Nothing is spoken yet, an item of the column's priority waits, one of the row's arrives: who is left, in order.
ARRIVES_WHILE_WAITING = """
                important   message     text        notification  progress
important       old,new     new,old     new,old     new           new,old
message         old,new     old,new     new         new           old,new
text            old,new     old,new     new         new           old,new
notification    old         old         old         new           old
progress        old,new     old,new     new,old     new,old       new
"""


def cells(table: str) -> list[tuple[Priority, Priority, str]]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return [
        (Priority(row[0]), Priority(column), outcome)
        for row in rows
        for column, outcome in zip(head, row[1:], strict=True)
    ]


def queue_speaking(priority: Priority) -> SpeechQueue[str]:
    queue = SpeechQueue[str]()
    queue.add("old", priority)
    queue.next()
    return queue


@pytest.mark.parametrize(("arriving", "spoken", "outcome"), cells(ARRIVES_WHILE_SPEAKING))
def test_an_arrival_meets_what_is_being_spoken(arriving: Priority, spoken: Priority, outcome: str) -> None:
    queue = queue_speaking(spoken)
    dropped = [entry.item for entry in queue.add("new", arriving)]
    assert dropped == {"waits": [], "interrupts": ["old"], "refused": ["new"]}[outcome]
    assert queue.current == (None if outcome == "interrupts" else "old")
    assert queue.waiting() == ([] if outcome == "refused" else ["new"])


@pytest.mark.parametrize(("arriving", "waiting", "left"), cells(ARRIVES_WHILE_WAITING))
def test_an_arrival_meets_what_is_waiting(arriving: Priority, waiting: Priority, left: str) -> None:
    queue = SpeechQueue[str]()
    queue.add("old", waiting)
    dropped = [entry.item for entry in queue.add("new", arriving)]
    assert queue.waiting() == left.split(",")
    assert dropped == [item for item in ("old", "new") if item not in left.split(",")]


@pytest.mark.parametrize("arriving", Priority)
def test_an_arrival_in_an_idle_queue_is_spoken(arriving: Priority) -> None:
    queue = SpeechQueue[str]()
    assert queue.add("only", arriving) == []
    assert queue.next() == "only"
    assert queue.current == "only"


@pytest.mark.parametrize("arriving", Priority)
@pytest.mark.parametrize("spoken", Priority)
def test_say_now_silences_its_own_priority_and_below_but_never_an_important_item(
    arriving: Priority, spoken: Priority
) -> None:
    queue = queue_speaking(spoken)
    dropped = [entry.item for entry in queue.add("new", arriving, interrupt=True)]
    if spoken is not I and spoken.rank >= arriving.rank:
        assert dropped == ["old"]
        assert queue.next() == "new"
    else:
        assert dropped == (["new"] if arriving is N else [])
        assert queue.current == "old"


def test_say_now_empties_the_queue_of_messages_and_of_pending_progress() -> None:
    queue = queue_speaking(M)
    for item, priority in (("message", M), ("progress", P)):
        queue.add(item, priority)
    dropped = queue.add("now", M, interrupt=True)
    assert [entry.item for entry in dropped] == ["old", "message", "progress"]
    assert queue.waiting() == ["now"]


def test_an_important_item_postpones_waiting_messages_and_text() -> None:
    queue = queue_speaking(M)
    queue.add("message", M)
    queue.add("text", X)
    assert [entry.item for entry in queue.add("important", I)] == ["old"]
    assert queue.waiting() == ["important", "message", "text"]


def test_the_newest_of_several_texts_waits_behind_a_message() -> None:
    queue = queue_speaking(M)
    queue.add("first", X)
    assert queue.add("second", X) == [Dropped("first", "replaced by a newer text")]
    assert queue.waiting() == ["second"]


def test_the_last_progress_is_said_as_a_message_after_others_took_the_floor() -> None:
    queue = queue_speaking(X)
    queue.add("50 %", P)
    assert queue.add("100 %", P) == [Dropped("50 %", "replaced by a newer progress message")]
    queue.add("newer text", X)
    assert queue.waiting() == ["100 %", "newer text"]
    assert queue.next() == "100 %"
    assert queue.add("impatient text", X) == [Dropped("newer text", "replaced by a newer text")]
    assert queue.current == "100 %"


def test_the_last_progress_takes_its_turn_among_the_messages() -> None:
    queue = queue_speaking(M)
    for item, priority in (("before", M), ("progress", P), ("after", M)):
        queue.add(item, priority)
    assert queue.waiting() == ["before", "progress", "after"]


def test_the_reasons_say_who_took_the_floor() -> None:
    assert queue_speaking(X).add("new", X) == [Dropped("old", "interrupted by a newer text")]
    assert queue_speaking(X).add("new", I) == [Dropped("old", "interrupted by a newer important message")]
    assert queue_speaking(M).add("new", N) == [Dropped("new", "something else is being spoken")]
    queue = SpeechQueue[str]()
    queue.add("old", M)
    assert queue.add("new", N) == [Dropped("new", "something else is waiting to be spoken")]


def test_an_item_cannot_be_queued_twice() -> None:
    queue = queue_speaking(M)
    queue.add("waiting", M)
    for item in ("old", "waiting"):
        with pytest.raises(ValueError, match="already queued"):
            queue.add(item, M)


def test_a_late_report_about_an_item_that_was_cancelled_is_recognised() -> None:
    queue = queue_speaking(X)
    queue.add("new", X)
    assert queue.next() == "new"
    assert not queue.finish("old")
    assert queue.current == "new"
    assert not queue.remove("old")


def test_nothing_is_taken_while_something_is_spoken() -> None:
    queue = queue_speaking(M)
    queue.add("waiting", M)
    assert queue.next() is None
    assert queue.finish("old")
    assert queue.next() == "waiting"


def test_removed_items_are_gone_wherever_they_were() -> None:
    queue = queue_speaking(M)
    queue.add("waiting", M)
    assert queue.remove("waiting")
    assert queue.remove("old")
    assert len(queue) == 0
    assert queue.next() is None


def test_peek_shows_the_next_items_and_takes_none() -> None:
    queue = SpeechQueue[str]()
    for item, priority in (("message", M), ("text", X), ("important", I)):
        queue.add(item, priority)
    assert queue.peek(2) == ["important", "message"]
    assert len(queue) == 3


def test_an_item_that_rests_hinders_nobody_and_waits_anew_when_it_is_woken() -> None:
    queue: SpeechQueue[str] = SpeechQueue()
    queue.add("open", M)
    assert queue.next() == "open"
    queue.rest("open")
    assert (queue.current, len(queue), queue.peek(2), queue.waiting()) == (None, 0, [], ["open"])
    assert queue.add("note", N) == []
    assert queue.next() == "note"
    queue.add("later", M)
    assert queue.wake("open")
    assert not queue.wake("open")
    assert queue.waiting() == ["later", "open"]
    with pytest.raises(ValueError, match="already queued"):
        queue.add("open", M)


def test_an_item_that_rests_is_dropped_like_what_waits() -> None:
    queue: SpeechQueue[str] = SpeechQueue()
    for item, priority in (("text", X), ("message", M)):
        queue.add(item, priority)
        queue.next()
        queue.rest(item)
    assert queue.waiting() == ["message"]
    assert queue.add("now", M, interrupt=True) == [Dropped("message", "replaced by a newer message")]
    queue.next()
    queue.rest("now")
    assert queue.remove("now")
    assert queue.waiting() == []
