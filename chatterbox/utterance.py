"""What is to be spoken, and what it became; and how a model's `plan` makes its `generate`. Knows no model."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import torch
from torch import Tensor

from chatterbox.flow.solver import check_steps
from chatterbox.t3.alignment import Rule
from chatterbox.t3.model import MAX_NEW_TOKENS
from chatterbox.t3.sampling import Sampling
from chatterbox.t3.speech import Step
from chatterbox.voice.conditionals import Conditionals


@dataclass(frozen=True)
class Utterance:
    """What is to be spoken, and how.

    Attributes:
        text_ids: (1, n) int64, without start and stop.
        text_pieces: what each of them stands for, for `text.places`; nothing where no id's place is told.
        max_new_tokens: of speech, 25 a second, the stop included.
        alignment: what may force or forbid the end, see `t3.alignment`.
        positions: whether each step tells where in the text it is.
        generator: of the CPU; None is torch's global one.
        watermark: whether the wave carries Perth's mark.
        flow_steps: of the flow, fewer are quicker and rougher; None is the published count.
        is_shared: whether its ids may be drawn, and its flow's steps taken, together with others', where the
            model does that.
        num_alone: how many of its first ids take no other's along and so come sooner, see `T3.generate`.
    """

    text_ids: Tensor
    voice: Conditionals
    sampling: Sampling
    max_new_tokens: int = MAX_NEW_TOKENS
    alignment: Rule = "off"
    positions: bool = False
    generator: torch.Generator | None = None
    watermark: bool = True
    text_pieces: Sequence[str] = ()
    flow_steps: int | None = None
    is_shared: bool = True
    num_alone: int = 0

    def __post_init__(self) -> None:
        check_steps(self.flow_steps)


@dataclass(frozen=True)
class Spoken:
    """What an utterance became.

    Attributes:
        wave: (1, samples), float32 on the CPU, 24 kHz.
        steps: the ids as they were sampled, the stop included if it came.
        is_cut: the limit of ids ended it, not the model.
    """

    wave: Tensor
    steps: list[Step]
    is_cut: bool


class Speaker(Protocol):
    """What speaks an utterance."""

    def speak(self, utterance: Utterance) -> Spoken:
        """The whole of it."""


P = ParamSpec("P")
S = TypeVar("S", bound=Speaker)


def speaks(plan: Callable[Concatenate[S, P], Utterance]) -> Callable[Concatenate[S, P], Tensor]:
    """`generate`, with the signature and the description of a model's `plan`."""

    def generate(self: S, /, *arguments: P.args, **options: P.kwargs) -> Tensor:
        return self.speak(plan(self, *arguments, **options)).wave

    update_wrapper(generate, plan).__name__ = "generate"
    signature = inspect.signature(plan).replace(return_annotation=Tensor)
    generate.__signature__ = signature  # type: ignore[attr-defined]
    return generate
