"""Emacspeak's speech server: obeys each command at once; only the mouth waits for the daemon.

Tones and sound files are left to Emacs: the daemon says texts and nothing else.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chatterbox_client.options import Options
from chatterbox_client.readers import ssml
from chatterbox_client.readers.emacspeak.languages import Languages
from chatterbox_client.readers.emacspeak.lines import Command
from chatterbox_client.readers.emacspeak.state import State, number, punctuation
from chatterbox_client.readers.mouth import Mouth, Saying, Speech
from chatterbox_client.readers.ssml import Break, Fragment
from chatterbox_client.readers.wording import Parts, character_parts, has_speech, parts_of
from chatterbox_client.version import __version__

log = logging.getLogger(__name__)

_PAUSE = "[*]"  # DECtalk's, which Emacspeak puts between clauses
LONGEST_SILENCE_MILLISECONDS = 10_000


class Server:
    """One run of the server: what is queued, and what is being said."""

    def __init__(self, mouth: Mouth, state: State) -> None:
        self._mouth = mouth
        self._state = state
        self._queue: list[Fragment] = []
        self._code = ""  # of the voice for the texts that follow
        self._queued_rate: float | None = None
        self._sayings: list[Saying] = []
        self._commands: dict[str, Callable[[str], None]] = {
            "q": self._enqueue,
            "c": self._set_code,
            "r": self._set_queued_rate,
            "sh": self._enqueue_silence,
            "d": lambda _: self._dispatch(),
            "s": lambda _: self._stop(),
            "l": self._say_letter,
            "tts_say": self._say_now,
            "tts_sync_state": self._sync,
            "tts_set_speech_rate": lambda value: self._change(rate=number(value, self._state.rate)),
            "tts_set_character_scale": self._set_character_scale,
            "tts_set_punctuations": self._set_punctuations,
            "tts_capitalize": lambda value: self._change(raises_capitals=value == "1"),
            "tts_split_caps": lambda value: self._change(splits_caps=value == "1"),
            "tts_pause": lambda _: mouth.pause(),
            "tts_resume": lambda _: mouth.resume(),
            "tts_reset": lambda _: self._reset(),
            "version": lambda _: self._say_now(f"Chatterbox {__version__}"),
            **Languages(mouth, self._set_language, self._say_now).commands,
        }

    def obey(self, command: Command) -> None:
        """Do what a command says, as far as it can be done; others are ignored."""
        action = self._commands.get(command.name)
        if action is not None:
            action(command.argument.strip() if command.name != "l" else command.argument)
        else:
            log.debug("ignored: %s", command.name)

    def _enqueue(self, text: str) -> None:
        prosody = self._state.prosody
        if self._queued_rate is not None:
            prosody = replace(self._state, rate=self._queued_rate).prosody
        markup = self._code + ssml.escape(text.replace(_PAUSE, ", ")) + " "
        self._queue += ssml.parse(markup, prosody)

    def _set_code(self, code: str) -> None:
        self._code = code

    def _set_queued_rate(self, value: str) -> None:
        self._queued_rate = number(value, self._state.rate)

    def _enqueue_silence(self, value: str) -> None:
        milliseconds = min(LONGEST_SILENCE_MILLISECONDS, number(value, 0))
        self._queue.append(Break(milliseconds / 1000))

    def _dispatch(self) -> None:
        queue, self._queue = self._queue, []
        self._code, self._queued_rate = "", None
        if queue:
            self._say(parts_of(queue, self._state.wording))

    def _say_letter(self, letter: str) -> None:
        self._stop()
        raising = replace(self._state.wording, capitals="icon")
        self._say(character_parts(letter.strip() or " ", self._state.letter_prosody, raising))

    def _say_now(self, text: str) -> None:
        self._stop()
        spoken = ssml.Text(text.replace(_PAUSE, " "), self._state.prosody)
        self._say(parts_of([spoken], self._state.wording))

    def _say(self, parts: Parts) -> None:
        """Have it said after what this server still says; anybody else's speech gives way."""
        self._sayings = [saying for saying in self._sayings if not saying.is_over]
        if has_speech(parts):
            speech = Speech(parts, Options(language=self._state.language), interrupts=not self._sayings)
            self._sayings.append(self._mouth.say(speech, _Nobody()))

    def _stop(self) -> None:
        self._queue.clear()
        self._code, self._queued_rate = "", None
        for saying in self._sayings:
            saying.stop()
        self._sayings.clear()

    def _sync(self, argument: str) -> None:
        level, capitalize, _, split, rate = (*argument.split(), "", "", "", "", "")[:5]
        self._change(
            punctuation=punctuation(level, self._state.punctuation),
            raises_capitals=capitalize == "1",
            splits_caps=split == "1",
            rate=number(rate, self._state.rate),
        )

    def _set_character_scale(self, value: str) -> None:
        self._change(letter_factor=number(value, self._state.letter_factor))

    def _set_punctuations(self, level: str) -> None:
        self._change(punctuation=punctuation(level, self._state.punctuation))

    def _set_language(self, language: str) -> None:
        self._change(language=language)

    def _reset(self) -> None:
        self._stop()
        self._state = State(normal_rate=self._state.normal_rate, rate=self._state.normal_rate)

    def _change(self, **values: Any) -> None:
        self._state = replace(self._state, **values)


class _Nobody:
    """A listener that wants to know nothing: Emacspeak is never told anything."""

    def begin(self) -> None: ...

    def mark(self, name: str, at_seconds: float) -> None: ...

    def samples(self, samples: bytes) -> None: ...

    def end(self, *, is_complete: bool) -> None: ...
