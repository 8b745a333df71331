"""What a daemon is asked to say, seen from outside."""

import threading
from collections.abc import Callable

from chatterbox_client import Unavailable
from tests.running import RunningDaemon, wait_until


class Watch:
    """Collects what one client has said by a daemon: the beginnings of the texts, and how each ended."""

    def __init__(self, daemon: RunningDaemon, client: str) -> None:
        self.texts: list[str] = []
        self.ends: dict[str, str] = {}
        self._client_name = client
        self._daemon = daemon
        is_subscribed = threading.Event()
        threading.Thread(target=self._collect, args=[is_subscribed], daemon=True).start()
        assert is_subscribed.wait(10)

    def wait_for(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait until the condition holds."""
        try:
            wait_until(condition, seconds=seconds)
        except AssertionError:
            raise AssertionError(f"waited in vain; said so far: {self.texts}, ended: {self.ends}") from None

    def wait_for_text(self, text: str) -> None:
        """Wait until this text, or one with it, is to be said."""
        self.wait_for(lambda: any(text in said for said in self.texts))

    def _collect(self, is_subscribed: threading.Event) -> None:
        numbers: dict[int, str] = {}
        with self._daemon.client("watch") as client:
            events = client.subscribe()
            client.status()  # answered after the subscription
            is_subscribed.set()
            try:
                for event in events:
                    if event["event"] == "accepted" and event["client"] == self._client_name:
                        numbers[event["request"]] = event["text"].strip()
                        self.texts.append(event["text"].strip())
                    elif event["event"] in ("done", "cancelled", "error") and event["request"] in numbers:
                        self.ends[numbers[event["request"]]] = event["event"]
            except Unavailable:
                return
