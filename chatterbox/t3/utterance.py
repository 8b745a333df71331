"""One utterance under way: what was asked, what was said so far, and how logits become the next id.

Its state is a value made of tensors. Knows nothing of the model that makes the logits.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import START_SPEECH, Backbone
from chatterbox.graph import send
from chatterbox.t3.alignment import Alignment, Rule, advance, restrain, text_attention
from chatterbox.t3.cache import Cache
from chatterbox.t3.sampling import PROBABILITIES, Sampling, draw_noise, guide, pick
from chatterbox.t3.speech import Step


@dataclass(frozen=True)
class Request:
    """What was asked.

    Attributes:
        text: which positions of the prompt are the text's; where alignment is followed, start and stop included.
        is_tracked: alignment is followed, whatever `alignment` makes of it.
        generator: of the CPU; None is torch's global one.
        num_alone: how many of its first ids are drawn without taking others in its batch along.
    """

    backbone: Backbone
    text: slice
    sampling: Sampling
    alignment: Rule
    is_tracked: bool
    max_new_tokens: int
    generator: torch.Generator | None
    num_alone: int = 0

    @property
    def num_text_ids(self) -> int:
        """How many positions of the prompt are the text's."""
        count: int = self.text.stop - self.text.start
        return count


@dataclass(frozen=True)
class Said:
    """What was said.

    Attributes:
        last_id: (1, 1), at first the start.
        ids: (1, V), true where an id was drawn at least once.
        alignment: None where it is not followed.
    """

    last_id: Tensor
    ids: Tensor
    alignment: Alignment | None

    @classmethod
    def nothing(cls, request: Request, num_ids: int, device: torch.device) -> "Said":
        """Before the first id."""
        start = torch.full((1, 1), START_SPEECH, device=device)
        none = torch.zeros(1, num_ids, dtype=torch.bool, device=device)
        alignment = Alignment.start(request.num_text_ids, device) if request.is_tracked else None
        return cls(start, none, alignment)

    def latest(self) -> Tensor:
        """What `step_of` makes a step of, still on the device: (1,) the id, or (2,) and where the text is."""
        if self.alignment is None:
            return self.last_id.view(1)
        return torch.stack([self.last_id[0, 0], self.alignment.text_position])


def step_of(latest: list[int], request: Request) -> Step:
    """The step that was drawn. Raises ArithmeticError where the logits were no numbers."""
    last_id, *columns = latest
    if last_id < 0:
        raise ArithmeticError("the model computed no numbers; give it a dtype of a wider range, such as bfloat16")
    last_text_id = request.num_text_ids - 3  # without start and stop
    position = max(min(columns[0] - 1, last_text_id), 0) if columns else None
    return Step(last_id, position)


def say(logits: Tensor, said: Said, cache: Cache, request: Request) -> Said:
    """Draw the next id.

    Args:
        logits: (rows, V), float32.
        cache: narrowed to what has been written.
    """
    logits = guide(logits, request.sampling.cfg_weight)
    alignment = said.alignment
    if alignment is not None:
        row = text_attention(cache, request.text).mean(dim=0)
        alignment = advance(alignment, row, said.last_id[0, 0], request.alignment)
        if request.alignment != "off":
            logits = restrain(logits, alignment)
    probabilities = PROBABILITIES[request.backbone](logits, said.ids, request.sampling)
    noise = send(draw_noise(logits.shape[-1], request.generator), logits.device)
    last_id = pick(probabilities, noise)
    return Said(last_id, said.ids.scatter(1, last_id.clamp(min=0), True), alignment)
