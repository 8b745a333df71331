"""The family: which files each model has, and the numbers that all of them share."""

from dataclasses import dataclass, replace
from typing import Literal

SAMPLE_RATE_HZ = 24_000  # of what comes out, and of a voice's mel
ANALYSIS_RATE_HZ = 16_000  # at which a voice's ids and embeddings are computed
TOKENS_PER_SECOND = 25  # speech ids
FRAMES_PER_TOKEN = 2  # mel frames a speech id
SAMPLES_PER_FRAME = 480
SAMPLES_PER_TOKEN = SAMPLES_PER_FRAME * FRAMES_PER_TOKEN
NUM_MELS = 80

NUM_SPEECH_TOKENS = 6561  # 3^8; ids from here on are not sound
START_SPEECH, STOP_SPEECH = 6561, 6562
START_TEXT, STOP_TEXT = 255, 0
SILENCE_TOKEN = 4299  # turbo and nano end with three of them

Backbone = Literal["llama", "gpt2"]


@dataclass(frozen=True, slots=True)
class Variant:
    """What tells one published model from another.

    `t3`, `s3gen` and `voice_encoder` are file names; `tokenizer` is the files of its text stage.
    """

    name: str
    backbone: Backbone
    t3: str
    s3gen: str
    voice_encoder: str
    tokenizer: tuple[str, ...]
    prompt_seconds: float  # of a reference clip that T3 hears
    num_prompt_tokens: int  # what that makes at most
    min_clip_seconds: float = 0.0
    target_loudness_lufs: float | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """All files that are read, the built-in voice included."""
        return (self.t3, self.s3gen, self.voice_encoder, *self.tokenizer, "conds.pt")


GPT2_TOKENIZER = (
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
)
GRAPHEME_TOKENIZER = ("grapheme_mtl_merged_expanded_v1.json", "Cangjie5_TC.json")

BASE = Variant(
    name="base",
    backbone="llama",
    t3="t3_cfg.safetensors",
    s3gen="s3gen.safetensors",
    voice_encoder="ve.safetensors",
    tokenizer=("tokenizer.json",),
    prompt_seconds=6,
    num_prompt_tokens=150,
)
MULTILINGUAL_V3 = Variant(
    name="multilingual",
    backbone="llama",
    t3="t3_mtl23ls_v3.safetensors",
    s3gen="s3gen.pt",
    voice_encoder="ve.pt",
    tokenizer=GRAPHEME_TOKENIZER,
    prompt_seconds=6,
    num_prompt_tokens=150,
)
MULTILINGUAL_V2 = replace(MULTILINGUAL_V3, name="multilingual-v2", t3="t3_mtl23ls_v2.safetensors")
TURBO = Variant(
    name="turbo",
    backbone="gpt2",
    t3="t3_turbo_v1.safetensors",
    s3gen="s3gen_meanflow.safetensors",
    voice_encoder="ve.safetensors",
    tokenizer=GPT2_TOKENIZER,
    prompt_seconds=15,
    num_prompt_tokens=375,
    min_clip_seconds=5.0,
    target_loudness_lufs=-27.0,
)
NANO = replace(TURBO, name="nano", t3="t3_nano_v1.safetensors")
VARIANTS = {variant.name: variant for variant in (BASE, MULTILINGUAL_V2, MULTILINGUAL_V3, TURBO, NANO)}
