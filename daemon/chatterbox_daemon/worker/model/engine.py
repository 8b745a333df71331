"""Chatterbox as an engine: text pieces in, samples out as they are made, in a voice of the user's."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox.errors import ChatterboxError
from chatterbox.mtl_tts import ChatterboxMultilingualTTS
from chatterbox.streaming import LOOKAHEAD_TOKENS, cut, growing
from chatterbox.t3.speech import Step
from chatterbox.utterance import Utterance
from chatterbox.vc import speech_ids
from chatterbox_daemon.voices.store import VoiceStore
from chatterbox_daemon.worker.engine import Answer, EngineError, Output, Piece, Speaking, Spoken, Voice, finish
from chatterbox_daemon.worker.journal import Journal
from chatterbox_daemon.worker.model import memory
from chatterbox_daemon.worker.model.choosing import choose_device, choose_model, class_of, holding
from chatterbox_daemon.worker.model.figures import Cancelled, Figures, Steps
from chatterbox_daemon.worker.model.limits import num_tokens_allowed
from chatterbox_daemon.worker.model.pace import Pace
from chatterbox_daemon.worker.model.timing import WordClock
from chatterbox_daemon.worker.model.voices import OWN_VOICE, Chosen, VoiceBook
from chatterbox_daemon.worker.spelling import prepare, spelled

OPTIONS = {
    "llama": ("temperature", "repetition_penalty", "min_p", "top_p", "exaggeration", "cfg_weight", "flow_steps"),
    "gpt2": ("temperature", "repetition_penalty", "top_k", "top_p", "flow_steps"),
}
MODEL_OPTIONS = {name for names in OPTIONS.values() for name in names}
CONVERTED_TOKENS = 100  # a piece of a converted recording: 4 s


class ModelEngine:
    """One model of the family, loaded once."""

    has_own_rate = False
    num_slots = 1  # as the settings have it

    def __init__(self) -> None:
        self.default_voice = OWN_VOICE

    @memory.running_out()
    def load(self, settings: Mapping[str, Any], journal: Journal) -> None:
        """Load the model that the settings name; docs/configuration.md describes them."""
        device = choose_device(settings["model_device"])
        source = choose_model(settings["model"], device)
        journal.tell(f"loading {source.name} on {device}")
        self.num_slots = settings["model_slots"]
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(len(os.sched_getaffinity(0)))
        started_at = perf_counter()
        try:
            with holding(device):
                memory.limit(device, settings["memory_limit_bytes"])
                self._model = class_of(source.variant).load(
                    source, device, settings["model_dtype"], settings["model_compile"], self.num_slots
                )
                _ = self._model.watermarker  # now, not at the first word
                self._help_with_text(settings)
        except ChatterboxError as error:
            raise EngineError(str(error), "unavailable") from error
        self._way, self._is_ready = self._model.way, True
        self._journal, self._pace = journal, Pace()
        self._figures = Figures(self._model, perf_counter() - started_at)
        self._seconds_per_character = settings["max_seconds_per_character"]
        store = VoiceStore(Path(settings["voices_folder"]))
        self._voices = VoiceBook(self._model, source.id, store, journal)
        self.default_voice = self._voices.default()

    def voices(self) -> list[Voice]:
        """The model's own, and the user's."""
        return self._voices.list()

    def warm_up(self) -> bool:
        """Speak a word to nobody, so that the first one is not later than the rest."""
        self._get_ready()
        if self._way != "off":
            with self._journal.timed("capturing every graph"):
                self._model.warm_up()
            self._figures.captured()
        if self._model.conds is None:
            return False
        finish(self.synthesize(Piece("Warm.", voice=OWN_VOICE, options={"seed": 0, "paced": True}), _Nobody()))
        self._figures.begin()
        return True

    def synthesize(self, piece: Piece, output: Output) -> Speaking:
        """Speak a piece, each part of it as soon as it is there; others go on after each id and flow's step."""
        with memory.running_out(), _explained():
            self._get_ready()
            voice = self._voices.choose(piece.voice)
            utterance = self._plan(piece, voice)
            steps = Steps(output)
            yield from self._speak(piece, utterance, steps, output)
            for late in self._figures.captured():
                self._journal.add(f"capturing {late.what}", late.seconds)
        return Spoken(voice.name, is_truncated=steps.count == utterance.max_new_tokens and not steps.has_stopped)

    def _speak(self, piece: Piece, utterance: Utterance, steps: Steps, output: Output) -> Iterator[None]:
        clock = WordClock(piece.text, utterance.text_pieces if utterance.positions else ())

        def take(step: Step) -> None:
            steps.take(step)
            clock.take(step)

        with self._figures.timing(steps) as timing, suppress(Cancelled):
            pace = self._pace.begin() if piece.options.get("paced") else None
            sizes = pace.num_tokens if pace else growing
            if pace:
                utterance = replace(utterance, num_alone=sizes(0) + LOOKAHEAD_TOKENS + 1)
            for part in self._model.stream(utterance, sizes, on_step=take):
                if part is not None:
                    wave, is_last = part
                    start, end = timing.num_samples, timing.take(wave.shape[-1])
                    output.write(wave[0].numpy(), clock.until(end, start_sample=start, is_last=is_last))
                    if pace:
                        pace.note(*steps.since_last(), wave.shape[-1] / SAMPLE_RATE_HZ)
                yield from steps.pause()

    def convert(self, piece: Piece, output: Output) -> Speaking:
        """Say what a recording says in one of the voices; others go on after each step of the flow."""
        with memory.running_out(), _explained(), suppress(Cancelled):
            voice, steps = self._voices.choose(piece.voice), Steps(output)
            ids = speech_ids(piece.clip, self._model.load_prompt_analyser())[0].tolist()
            wave = self._model.start_wave(
                voice.conditionals.gen, _generator(piece), flow_steps=piece.options.get("flow_steps")
            )
            for part in wave.follow(cut(ids, lambda _: CONVERTED_TOKENS)):
                if part is not None:
                    output.write(part[0][0].numpy(), [])
                yield from steps.pause()
        return Spoken(voice.name)

    @memory.running_out()
    def command(self, action: str, arguments: Mapping[str, Any], payload: bytes) -> Answer:
        """Add, show, remove, rename, export, import a voice, or make it the default."""
        answer = self._voices.command(action, arguments, payload)
        self.default_voice = self._voices.default()
        return answer

    def stats(self) -> dict[str, Any]:
        """Figures for `status`."""
        return {**self._figures.describe(), "voices": self._voices.stats()}

    def reset(self) -> None:
        """Let go of the voices, of what was captured and of its buffers: all is made again when it is needed."""
        self._voices.forget()
        self._model.run_by("off")
        self._is_ready = False
        memory.release()

    def _get_ready(self) -> None:
        """Have again what a reset has let go."""
        if not self._is_ready:
            self._model.run_by(self._way, self.num_slots)
            self._is_ready = True

    def _help_with_text(self, settings: Mapping[str, Any]) -> None:
        """What rewrites the text of some languages first, see docs/models.md. Raises ChatterboxError."""
        self._text_helpers = settings["text_helpers"]
        if settings["dicta_model"] and isinstance(self._model, ChatterboxMultilingualTTS):
            self._model.use_dicta(Path(settings["dicta_model"]).expanduser())

    def _plan(self, piece: Piece, voice: Chosen) -> Utterance:
        variant, digits = self._model.variant, bool(piece.options.get("digits"))
        allowed = OPTIONS[variant.backbone]
        given = {name: value for name, value in piece.options.items() if name in MODEL_OPTIONS}
        if foreign := [name for name in given if name not in allowed]:
            raise ValueError(f"{variant.name} has no {foreign[0]}; it has {', '.join(allowed)}")
        options = {name: value for name, value in voice.defaults.items() if name in allowed} | given
        if self._model.t3.aligned_heads:
            options["positions"] = True
        if variant.is_multilingual:
            language = piece.language or voice.language or variant.language or "en"
            options["language_id"] = language.partition("-")[0].lower()
            options["text_helpers"] = self._text_helpers
        utterance = self._model.plan(
            spelled(piece.text) if piece.options.get("spell") else prepare(piece.text, digits=digits).text,
            voice=voice.conditionals,
            max_new_tokens=num_tokens_allowed(piece.text, self._seconds_per_character),
            generator=_generator(piece),
            **options,
        )
        return replace(utterance, is_shared=piece.options.get("shared", True))


class _Nobody:
    """An output that wants nothing."""

    is_cancelled = False

    def write(self, samples: object, words: object = None) -> None:
        """Drop it."""


@contextmanager
def _explained() -> Iterator[None]:
    """What the model refuses is the request's fault."""
    try:
        yield
    except (ChatterboxError, ValueError) as error:
        raise EngineError(str(error), "bad_request") from error


def _generator(piece: Piece) -> torch.Generator:
    return torch.Generator().manual_seed(piece.options.get("seed", 0))
