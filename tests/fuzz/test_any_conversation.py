"""Clients that come, speak, interrupt, cancel, talk nonsense and leave, in any order, while workers are killed.

With a real daemon that plays to a real sound server: whatever was asked has exactly one final reply.
"""

import os
import signal
from collections import Counter
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chatterbox_client import protocol
from tests.fuzz.effort import effort
from tests.raw import Raw, raw_client
from tests.running import RunningDaemon, wait_until

TEXTS: list[Any] = [
    *(
        "yes",
        "",
        "one two three. " * 3,
        "𝄞\0\u202e",
        [{"mark": "m"}, {"text": "a"}, {"silence": 0.05}, {"mark": "n"}],
    ),
    *("word " * 400, [{"silence": 600}], [{"text": "a", "rate": 2.0}, {"text": "b", "spell": True}]),
]
QUESTIONS: list[dict[str, Any]] = [
    *({"op": op} for op in ("status", "queue", "voices", "devices", "skip", "pause", "resume", "reset")),
    *({"op": "cache", "action": action} for action in ("stats", "clear", "warm")),
    *({"op": "stop", "target": target} for target in ("all", "mine", 1, "nobody")),
    *({"op": "voice", "action": "show"}, {"op": "convert"}, {"op": "dance"}, {"op": None}, {"op": "hello"}),
]
MOST_CLIENTS = 4
OF_SUBSCRIPTIONS = 1_000_000  # ids from here on have no final reply


