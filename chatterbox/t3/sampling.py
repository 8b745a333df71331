"""Logits to the next speech id, as pure tensor functions. Each family has its own order of the same rules."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import START_SPEECH, Backbone

_SMALLEST, _LARGEST = sys.float_info.min, sys.float_info.max
_RANGES = {
    "temperature": (_SMALLEST, _LARGEST, "above 0"),
    "repetition_penalty": (_SMALLEST, _LARGEST, "above 0"),
    "min_p": (0, 1, "0 to 1"),
    "top_p": (_SMALLEST, 1, "above 0 and at most 1"),
    "top_k": (0, _LARGEST, "0, which keeps all, or more"),
    "cfg_weight": (0, _LARGEST, "0, which is no guidance, or more"),
}


@dataclass(frozen=True, slots=True)
class Sampling:
    """How ids are drawn; the defaults are those of base and multilingual, `DEFAULTS` has each family's.

    Attributes:
        temperature: above 0; below 1 the likely becomes likelier.
        repetition_penalty: above 0; above 1 what was said before becomes less likely (Keskar et al., 2019).
        min_p: 0 to 1, ids less likely than this share of the likeliest are left out (Nguyen et al., 2024).
        top_p: above 0, to 1: the likeliest ids that make up this share are kept (Holtzman et al., 2019).
        top_k: so many of the likeliest ids are kept; 0 keeps all.
        cfg_weight: 0 or more: how far to lean to the text, away from what would be said without it.

    Raises:
        ValueError: says which option is out of its range, and the range.
    """

    temperature: float = 0.8
    repetition_penalty: float = 1.2
    min_p: float = 0.05
    top_p: float = 1.0
    top_k: int = 0
    cfg_weight: float = 0.5

    def __post_init__(self) -> None:
        for option, (lowest, highest, words) in _RANGES.items():
            given = getattr(self, option)
            if not lowest <= given <= highest:
                raise ValueError(f"{option} is {given}; it must be {words}")

    def check(self, backbone: Backbone) -> None:
        """Raise ValueError where an option is set that this family does not have."""
        for option in _ABSENT[backbone]:
            given = getattr(self, option)
            if given:
                raise ValueError(f"{option} is {given}; models built on {backbone} have no such rule: set it to 0")


DEFAULTS: dict[Backbone, Sampling] = {
    "llama": Sampling(),
    "gpt2": Sampling(min_p=0.0, top_p=0.95, top_k=1000, cfg_weight=0.0),
}
_ABSENT: dict[Backbone, tuple[str, ...]] = {"llama": ("top_k",), "gpt2": ("min_p", "cfg_weight")}


def guide(logits: Tensor, weight: float) -> Tensor:
    """Guidance (Ho and Salimans, 2022): (2, V) logits, with and without the text, to (1, V); (1, V) stay."""
    if logits.shape[0] == 1:
        return logits
    with_text, without = logits[:1], logits[1:]
    return with_text + weight * (with_text - without)


def penalise(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """(1, V) logits, less likely where `seen` (1, V) is true."""
    return torch.where(seen, torch.where(logits < 0, logits * penalty, logits / penalty), logits)


def keep_min_p(logits: Tensor, min_p: float) -> Tensor:
    """(1, V) logits, −inf where less likely than `min_p` times the likeliest."""
    probabilities = logits.softmax(dim=-1)
    return logits.masked_fill(probabilities < min_p * probabilities.amax(dim=-1, keepdim=True), -math.inf)


def keep_top_p(logits: Tensor, top_p: float) -> Tensor:
    """(1, V) logits, −inf but for the likeliest ids whose probabilities reach `top_p` together."""
    if top_p >= 1:
        return logits
    ascending, order = logits.sort(dim=-1)
    is_cut = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - top_p
    is_cut[..., -1] = False
    return logits.masked_fill(torch.zeros_like(is_cut).scatter(-1, order, is_cut), -math.inf)


def keep_top_k(logits: Tensor, top_k: int) -> Tensor:
    """(1, V) logits, −inf but for the `top_k` likeliest; 0 keeps all."""
    if not 0 < top_k < logits.shape[-1]:
        return logits
    return logits.masked_fill(logits < logits.topk(top_k).values[..., -1:], -math.inf)


def keep_top_k_top_p(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """`keep_top_p` of `keep_top_k`, without sorting what the latter has cut."""
    if not 0 < top_k < logits.shape[-1]:
        return keep_top_p(logits, top_p)
    kept, order = logits.topk(top_k)
    return torch.full_like(logits, -math.inf).scatter(-1, order, keep_top_p(kept, top_p))


def llama_probabilities(logits: Tensor, drawn: Tensor, sampling: Sampling) -> Tensor:
    """Base's and multilingual's order: penalty, temperature, min-p, top-p.

    Args:
        logits: (1, V), guided.
        drawn: (1, V), true for ids that were drawn before; the start always counts as one.
    """
    logits = penalise(logits, drawn | _is_start(logits), sampling.repetition_penalty) / sampling.temperature
    return keep_top_p(keep_min_p(logits, sampling.min_p), sampling.top_p).softmax(dim=-1)


def gpt2_probabilities(logits: Tensor, drawn: Tensor, sampling: Sampling) -> Tensor:
    """Turbo's and nano's order: temperature, top-k, top-p, and only then the penalty. Arguments as above."""
    logits = keep_top_k_top_p(logits / sampling.temperature, sampling.top_k, sampling.top_p)
    # upstream: the start counts as drawn until something has been.
    seen = drawn | (_is_start(logits) & ~drawn.any())
    return penalise(logits, seen, sampling.repetition_penalty).softmax(dim=-1)


PROBABILITIES: dict[Backbone, Callable[[Tensor, Tensor, Sampling], Tensor]] = {
    "llama": llama_probabilities,
    "gpt2": gpt2_probabilities,
}


def draw_noise(num_ids: int, generator: torch.Generator | None) -> Tensor:
    """The random part of one draw (1, num_ids), on the CPU; None is torch's global generator.

    It takes from the generator just what `torch.multinomial` takes for one id on the CPU, and it needs no
    probabilities: it may be drawn ahead of them and wait on the device.
    """
    return torch.empty(1, num_ids, dtype=torch.float32, device="cpu").exponential_(generator=generator)


def pick(probabilities: Tensor, noise: Tensor) -> Tensor:
    """The id (1, 1) that `torch.multinomial` picks from float32 probabilities (1, V) with this noise.

    It is −1 where the probabilities are no numbers: a draw from those would mean nothing.
    """
    chosen = (probabilities / noise).argmax(dim=-1, keepdim=True)
    return torch.where(probabilities[:, :1].isnan(), -1, chosen)


def _is_start(logits: Tensor) -> Tensor:
    return torch.arange(logits.shape[-1], device=logits.device) == START_SPEECH
