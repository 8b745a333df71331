"""The built-in voice: espeak-ng, at its own rate and pitch, resampled to 24 kHz."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import soxr

from chatterbox_client.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from chatterbox_daemon.worker.engine import Answer, EngineError, Output, Piece, Spoken, Voice
from chatterbox_daemon.worker.espeak import Espeak, Parameter
from chatterbox_daemon.worker.journal import Journal
from chatterbox_daemon.worker.spelling import SpokenText, prepare
from chatterbox_daemon.worker.words import Words

NORMAL_WORDS_PER_MINUTE = 175
SLOWEST, FASTEST = 80, 900  # words a minute that espeak speaks
FALLBACK_VOICE = "en-gb"


class BuiltinEngine:
    """espeak-ng as an engine: ready in milliseconds, needs no weights."""

    has_own_rate = True
    num_slots = 1

    def __init__(self) -> None:
        self.default_voice = FALLBACK_VOICE
        self._espeak: Espeak | None = None
        self._identifiers: dict[str, str] = {}
        self._voices: list[Voice] = []
        self._voice_in_use: str | None = None

    def load(self, settings: Mapping[str, Any], journal: Journal) -> None:  # noqa: ARG002
        """Start espeak-ng; `settings["voice"]` becomes the default voice."""
        self._espeak = Espeak()
        for voice in self._espeak.voices():
            if voice.language not in self._identifiers:
                self._identifiers[voice.language] = voice.identifier
                self._voices.append(Voice(voice.language, voice.language, voice.gender, voice.description))
        wanted = settings.get("voice") or FALLBACK_VOICE
        self.default_voice = self._find(wanted) or FALLBACK_VOICE

    def voices(self) -> list[Voice]:
        """One voice a language."""
        return self._voices

    def warm_up(self) -> bool:
        """Speak a word to nobody, so that the first one is not later than the rest."""
        self.synthesize(Piece("warm"), _Nobody())
        return True

    def synthesize(self, piece: Piece, output: Output) -> Spoken:
        """Speak a piece; a single character is spoken by its name."""
        espeak = self._loaded()
        voice = self._choose(piece)
        if voice != self._voice_in_use:
            espeak.use_voice(self._identifiers[voice])
            self._voice_in_use = voice
        self._set_prosody(espeak, piece.options)
        spoken = prepare(piece.text, digits=bool(piece.options.get("digits")))
        is_spelt = piece.options.get("spell") or len(spoken.text.strip()) == 1
        speech = _Speech(espeak.rate_hz, Words("" if is_spelt else piece.text), spoken, output)
        if is_spelt:
            for index, character in enumerate(spoken.text):
                if not character.isspace() and not output.is_cancelled:
                    speech.begin_character(index)
                    espeak.speak_character(character, speech.receive_character)
        elif spoken.text.strip():
            espeak.speak(spoken.text, speech.receive)
        speech.finish()
        return Spoken(voice)

    def convert(self, piece: Piece, output: Output) -> Spoken:  # noqa: ARG002
        """It cannot."""
        raise EngineError("the built-in voice cannot convert recordings; a model can", "unavailable")

    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:  # noqa: ARG002
        """Its voices are fixed."""
        raise EngineError("the built-in voice has no voices to be changed; a model has", "unavailable")

    def stats(self) -> dict[str, Any]:
        """Nothing worth a figure."""
        return {}

    def reset(self) -> None:
        """Choose the voice anew at the next piece."""
        self._voice_in_use = None

    def _loaded(self) -> Espeak:
        if self._espeak is None:
            raise EngineError("the built-in voice is not loaded", "unavailable")
        return self._espeak

    def _choose(self, piece: Piece) -> str:
        """The voice asked for, else the best for the language, else the default."""
        if piece.voice is not None:
            found = self._find(piece.voice)
            if found is None:
                raise EngineError(f"there is no voice {piece.voice!r}; see: chatterbox voices", "not_found")
            return found
        if piece.language is not None:
            return self._for_language(piece.language) or self.default_voice
        return self.default_voice

    def _find(self, name: str) -> str | None:
        wanted = name.lower().replace("_", "-")
        for voice in self._voices:
            if wanted in (voice.name.lower(), voice.description.lower()):
                return voice.name
        return self._for_language(wanted) if len(wanted) == 2 else None

    def _for_language(self, language: str) -> str | None:
        """The voice of a tag such as `pt-BR`, or of its language alone; the default one if it speaks it."""
        tag = language.lower().replace("_", "-")
        names = [voice.name for voice in self._voices]
        base = tag.partition("-")[0]
        for candidate in (tag, self.default_voice if self.default_voice.partition("-")[0] == base else base, base):
            if candidate in names:
                return candidate
        return next((name for name in names if name.partition("-")[0] == base), None)

    def _set_prosody(self, espeak: Espeak, options: Mapping[str, Any]) -> None:
        words_per_minute = round(NORMAL_WORDS_PER_MINUTE * options.get("rate", 1.0))
        espeak.set(Parameter.RATE, min(FASTEST, max(SLOWEST, words_per_minute)))
        # espeak's pitch runs over two octaves, in steps of equal ratio.
        espeak.set(Parameter.PITCH, round(50 + options.get("pitch", 0.0) * 50 / 12))


class _Speech:
    """One piece's samples on their way from espeak to the output: resampled, with the original text's words."""

    def __init__(self, rate_hz: int, words: Words, spoken: SpokenText, output: Output) -> None:
        self._words, self._spoken, self._output = words, spoken, output
        self._resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
        self._ratio = SAMPLE_RATE_HZ / rate_hz
        self._received_samples = self._sent_samples = 0
        self._character: tuple[int, int] | None = None

    def receive(self, samples: bytes, places: list[tuple[int, int]]) -> bool:
        """What espeak calls back with."""
        words = []
        last = self._received_samples + len(samples) // SAMPLE_BYTES - 1
        for at, character in places:  # espeak places some behind the end of the speech
            sample = max(self._sent_samples, int(min(at, last) * self._ratio))
            words += self._words.reach(sample, self._spoken.place(character, 1)[0])
        self._write(np.frombuffer(samples, dtype="<i2"), words)
        return not self._output.is_cancelled

    def begin_character(self, index: int) -> None:
        """The next samples name the character at this index."""
        self._character = self._spoken.place(index, 1)

    def receive_character(self, samples: bytes, _: list[tuple[int, int]]) -> bool:
        """As `receive`, for a character spoken by its name."""
        words = []
        if self._character is not None:
            words = [(round(self._received_samples * self._ratio), *self._character)]
            self._character = None
        self._write(np.frombuffer(samples, dtype="<i2"), words)
        return not self._output.is_cancelled

    def finish(self) -> None:
        """Send what the resampler still holds, and the words that espeak has passed over."""
        if not self._output.is_cancelled:
            resampled = self._resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            last_sample = self._sent_samples + len(resampled) - 1
            self._output.write(resampled, self._words.rest(max(0, min(self._sent_samples, last_sample))))

    def _write(self, samples: np.ndarray[Any, np.dtype[np.int16]], words: list[tuple[int, int, int]]) -> None:
        self._received_samples += len(samples)
        resampled = self._resampler.resample_chunk(samples.astype(np.float32) / 32768)
        self._sent_samples += len(resampled)
        if len(resampled) or words:
            self._output.write(resampled, words)


class _Nobody:
    """An output that wants nothing."""

    is_cancelled = False

    def write(self, samples: object, words: object = None) -> None:
        """Drop it."""