class Talker:
    """One client: how often each of its ids was used, and the final replies that came for it."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.asked: Counter[int] = Counter()
        self.ended: Counter[int] = Counter()
        self.subscriptions: set[int] = set()

    def say(self, number: int, **header: Any) -> None:
        self.asked[number] += 1
        self.raw.say(id=number, **header)

    def listen(self) -> None:
        """Take every reply that has come; each belongs to something that was asked and has not ended."""
        while self.raw.has_reply():
            reply = self.raw.hear()
            number = reply["re"]
            if number not in self.subscriptions:
                assert self.ended[number] < self.asked[number], f"one reply too many: {reply}"
                self.ended[number] += reply["type"] in protocol.FINAL_TYPES


class AnyConversation(RuleBasedStateMachine):
    """What may happen to a daemon in a day."""

    daemon: ClassVar[RunningDaemon]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.talkers: list[tuple[Talker, ExitStack]] = []
        self.num_asked = 0
        self.last: list[tuple[Talker, int]] = []

    @initialize()
    def begin(self) -> None:
        self.join()

    @precondition(lambda self: len(self.talkers) < MOST_CLIENTS)
    @rule()
    def join(self) -> None:
        own = self.stack.enter_context(ExitStack())
        self.talkers.append((Talker(own.enter_context(raw_client(self.daemon.socket))), own))

    @precondition(lambda self: len(self.talkers) > 1)
    @rule(index=st.integers(0, MOST_CLIENTS))
    def leave(self, index: int) -> None:
        _, own = self.talkers.pop(index % len(self.talkers))
        own.close()

    @rule(
        index=st.integers(0, MOST_CLIENTS),
        text=st.sampled_from(TEXTS),
        priority=st.sampled_from(protocol.PRIORITIES),
        flags=st.sets(st.sampled_from(["interrupt", "events", "private", "cancel_on_disconnect"])),
    )
    def speak(self, index: int, text: Any, priority: str, flags: set[str]) -> None:
        wishes: dict[str, Any] = dict.fromkeys(flags, True)
        self.ask(index, op="speak", parts=text, priority=priority, rate=6.0, volume=0.0, **wishes)

    @rule(index=st.integers(0, MOST_CLIENTS), text=st.sampled_from(TEXTS), credit=st.integers(0, 20))
    def render(self, index: int, text: Any, credit: int) -> None:
        self.ask(index, op="synthesize", parts=text, credit=credit, rate=6.0, events=credit % 2 == 0)

    @rule(index=st.integers(0, MOST_CLIENTS), op=st.sampled_from(["speak", "synthesize"]))
    def begin_to_write(self, index: int, op: str) -> None:
        self.ask(index, op=op, text="It ", open=True, rate=6.0, volume=0.0)

    @rule(
        index=st.integers(0, MOST_CLIENTS),
        text=st.sampled_from(TEXTS),
        back=st.integers(0, 4),
        flush=st.booleans(),
    )
    def write_on(self, index: int, text: Any, back: int, flush: bool) -> None:
        self.ask(index, op="append", request_id=max(0, self.num_asked - back), parts=text, flush=flush)

    @rule(index=st.integers(0, MOST_CLIENTS), back=st.integers(0, 9))
    def write_no_more(self, index: int, back: int) -> None:
        self.ask(index, op="finish", request_id=max(0, self.num_asked - back))

    @rule(index=st.integers(0, MOST_CLIENTS), question=st.sampled_from(QUESTIONS))
    def question(self, index: int, question: dict[str, Any]) -> None:
        self.ask(index, **question)

    @rule(index=st.integers(0, MOST_CLIENTS), chunks=st.integers(0, 50), back=st.integers(0, 9))
    def pay(self, index: int, chunks: int, back: int) -> None:
        self.ask(index, op="credit", request_id=max(0, self.num_asked - back), chunks=chunks)

    @rule(index=st.integers(0, MOST_CLIENTS), back=st.integers(0, 9))
    def cancel(self, index: int, back: int) -> None:
        self.ask(index, op="stop", target_id=max(0, self.num_asked - back))

    @rule(index=st.integers(0, MOST_CLIENTS), op=st.sampled_from(["speak", "synthesize", "status"]))
    def use_an_id_again(self, index: int, op: str) -> None:
        talker, _ = self.talkers[index % len(self.talkers)]
        talker.say(max(talker.asked, default=1) or 1, op=op, text="again")

    @rule(index=st.integers(0, MOST_CLIENTS))
    def subscribe(self, index: int) -> None:
        talker, _ = self.talkers[index % len(self.talkers)]
        number = OF_SUBSCRIPTIONS + len(talker.subscriptions)
        talker.subscriptions.add(number)
        talker.raw.say(op="events", id=number)

    @rule(index=st.integers(0, MOST_CLIENTS), frames=st.lists(st.binary(max_size=30), min_size=1, max_size=5))
    def talk_nonsense(self, index: int, frames: list[bytes]) -> None:
        talker, _ = self.talkers[index % len(self.talkers)]
        talker.asked[0] += 1
        talker.raw.send(b"?", *frames)

    @rule(name=st.sampled_from(["builtin", "player"]), blow=st.sampled_from([signal.SIGKILL, signal.SIGSTOP]))
    def strike(self, name: str, blow: signal.Signals) -> None:
        status = self.daemon.status()
        pid = (status["player"] if name == "player" else status["engines"][name])["pid"]
        if pid is not None:
            with suppress(ProcessLookupError):  # it may have died of an earlier blow
                os.kill(pid, blow)

    @rule()
    def reload(self) -> None:
        self.daemon.process.send_signal(signal.SIGHUP)

    def ask(self, index: int, **header: Any) -> None:
        self.num_asked += 1
        self.talkers[index % len(self.talkers)][0].say(self.num_asked, **header)

    @invariant()
    def nothing_ends_twice(self) -> None:
        for talker, _ in self.talkers:
            talker.listen()

    def teardown(self) -> None:
        """Once everything has been stopped nothing waits for a reply, and nothing is left over."""
        wait_until(self.is_all_read, seconds=30)
        self.ask(0, op="stop", target="all")
        wait_until(self.has_everything_ended, seconds=60)
        self.stack.close()
        wait_until(self.is_nothing_left, seconds=30)
        assert "a mistake in the daemon" not in self.daemon.log.read_text()

    def is_all_read(self) -> bool:
        """Whether all that was said has been read: of each talker, what it asks now comes last."""
        if not self.last:
            for index, (talker, _) in enumerate(self.talkers):
                self.ask(index, op="status")
                self.last.append((talker, self.num_asked))
        self.nothing_ends_twice()
        return all(talker.ended[number] for talker, number in self.last)

    def has_everything_ended(self) -> bool:
        self.nothing_ends_twice()
        return all(talker.asked == talker.ended for talker, _ in self.talkers)

    def is_nothing_left(self) -> bool:
        status = self.daemon.status()
        return (status["clients"], status["requests"]["under_way"], status["queue"]["waiting"]) == (1, 0, 0)


def test_whatever_happens_everything_asked_has_exactly_one_final_reply(speaking_daemon: RunningDaemon) -> None:
    AnyConversation.daemon = speaking_daemon
    pid = speaking_daemon.process.pid
    once = settings(effort(20, 200), stateful_step_count=30, phases=[Phase.generate], database=None)
    run_state_machine_as_test(AnyConversation, settings=once)
    assert speaking_daemon.status()["pid"] == pid
