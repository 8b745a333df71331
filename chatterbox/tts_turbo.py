"""Turbo and nano: English, small and quick, with tags such as [laugh]. The reference's class, by its name."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import torch

from chatterbox import hub
from chatterbox.config import NANO, TURBO, Variant
from chatterbox.model import Model
from chatterbox.t3.model import MAX_NEW_TOKENS
from chatterbox.t3.sampling import Sampling
from chatterbox.text.normalize import normalize
from chatterbox.text.turbo import TurboTokenizer
from chatterbox.utterance import Utterance, speaks
from chatterbox.voice.clip import Source
from chatterbox.voice.conditionals import Conditionals

log = logging.getLogger(__name__)


class ChatterboxTurboTTS(Model):
    """`ChatterboxTurboTTS.from_pretrained("cpu", nano=True).generate("Oh [laugh] really")`."""

    def __init__(
        self, variant: Variant, files: Mapping[str, Path], device: torch.device, dtype: torch.dtype
    ) -> None:
        super().__init__(variant, files, device, dtype)
        self.tokenizer = TurboTokenizer(files["vocab.json"].parent)

    @classmethod
    def from_local(
        cls, ckpt_dir: str | Path, device: str | torch.device, nano: bool = False, dtype: str = "float32"
    ) -> Self:
        """From a folder with the published files. See `Model.load`."""
        return cls.load(hub.ModelSource(NANO if nano else TURBO, Path(ckpt_dir)), device, dtype)

    @classmethod
    def from_pretrained(cls, device: str | torch.device, nano: bool = False, dtype: str = "float32") -> Self:
        """From the hub, or its cache. See `Model.load`."""
        return cls.load(hub.hub_source(NANO if nano else TURBO), device, dtype)

    def plan(
        self,
        text: str,
        repetition_penalty: float = 1.2,
        min_p: float = 0.0,
        top_p: float = 0.95,
        audio_prompt_path: Source | None = None,
        exaggeration: float = 0.0,
        cfg_weight: float = 0.0,
        temperature: float = 0.8,
        top_k: int = 1000,
        norm_loudness: bool = True,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        generator: torch.Generator | None = None,
        voice: Conditionals | None = None,
        watermark: bool = True,
        flow_steps: int | None = None,
    ) -> Utterance:
        """Speak a text: `generate` gives (1, samples) float32 on the CPU, `plan` what that comes to.

        Args:
            min_p, exaggeration, cfg_weight: these models have none; other values than 0 are warned of and ignored.
            top_k: so many of the likeliest ids are kept; 0 keeps all.
            norm_loudness: bring the recording to −27 LUFS first.

        The others are those of `ChatterboxTTS`.

        Raises:
            TextError: the text is empty or too long.
            VoiceError: there is no voice, or the recording cannot become one.
            ValueError: an option is out of its range.
        """
        if min_p or exaggeration or cfg_weight:
            log.warning("%s has no min_p, exaggeration or cfg_weight; they are ignored", self.variant.name)
        return Utterance(
            self.tokenizer.encode(normalize(text, "turbo")),
            self.find_voice(voice, audio_prompt_path, exaggeration, norm_loudness),
            Sampling(temperature, repetition_penalty, 0.0, top_p, top_k, 0.0),
            max_new_tokens,
            generator=generator,
            watermark=watermark,
            flow_steps=flow_steps,
        )

    generate = speaks(plan)
