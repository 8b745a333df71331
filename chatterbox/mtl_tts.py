"""Multilingual: 23 languages, else as base. The reference's public class, by its name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import torch

from chatterbox import hub
from chatterbox.config import MULTILINGUAL_V2, MULTILINGUAL_V3, PACKS, Variant
from chatterbox.errors import CheckpointError, TextError
from chatterbox.model import Model
from chatterbox.t3.alignment import Rule
from chatterbox.t3.model import MAX_NEW_TOKENS
from chatterbox.t3.sampling import Sampling
from chatterbox.text.languages import SUPPORTED_LANGUAGES
from chatterbox.text.normalize import normalize
from chatterbox.text.tokenizers import MultilingualTokenizer
from chatterbox.utterance import Utterance, speaks
from chatterbox.voice.clip import Source
from chatterbox.voice.conditionals import Conditionals

T3_MODELS = {"v2": MULTILINGUAL_V2, "v3": MULTILINGUAL_V3}
FAMILY = (*T3_MODELS.values(), *PACKS.values())


class ChatterboxMultilingualTTS(Model):
    """`ChatterboxMultilingualTTS.from_pretrained("cuda").generate("Bonjour", "fr")`."""

    def __init__(
        self, variant: Variant, files: Mapping[str, Path], device: torch.device, dtype: torch.dtype
    ) -> None:
        super().__init__(variant, files, device, dtype)
        self.tokenizer = self._tokenizer(None)

    @classmethod
    def from_local(
        cls,
        ckpt_dir: str | Path,
        device: str | torch.device,
        t3_model: str | None = None,
        dtype: str = "float32",
    ) -> Self:
        """From a folder with the published files. See `Model.load`.

        Args:
            t3_model: `v2` or `v3`; None takes the one that is there, v2 where both are.
        """
        return cls.load(hub.ModelSource(_variant_in(Path(ckpt_dir), t3_model), Path(ckpt_dir)), device, dtype)

    @classmethod
    def from_pretrained(
        cls, device: str | torch.device, t3_model: str | None = None, dtype: str = "float32"
    ) -> Self:
        """From the hub, or its cache. See `Model.load`.

        Args:
            t3_model: `v2`, the reference's default, `v3`, the name of a T3 file, or a single-language model's.
        """
        return cls.load(hub.hub_source(_variant(t3_model or "v2")), device, dtype)

    @classmethod
    def get_supported_languages(cls) -> dict[str, str]:
        """Codes and English names."""
        return dict(SUPPORTED_LANGUAGES)

    def use_dicta(self, model: str | Path) -> None:
        """Point Hebrew from now on by dicta-onnx with this file of its releases. Raises CheckpointError."""
        path = Path(model)
        if not path.is_file():
            raise CheckpointError(f"{path} is missing; download it from the releases of dicta-onnx")
        self.tokenizer = self._tokenizer(path)

    def _tokenizer(self, dicta_model: Path | None) -> MultilingualTokenizer:
        graphemes, *_ = self.variant.tokenizer
        cangjie = self._files.get("Cangjie5_TC.json")
        return MultilingualTokenizer(self._files[graphemes], cangjie, dicta_model=dicta_model)

    def plan(
        self,
        text: str,
        language_id: str | None = None,
        audio_prompt_path: Source | None = None,
        exaggeration: float = 0.5,
        cfg_weight: float = 0.5,
        temperature: float = 0.8,
        repetition_penalty: float = 1.2,
        min_p: float = 0.05,
        top_p: float = 1.0,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        generator: torch.Generator | None = None,
        voice: Conditionals | None = None,
        alignment: Rule | None = None,
        positions: bool = False,
        watermark: bool = True,
        flow_steps: int | None = None,
        text_helpers: Literal["on", "off"] = "on",
    ) -> Utterance:
        """Speak a text: `generate` gives (1, samples) float32 on the CPU, `plan` what that comes to.

        Args:
            language_id: a code of `get_supported_languages`; a single-language model knows its own.
            alignment: what may force or forbid the end, see `t3.alignment`; None is as published, `reference`
                for v2 and off for the others.
            text_helpers: `off` does without the package that Chinese, Hebrew, Japanese and Russian want, as the
                reference does where it is missing.

        The others are those of `ChatterboxTTS`.

        Raises:
            TextError: the text is empty or too long, or its language unknown or without its helper.
            VoiceError: there is no voice, or the recording cannot become one.
            ValueError: an option is out of its range.
        """
        language = language_id or self.variant.language
        if language is None:
            raise TextError(f"language_id is missing; it is one of {', '.join(SUPPORTED_LANGUAGES)}")
        as_published: Rule = "reference" if self.variant.name == MULTILINGUAL_V2.name else "off"
        text_ids = self.tokenizer.encode(normalize(text, "multilingual"), language, text_helpers=text_helpers)
        return Utterance(
            text_ids,
            self.find_voice(voice, audio_prompt_path, exaggeration),
            Sampling(temperature, repetition_penalty, min_p, top_p, cfg_weight=cfg_weight),
            max_new_tokens,
            alignment or as_published,
            positions,
            generator,
            watermark,
            self.tokenizer.pieces(text_ids),
            flow_steps,
        )

    generate = speaks(plan)


def _variant(t3_model: str) -> Variant:
    """By its short name, by its T3 file with or without the ending, or by any name that `find_model` knows."""
    by_file = {known.t3.removesuffix(".safetensors"): known for known in FAMILY}
    named = T3_MODELS.get(t3_model) or by_file.get(t3_model.removesuffix(".safetensors"))
    return _multilingual(named or hub.find_model(t3_model).variant)


def _variant_in(folder: Path, t3_model: str | None) -> Variant:
    """The one that was named, else the one that is there."""
    if t3_model is not None:
        return _variant(t3_model)
    is_v2_there = (folder / MULTILINGUAL_V2.t3).is_file()
    return MULTILINGUAL_V2 if is_v2_there else _multilingual(hub.detect_variant(folder))


def _multilingual(variant: Variant) -> Variant:
    if variant not in FAMILY:
        raise CheckpointError(f"{variant.name} is no multilingual model; use the class that loads it")
    return variant
