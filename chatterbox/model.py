"""What the public text-to-speech classes share: loading, voices, and utterances from text ids to a wave."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from chatterbox import hub
from chatterbox.config import SAMPLE_RATE_HZ, STOP_SPEECH, Variant
from chatterbox.devices import find_device, find_dtype
from chatterbox.errors import VoiceError
from chatterbox.graph import Captured, Compile, find_compile
from chatterbox.s3gen import S3Gen
from chatterbox.streaming import CONTEXT_TOKENS, StreamingMetrics, WaveStream, cut, growing, measured
from chatterbox.t3.model import T3
from chatterbox.t3.speech import Step, speech_as_it_comes, speech_only
from chatterbox.utterance import Spoken, Utterance
from chatterbox.vocoder.trim import cut_last_token
from chatterbox.voice.analysis import PromptAnalyser, VoiceAnalyser
from chatterbox.voice.clip import Source
from chatterbox.voice.conditionals import Conditionals, Gen
from chatterbox.watermark import Watermarker
from chatterbox.weights import Checkpoint


class Model:
    """One model of the family on one device. Speaking changes nothing in it.

    `conds` is the voice of a call that names none: at first the built-in one, where the files hold one.
    """

    def __init__(
        self, variant: Variant, files: Mapping[str, Path], device: torch.device, dtype: torch.dtype
    ) -> None:
        self.variant, self.device, self.sr = variant, device, SAMPLE_RATE_HZ
        self._files = files
        self.t3 = T3.from_checkpoint(Checkpoint.open(files[variant.t3]), variant.backbone, device, dtype)
        self.s3gen = S3Gen.load(Checkpoint.open(files[variant.s3gen]), device, dtype)
        self.conds = Conditionals.load(files["conds.pt"]).to(device) if "conds.pt" in files else None
        self.way: Compile = "off"

    @classmethod
    def load(
        cls,
        source: hub.ModelSource,
        device: str | torch.device,
        dtype: str | torch.dtype = "float32",
        compile: Compile = "off",  # noqa: A002 - torch's own word for it
        num_together: int = 0,
    ) -> Self:
        """From the hub's cache, which is filled first, or from a folder.

        Args:
            device: `cpu`, `cuda`, `cuda:1`, `mps`.
            dtype: of T3 and the flow: `float32`, `bfloat16`, `float16`, or `auto`, the fastest here.
            compile: `graphs` takes the steps of T3 and of the flow over static buffers; on a GPU they are captured
                as CUDA graphs, once for the life of the model. `inductor` has torch compile them first; it needs
                a C++ compiler. `off` takes them plainly; `auto` is `graphs` on a GPU.
            num_together: how many utterances may share their steps, see `run_by`.

        Raises:
            ChatterboxError: the device or the compiler is not there, or a file is missing, damaged or of another
                model.
            ValueError: there is no such dtype or way to compile.
        """
        found = find_device(device)
        way = find_compile(compile, found)
        model = cls(source.variant, hub.pull(source), found, find_dtype(dtype, found))
        model.run_by(way, num_together)
        return model

    def run_by(self, way: Compile, num_together: int = 0) -> None:
        """Take the steps of T3 and of the flow this way from now on, see `load`; what was captured is let go.

        Args:
            num_together: how many utterances under way may draw their ids together, and by graphs take the flow's
                steps: the weights are read once for all, and the voices that spoke last are not read again. In
                half precision rounding then depends on the company, and with it, rarely, an id. With 0 nothing is
                kept from one utterance to the next, but for graphs, which are made for one then.
        """
        self.way = way
        uses_graphs, is_compiled = way != "off", way == "inductor"
        num_seats = max(num_together, 1 if uses_graphs else 0)
        self.t3.use_batch(num_seats, is_captured=uses_graphs, is_compiled=is_compiled)
        self.s3gen.flow.use_graphs(uses_graphs, is_compiled, max(num_together, 1))

    @property
    def captures(self) -> list[Captured]:
        """Every graph made so far; after `warm_up` there are no more."""
        return [each for static in (self.t3.batch, self.s3gen.flow.static) if static for each in static.captures]

    def warm_up(self) -> None:
        """Capture every graph now."""
        for static in (self.t3.batch, self.s3gen.flow.static):
            if static is not None:
                static.warm_up()

    @abstractmethod
    def plan(self, text: str, *arguments: Any, **options: Any) -> Utterance:
        """What speaking this text comes to; each model has its own options."""

    @cached_property
    def watermarker(self) -> Watermarker:
        """Loaded when it is first needed. Raises ChatterboxError where its package is missing."""
        return Watermarker.load(self.device)

    def make_voice(self, clip: Source, exaggeration: float = 0.5, norm_loudness: bool = True) -> Conditionals:
        """A recording to a voice. What that needs is loaded for it and let go afterwards.

        Args:
            clip: a path, the bytes of a file, or a file open for reading.
            norm_loudness: bring the recording to the model's loudness first, where it has one.

        Raises:
            VoiceError: it is not sound, too short for this model, or silent.
        """
        s3gen = Checkpoint.open(self._files[self.variant.s3gen])
        encoder = Checkpoint.open(self._files[self.variant.voice_encoder])
        analyser = VoiceAnalyser.load(self.variant, s3gen, encoder, self.device)
        return analyser.analyse(clip, exaggeration, norm_loudness)

    def prepare_conditionals(
        self, wav_fpath: Source, exaggeration: float = 0.5, norm_loudness: bool = True
    ) -> None:
        """Make the voice of a recording the one of every later call that names none. Raises VoiceError."""
        self.conds = self.make_voice(wav_fpath, exaggeration, norm_loudness)

    def find_voice(
        self, voice: Conditionals | None, clip: Source | None, exaggeration: float, norm_loudness: bool = True
    ) -> Conditionals:
        """The voice of one call: the one given, else the clip's, else `conds`; with this exaggeration.

        Raises:
            VoiceError: there is none, or the clip cannot become one.
        """
        if voice is None and clip is not None:
            return self.make_voice(clip, exaggeration, norm_loudness)
        voice = voice or self.conds
        if voice is None:
            raise VoiceError(
                "this model has no built-in voice; give audio_prompt_path, or call prepare_conditionals"
            )
        emotion = torch.full((1, 1, 1), float(exaggeration), device=voice.t3.speaker_emb.device)
        return replace(voice, t3=replace(voice.t3, emotion_adv=emotion))

    def steps(self, utterance: Utterance) -> Iterator[Step]:
        """The speech ids of an utterance, each as soon as it is sampled. Raises what `T3.generate` raises."""
        return self.t3.generate(
            utterance.text_ids,
            utterance.voice.t3,
            utterance.sampling,
            max_new_tokens=utterance.max_new_tokens,
            alignment=utterance.alignment,
            positions=utterance.positions,
            generator=utterance.generator,
            is_shared=utterance.is_shared,
            num_alone=utterance.num_alone,
        )

    def speak(self, utterance: Utterance) -> Spoken:
        """The whole wave. Raises what `T3.generate` and `S3Gen.render` raise."""
        steps = list(self.steps(utterance))
        ids = speech_only([step.id for step in steps], self.variant.backbone)
        is_cut = steps[-1].id != STOP_SPEECH
        if not ids:
            return Spoken(torch.zeros(1, 0), steps, is_cut)  # the model stopped at once
        wave = self.s3gen.render(
            torch.tensor([ids]), utterance.voice.gen, utterance.generator, utterance.flow_steps
        )
        if self.variant.drops_last_token:
            wave = cut_last_token(wave)
        return Spoken((self.watermarker.apply(wave) if utterance.watermark else wave).cpu(), steps, is_cut)

    def stream(
        self,
        utterance: Utterance,
        num_tokens: Callable[[int], int] = growing,
        context_tokens: int = CONTEXT_TOKENS,
        on_step: Callable[[Step], None] = lambda _: None,
    ) -> Iterator[tuple[Tensor, bool] | None]:
        """The wave in pieces (1, samples), each as soon as its ids are there, and whether it is the last.

        The ids are those that `speak` draws. None stands for one that completes no piece, and for a step of the
        flow: others may go on then, or this one be ended.

        Args:
            num_tokens: how many ids the piece of an index has.
            context_tokens: how many ids before a piece it is rendered after.
            on_step: is told each id as it is sampled; it may raise to end the utterance.
        """
        waves = self.start_wave(
            utterance.voice.gen,
            _split_off(utterance.generator),
            utterance.watermark,
            context_tokens=context_tokens,
            drops_last_token=self.variant.drops_last_token,
            flow_steps=utterance.flow_steps,
            is_shared=utterance.is_shared,
        )
        ids = speech_as_it_comes(_told(self.steps(utterance), on_step), self.variant.backbone)
        return waves.follow(cut(ids, num_tokens))

    def start_wave(
        self, gen: Gen, generator: torch.Generator, watermark: bool = True, **options: Any
    ) -> WaveStream:
        """A stream that takes speech ids and gives the wave in the voice of `gen`; `options` are the stream's."""
        mark = self.watermarker.apply_next if watermark else None
        return WaveStream(self.s3gen, gen, generator, mark=mark, **options)

    def load_prompt_analyser(self) -> PromptAnalyser:
        """What makes speech ids of a recording; whoever asks keeps it, or lets it go."""
        return PromptAnalyser.load(Checkpoint.open(self._files[self.variant.s3gen]), self.device)

    def generate_stream(
        self, text: str, *, chunk_size: int = 25, context_window: int = 50, **options: Any
    ) -> Iterator[tuple[Tensor, StreamingMetrics]]:
        """Speak a text in pieces, each as soon as its ids are there: (1, samples) each, with how it goes so far.

        Args:
            chunk_size: ids a piece.
            context_window: ids before a piece that it is rendered after, so that it goes on where they end.
            options: those of `generate`, which also says what is raised.
        """
        utterance = self.plan(text, **options)
        return measured(lambda: self.stream(utterance, lambda _: chunk_size, context_window))


def _told(steps: Iterator[Step], on_step: Callable[[Step], None]) -> Iterator[Step]:
    """The same steps, each told of."""
    for step in steps:
        on_step(step)
        yield step


def _split_off(generator: torch.Generator | None) -> torch.Generator:
    """Another generator, settled by this one's state and leaving it as it is."""
    state = (generator or torch.default_generator).get_state()
    apart = torch.Generator()
    apart.set_state(state)
    return apart.manual_seed(int(torch.randint(2**62, (), generator=apart)))
