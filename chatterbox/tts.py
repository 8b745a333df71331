"""Base: English, 0.5 B parameters, guided, with exaggeration. The reference's public class, by its name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import torch

from chatterbox import hub
from chatterbox.config import BASE, Variant
from chatterbox.model import Model
from chatterbox.t3.alignment import Rule
from chatterbox.t3.model import MAX_NEW_TOKENS
from chatterbox.t3.sampling import Sampling
from chatterbox.text.normalize import normalize
from chatterbox.text.tokenizers import EnglishTokenizer
from chatterbox.utterance import Utterance, speaks
from chatterbox.voice.clip import Source
from chatterbox.voice.conditionals import Conditionals


class ChatterboxTTS(Model):
    """`ChatterboxTTS.from_pretrained("cuda").generate("Hello")` is a wave (1, samples) at `sr` Hz."""

    def __init__(
        self, variant: Variant, files: Mapping[str, Path], device: torch.device, dtype: torch.dtype
    ) -> None:
        super().__init__(variant, files, device, dtype)
        self.tokenizer = EnglishTokenizer(files["tokenizer.json"])

    @classmethod
    def from_local(cls, ckpt_dir: str | Path, device: str | torch.device, dtype: str = "float32") -> Self:
        """From a folder with the published files. See `Model.load`."""
        return cls.load(hub.ModelSource(BASE, Path(ckpt_dir)), device, dtype)

    @classmethod
    def from_pretrained(cls, device: str | torch.device, dtype: str = "float32") -> Self:
        """From the hub, or its cache. See `Model.load`."""
        return cls.load(hub.hub_source(BASE), device, dtype)

    def plan(
        self,
        text: str,
        repetition_penalty: float = 1.2,
        min_p: float = 0.05,
        top_p: float = 1.0,
        audio_prompt_path: Source | None = None,
        exaggeration: float = 0.5,
        cfg_weight: float = 0.5,
        temperature: float = 0.8,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        generator: torch.Generator | None = None,
        voice: Conditionals | None = None,
        alignment: Rule | None = None,
        positions: bool = False,
        watermark: bool = True,
        flow_steps: int | None = None,
    ) -> Utterance:
        """Speak a text: `generate` gives (1, samples) float32 on the CPU, `plan` what that comes to.

        Args:
            audio_prompt_path: a recording to imitate in this call.
            exaggeration: 0.5 is neutral, more is livelier.
            cfg_weight: how far to lean to the text; 0 takes half the time.
            max_new_tokens: of speech, 25 a second, the stop included.
            generator: of the CPU; None is torch's global one. The same state gives the same wave.
            voice: instead of `conds`; see `make_voice`.
            alignment: what may force or forbid the end, see `t3.alignment`; None is as published, off.
            positions: whether each step tells where in the text it is.
            watermark: whether the wave carries Perth's mark.
            flow_steps: from speech ids to sound, 1 to 100; None is as published, 10, or 2 with turbo and nano.
                Fewer are quicker and rougher.

        Raises:
            TextError: the text is empty or too long.
            VoiceError: there is no voice, or the recording cannot become one.
            ValueError: an option is out of its range.
        """
        text_ids = self.tokenizer.encode(normalize(text, "base"))
        return Utterance(
            text_ids,
            self.find_voice(voice, audio_prompt_path, exaggeration),
            Sampling(temperature, repetition_penalty, min_p, top_p, cfg_weight=cfg_weight),
            max_new_tokens,
            alignment or "off",
            positions,
            generator,
            watermark,
            self.tokenizer.pieces(text_ids),
            flow_steps,
        )

    generate = speaks(plan)
