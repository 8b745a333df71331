"""The family: which files each model has and where they are published, and the numbers that all of them share."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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

    `t3`, `s3gen` and `voice_encoder` are file names; `tokenizer` is the files of its text stage. `language` is set
    where the model speaks one language only and its text stage still wants to be told.
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
    language: str | None = None
    drops_last_token: bool = False  # its 40 ms are noise

    @property
    def is_multilingual(self) -> bool:
        """Whether its text stage knows more than English."""
        return self.tokenizer[0] == GRAPHEME_TOKENIZER[0]

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
    drops_last_token=True,
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


def _pack(tag: str, language: str) -> Variant:
    """A single-language finetune of the multilingual model."""
    return replace(
        MULTILINGUAL_V3,
        name=f"multilingual-{tag}",
        t3=f"t3_{tag.replace('-', '_')}.safetensors",
        s3gen="s3gen_v3.pt",
        tokenizer=GRAPHEME_TOKENIZER if language == "zh" else GRAPHEME_TOKENIZER[:1],
        language=language,
    )


PACK_LANGUAGES = {"zh-cmn": "zh", "es-mx-latam": "es", "pt-br": "pt", "es-es": "es", "pt-pt": "pt", "hi": "hi"}
PACKS = {pack.name: pack for pack in (_pack(tag, language) for tag, language in PACK_LANGUAGES.items())}
# A folder of the user's may lack them: the built-in voice, and what only Chinese needs.
OPTIONAL_FILES = frozenset({"conds.pt", "Cangjie5_TC.json"})


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository on the Hugging Face hub.

    `revision` is the commit that is pulled. Where it is None no commit is known to us: `main` is followed once and
    the cache remembers which commit it was. `pins` holds what is known of the files at that commit: bytes, and the
    hub's ETag, which is a file's sha256 or, for small files, its git blob id.
    """

    id: str
    revision: str | None = None
    pins: Mapping[str, tuple[int | None, str]] = field(default_factory=dict, compare=False, repr=False)


_VOICE_ENCODER = (5_695_784, "f0921cab452fa278bc25cd23ffd59d36f816d7dc5181dd1bef9751a7fb61f63c")
_GRAPHEMES = (69_989, "d27fb3f2fd38ca39b7bbfbf83a13b3c617e551df")
_GPT2_PINS = {
    "s3gen_meanflow.safetensors": (
        1_064_875_036,
        "d65cb687a2ed581ee6cc297e919ffefa63386944f42364ae13b78a594945514f",
    ),
    "ve.safetensors": _VOICE_ENCODER,
    "conds.pt": (169_454, "b1852099306fd6a7814eb9d0bd10186caba7249596cc23868f78a0eefbfa5033"),
    "vocab.json": (999_186, "a15dd0028acd1dd2c1c2394c80e1de8f3f12a0e4"),
    "merges.txt": (456_318, "226b0752cac7789c48f0cb3ec53eda48b7be36cc"),
    "added_tokens.json": (418, "fd85325cdfafc690469b6f0e8aeb5cf4649c1450"),
    "special_tokens_map.json": (470, "b2d2dbc845800c78fe98656af927d831ab4ff7b7"),
    "tokenizer_config.json": (3_878, "58bc759ea7dab3dd5442f0500e493f170eeba67f"),
}
BASE_REPO = Repo(
    "ResembleAI/chatterbox",
    "5bb1f6ee58e50c3b8d408bc82a6d3740c2db6e18",
    {
        "t3_cfg.safetensors": (
            2_129_653_744,
            "914cb1696f47527fe8852ca8f1fe1fa63cb34f76f9c715e84e067b744dd0da81",
        ),
        "t3_mtl23ls_v2.safetensors": (
            2_143_989_752,
            "b1237586127ce98e7800a68e49938eb5092846862aabcb6e17b2fda7889a6c75",
        ),
        "t3_mtl23ls_v3.safetensors": (
            2_143_989_928,
            "5abca8321ede76f8e61f1cc0d19aea6c946b28871017ce8726f8a69203f05953",
        ),
        "s3gen.safetensors": (1_056_484_620, "2b78103c654207393955e4900aac14a12de8ef25f4b09424f1ef91941f161d4e"),
        "s3gen.pt": (1_057_165_844, "9b9ff07e60b20c136e2b1b3d7563a24604e8d2c4c267888d1ee929dd0151d2a3"),
        "ve.safetensors": _VOICE_ENCODER,
        "ve.pt": (5_698_626, "4b16d836bc598509860f6fa068165a8bb5e9ac84f05582dfcf278a5a372879f1"),
        "conds.pt": (107_374, "6552d70568833628ba019c6b03459e77fe71ca197d5c560cef9411bee9d87f4e"),
        "tokenizer.json": (25_470, "abd07c710243ba89bf1b21780e7c37ddde92334e"),
        "grapheme_mtl_merged_expanded_v1.json": _GRAPHEMES,
        "Cangjie5_TC.json": (1_920_163, "d77891f84ca1db0d6f7058a4ee081d4bb0bfe88e"),
    },
)
TURBO_REPO = Repo(
    "ResembleAI/chatterbox-turbo",
    "749d1c1a46eb10492095d68fbcf55691ccf137cd",
    _GPT2_PINS
    | {
        "t3_turbo_v1.safetensors": (
            1_915_480_052,
            "fcf1f8c1d651bb7e3acd69ee5be269b4ac10c02980b7708213d598bc9f7cdf87",
        ),
    },
)
NANO_REPO = Repo(
    "ResembleAI/chatterbox-nano",
    "71ccd1d0081b430592cea481f4307e764e07bc64",
    _GPT2_PINS
    | {
        "t3_nano_v1.safetensors": (
            869_899_204,
            "72b110185087d945dbdf54dee4e333848e1811bdd5fd6cb16ceb8da50006f0c9",
        ),
    },
)
# Of zh-cmn and pt-pt none is known to us; that zh-cmn names its T3 as the others do is likely, not seen.
_PACK_REVISIONS = {
    "es-mx-latam": "27e595bf2fe7be0533ca299d9afafcde08b7cca7",
    "es-es": "7262b364e3222ba9446c9289e7485eadc47ed902",
    "hi": "82ca71273cc2a9ab19efdf8315f865c1a5af0ee7",
    "pt-br": "b3952f18bc2eaa72b9bd7c17d2c4653bcad4770d",
}
_PT_BR_PINS = {
    "t3_pt_br.safetensors": (None, "074aaf65255eb9cb960288f7cc72e09d3b5008f6e0b14868c0d4e5b0bd7cbb6c"),
    "s3gen_v3.pt": (1_056_903_694, "f7abce4b196dae2d08d9296cbebc6521b046079577643b42a19a03499d08721e"),
    "grapheme_mtl_merged_expanded_v1.json": _GRAPHEMES,
}
# Which repository publishes a model; a pack takes FROM_BASE from the base repository.
REPOS = {
    "base": BASE_REPO,
    "multilingual": BASE_REPO,
    "multilingual-v2": BASE_REPO,
    "turbo": TURBO_REPO,
    "nano": NANO_REPO,
} | {
    f"multilingual-{tag}": Repo(
        f"ResembleAI/Chatterbox-Multilingual-{tag}",
        _PACK_REVISIONS.get(tag),
        _PT_BR_PINS if tag == "pt-br" else {},
    )
    for tag in PACK_LANGUAGES
}
FROM_BASE = frozenset({"ve.pt", "conds.pt", "Cangjie5_TC.json"})
