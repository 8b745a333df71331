"""What somebody does with speech at a desk: texts aloud and into files, a screen reader, editors, settings.

Each act ends what it began, or leaves it for the next; whatever does not end as it must is a MistakeError.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import wave
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from time import sleep

from benchmarks.soak.callers import PRIORITIES, CountingClient, MistakeError
from chatterbox_client import Cancelled, Client, Options, protocol
from chatterbox_client.cli.bench.dispatcher import Dispatcher
from chatterbox_client.cli.bench.reader import LABELS, LETTERS
from chatterbox_client.cli.bench.texts import LENGTHS, LONG, sentence
from chatterbox_client.protocol import Message
from chatterbox_client.requests import Request

UNHEARD = Options(language="en-us", volume=0.0)  # a desk is not alone in its room
SETTINGS = ("rate=0", "pitch=0", "volume=-100", "language=en-US", "voice=male1", "synthesis_voice=NULL")
TYPED = [("CHAR", letter) for letter in LETTERS]
WALKED = [("SPEAK", f"<speak>{label}</speak>") for label in LABELS]
SAY = (sys.executable, "-c", "from chatterbox_client.cli import say; say()", "--language", "en-us")
MUTED = "muted"
PROGRAM_SECONDS = 120.0


class Listener(CountingClient):
    """A client that counts how its texts ended, who spoke them, and how often the player ran dry meanwhile."""

    def __init__(self, address: str) -> None:
        super().__init__(address, name="desk", start_daemon=False)
        self.ends: Counter[str] = Counter()
        self.speakers: Counter[str] = Counter()
        self.underruns: list[int] = []

    def _receive(self, timeout_seconds: float | None, descriptor: int | None = None) -> Message | None:
        message = super()._receive(timeout_seconds, descriptor)
        if message is not None and message.header["type"] in protocol.FINAL_TYPES:
            self._count(message.header)
        return message

    def _count(self, header: protocol.Header) -> None:
        if "samples" in header:  # of a text
            self.ends[header["type"]] += 1
            self.underruns.append(header["underruns"])
            if header["type"] == "done":
                self.speakers["cache" if header["cached"] else header["engine"]] += 1


class Desk:
    """Somebody at work, as chance has it; of slowness 1 a person, below it somebody in a hurry."""

    def __init__(self, client: Client, module: Dispatcher, chance: Random, slowness: float) -> None:
        self._client, self._module, self._chance, self._slowness = client, module, chance, slowness
        self._left: list[Request] = []  # texts that nobody waited for
        self.module_ends: Counter[str] = Counter()
        self.program_ends: Counter[str] = Counter()

    def settle(self) -> None:
        """Wait for what was left to itself."""
        while self._left:
            with suppress(Cancelled):
                self._left.pop().result()

    def hear_a_sentence(self) -> None:
        """As `say` does: to its end."""
        self._client.speak(self._sentence(), UNHEARD).result()

    def be_notified(self) -> None:
        """A text that nobody waits for, of any priority; the next act meets it."""
        text, priority = self._chance.choice(LABELS), self._chance.choice(PRIORITIES)
        interrupts = self._chance.random() < 0.3
        self._left.append(self._client.speak(text, UNHEARD, priority=priority, interrupt=interrupts))

    def type_with_a_reader(self) -> None:
        """Letters, each of which interrupts the last."""
        self._read([self._chance.choice(TYPED) for _ in range(self._chance.randint(5, 30))], 0.03, 0.25)

    def walk_with_a_reader(self) -> None:
        """Labels, each of which interrupts the last."""
        self._read([self._chance.choice(WALKED) for _ in range(self._chance.randint(3, 15))], 0.05, 0.8)

    def read_in_turns(self) -> None:
        """A paragraph that is paused, resumed, and heard out or given up."""
        request = self._client.speak(LENGTHS["paragraph"], UNHEARD)
        self._wait(0.3, 4.0)
        self._client.pause()
        self._wait(0.3, 4.0)
        self._client.resume()
        self._wait(0.3, 4.0)
        self._end(request, gives_up=self._chance.random() < 0.6)

    def give_up_a_long_text(self) -> None:
        """By its own client's stop, everybody's, or a skip."""
        request = self._client.speak(LONG, UNHEARD)
        self._wait(0.0, 5.0)
        self._chance.choice([request.cancel, lambda: self._client.stop("mine"), self._client.skip])()
        self._end(request, gives_up=True)

    def render_a_file(self) -> None:
        """`say -o`: the file holds what the reply counts."""
        with tempfile.TemporaryDirectory(prefix="soak") as folder:
            file = Path(folder) / "said.wav"
            printed = self._say("-o", str(file), "--json", self._sentence()).communicate(timeout=PROGRAM_SECONDS)
            with wave.open(str(file)) as said:
                num_samples = said.getnframes()
        if not num_samples or num_samples != json.loads(printed[0])["samples"]:
            raise MistakeError(f"{num_samples} samples are in a file of which was said: {printed[0]}")
        self.program_ends["done"] += 1

    def silence_a_program(self) -> None:
        """What an editor does: its `say` is ended before it is done."""
        program = self._say("--volume", "0", LENGTHS["sentence"])
        self._wait(0.0, 3.0)
        program.send_signal(self._chance.choice((signal.SIGTERM, signal.SIGINT)))
        program.communicate(timeout=PROGRAM_SECONDS)
        self.program_ends[f"status {program.returncode}"] += 1

    def write_while_it_speaks(self) -> None:
        """An open text, a few words at a time."""
        with self._client.speak("", UNHEARD, is_open=True) as request:
            for word in self._sentence().split():
                request.write(f"{word} ")
                self._wait(0.0, 0.5)
        request.result()

    def look_around(self) -> None:
        """What a program's window would show."""
        for ask in (self._client.status, self._client.queue, self._client.voices, self._client.devices):
            ask()
        self._client.cache("stats")

    def want_quiet(self) -> None:
        """Muted, nothing is spoken; what is rendered is."""
        self._client.mute("on")
        try:
            self._client.speak(self._sentence(), UNHEARD).result()
            raise MistakeError("a text was spoken though the user wanted quiet")
        except Cancelled as cancelled:
            if not str(cancelled).startswith(MUTED):
                raise MistakeError(f"muted, a text ended otherwise: {cancelled}") from cancelled
        finally:
            self._client.mute("off")

    def reload(self) -> None:
        """The configuration is read again."""
        os.kill(self._client.status()["pid"], signal.SIGHUP)

    def warm_the_cache(self) -> None:
        """With labels that a reader will meet, and sentences that nobody will."""
        phrases = [*self._chance.sample(LABELS, 4), sentence(self._chance.randrange(1000), 4)]
        self._client.cache("warm", phrases=phrases, **UNHEARD.as_dict())

    def _sentence(self) -> str:
        return sentence(self._chance.randrange(1_000_000), self._chance.randint(3, 15))

    def _wait(self, least_seconds: float, most_seconds: float) -> None:
        sleep(self._slowness * self._chance.uniform(least_seconds, most_seconds))

    def _end(self, request: Request, *, gives_up: bool) -> None:
        if gives_up:
            request.cancel()
            with suppress(Cancelled):
                request.result()
        else:
            request.result()

    def _read(self, texts: list[tuple[str, str]], least_seconds: float, most_seconds: float) -> None:
        """Have the module say them; only the last is heard out."""
        for index, (command, text) in enumerate(texts, 1):
            message = self._module.say(text, command, SETTINGS)
            if index == len(texts):
                self._module.finish(message)
            else:
                self._wait(least_seconds, most_seconds)
                self._module.silence(message)
            self.module_ends[message.end] += 1

    def _say(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen([*SAY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
