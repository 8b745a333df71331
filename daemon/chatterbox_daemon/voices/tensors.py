"""Conditionals to named tensors and back, and the bytes of a safetensors file, which anybody may have written.

Raises ValueError, and nothing else, for what does not fit. Ids are checked one by one: one beyond its table ends a
GPU's whole process.
"""

from collections.abc import Mapping

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from chatterbox.config import FRAMES_PER_TOKEN, NUM_MELS, NUM_SPEECH_TOKENS
from chatterbox.voice.conditionals import GEN, Conditionals, T3Cond
from chatterbox_daemon.voices import fields

MAX_HEADER_BYTES = 1 << 20  # a million empty tensors would fit into few bytes and much memory
MAX_PROMPT_TOKENS = 1000  # 40 s; today's models hear 15 s
LARGEST = 1e4  # half precision ends at 65504; embeddings and log mels stay below 100
SPEAKER_CHANNELS, X_VECTOR_CHANNELS = 256, 192

SHAPES: dict[str, tuple[int | None, ...]] = {
    "t3.speaker_emb": (1, SPEAKER_CHANNELS),
    "t3.cond_prompt_speech_tokens": (1, None),
    "t3.emotion_adv": (1, 1, 1),
    "gen.prompt_token": (1, None),
    "gen.prompt_token_len": (1,),
    "gen.prompt_feat": (1, None, NUM_MELS),
    "gen.embedding": (1, X_VECTOR_CHANNELS),
}
OPTIONAL = frozenset({"t3.cond_prompt_speech_tokens", "t3.emotion_adv"})
IDS = frozenset({"t3.cond_prompt_speech_tokens", "gen.prompt_token"})
WHOLE = IDS | {"gen.prompt_token_len"}

Tensors = dict[str, Tensor]


def pack(tensors: Tensors, metadata: Mapping[str, str]) -> bytes:
    """The bytes of one safetensors file."""
    # Tensors that share their memory are refused by the library.
    apart = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    return safetensors.torch.save(apart, dict(metadata))


def unpack(data: bytes) -> tuple[Tensors, dict[str, str]]:
    """The tensors and the metadata of a safetensors file."""
    header_bytes = int.from_bytes(data[:8], "little")
    if header_bytes > MAX_HEADER_BYTES:
        raise ValueError(f"its header has {header_bytes} bytes; at most {MAX_HEADER_BYTES}")
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, KeyError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"it is no safetensors file ({fields.shown(str(error))})") from None
    metadata = fields.parse(data[8 : 8 + header_bytes]).get("__metadata__")
    return tensors, metadata or {}  # null is allowed


def from_conditionals(conditionals: Conditionals) -> Tensors:
    """What is kept of conditionals: float32 and int64, on the CPU."""
    there = conditionals.to("cpu", torch.float32)
    named = {f"t3.{name}": value for name, value in vars(there.t3).items()}
    named |= {f"gen.{name}": value for name, value in there.gen.items()}
    tensors = {
        name: value.long() if name in WHOLE else value for name, value in named.items() if value is not None
    }
    _check(tensors)
    return tensors


def to_conditionals(tensors: Tensors) -> Conditionals:
    """The reverse."""
    _check(tensors)
    t3 = T3Cond(
        speaker_emb=tensors["t3.speaker_emb"],
        cond_prompt_speech_tokens=tensors.get("t3.cond_prompt_speech_tokens"),
        emotion_adv=tensors.get("t3.emotion_adv"),
    )
    return Conditionals(t3, {name: tensors.get(f"gen.{name}") for name in GEN})


def _check(tensors: Tensors) -> None:
    if unknown := sorted(set(tensors) - set(SHAPES)):
        raise ValueError(f"conditionals hold no {fields.shown(unknown[0])}")
    if missing := sorted(set(SHAPES) - set(tensors) - OPTIONAL):
        raise ValueError(f"conditionals lack {', '.join(missing)}")
    for name, tensor in tensors.items():
        _check_tensor(name, tensor)
    num_tokens = tensors["gen.prompt_token"].shape[1]
    if int(tensors["gen.prompt_token_len"]) != num_tokens:
        raise ValueError(f"gen.prompt_token_len must be {num_tokens}, the number of ids")
    if (num_frames := tensors["gen.prompt_feat"].shape[1]) != FRAMES_PER_TOKEN * num_tokens:
        raise ValueError(f"gen.prompt_feat must have {FRAMES_PER_TOKEN} frames an id, not {num_frames} in all")


def _check_tensor(name: str, tensor: Tensor) -> None:
    wanted, dtype = SHAPES[name], torch.int64 if name in WHOLE else torch.float32
    if tensor.dtype != dtype:
        raise ValueError(f"{name} must be {dtype}, not {tensor.dtype}")
    given = tuple(tensor.shape)
    if len(given) != len(wanted) or any(w not in (None, g) for w, g in zip(wanted, given, strict=True)):
        raise ValueError(f"{name} must have the shape {wanted}, not {fields.shown(given)}")
    if name in IDS and not 0 < tensor.numel() <= MAX_PROMPT_TOKENS:
        raise ValueError(f"{name} must hold 1 to {MAX_PROMPT_TOKENS} ids, not {tensor.numel()}")
    if name in IDS and not (tensor.min() >= 0 and tensor.max() < NUM_SPEECH_TOKENS):
        raise ValueError(f"{name} must hold ids from 0 to {NUM_SPEECH_TOKENS - 1}")
    if name not in WHOLE and not (tensor.abs() <= LARGEST).all():
        raise ValueError(f"{name} must hold numbers up to {LARGEST:g}")
