"""The promises of the speech queue that hold over any history."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatterbox_daemon.front.priorities import Priority, SpeechQueue


class AnyHistory(RuleBasedStateMachine):
    """Clients, a loudspeaker and people who stop things, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = SpeechQueue[int]()
        self.priorities: dict[int, Priority] = {}
        self.ended: dict[int, str] = {}

    def end(self, item: int, reason: str) -> None:
        assert item not in self.ended, f"{item} ended twice: {self.ended[item]}, {reason}"
        self.ended[item] = reason

    @rule(priority=st.sampled_from(Priority), interrupt=st.booleans())
    def arrive(self, priority: Priority, interrupt: bool) -> None:
        item = len(self.priorities)
        self.priorities[item] = priority
        was_spoken = self.queue.current
        for dropped in self.queue.add(item, priority, interrupt=interrupt):
            assert dropped.reason
            assert self.priorities[dropped.item] is not Priority.IMPORTANT
            assert dropped.item == item or self.priorities[dropped.item].rank >= priority.rank
            if self.priorities[dropped.item] is Priority.PROGRESS and dropped.item != was_spoken:
                assert interrupt or priority is Priority.PROGRESS, "the last progress message was lost"
            self.end(dropped.item, dropped.reason)
        assert self.queue.current in (was_spoken, None)
        self.check_that_nothing_urgent_waits_behind_something_lesser()

    def check_that_nothing_urgent_waits_behind_something_lesser(self) -> None:
        if self.queue.current is not None:
            ranks = [self.priorities[item].rank for item in self.queue.waiting()]
            assert all(self.priorities[self.queue.current].rank <= rank for rank in ranks) or (
                self.priorities[self.queue.current] is Priority.PROGRESS
            )

    @rule()
    def speak(self) -> None:
        expected = self.queue.peek(1) if self.queue.current is None else []
        item = self.queue.next()
        assert [item] == expected or (item is None and not expected)

    @rule()
    def hear_to_the_end(self) -> None:
        if (item := self.queue.current) is not None:
            assert self.queue.finish(item)
            self.end(item, "spoken")

    @rule(data=st.data())
    def stop_one(self, data: st.DataObject) -> None:
        if self.priorities:
            item = data.draw(st.sampled_from(sorted(self.priorities)))
            if self.queue.remove(item):
                self.end(item, "removed")

    @invariant()
    def every_item_is_here_or_has_ended_exactly_once(self) -> None:
        here = [*self.queue.waiting(), *([] if self.queue.current is None else [self.queue.current])]
        assert sorted([*here, *self.ended]) == sorted(self.priorities)
        assert len(self.queue) == len(here)

    @invariant()
    def the_same_priority_is_first_come_first_served(self) -> None:
        for priority in Priority:
            same = [item for item in self.queue.waiting() if self.priorities[item] is priority]
            assert same == sorted(same)
            assert len(same) <= 1 or priority in (Priority.IMPORTANT, Priority.MESSAGE)

    def teardown(self) -> None:
        while self.queue.current is not None or self.queue.next() is not None:
            self.hear_to_the_end()
        assert sorted(self.ended) == sorted(self.priorities)


TestAnyHistory = AnyHistory.TestCase
