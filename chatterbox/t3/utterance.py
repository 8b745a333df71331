"""One utterance under way: what was asked, what was said so far, and how logits become the next id.

Its state is a value made of tensors. Knows nothing of the model that makes the logits.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from chatterbox.config import START_SPEECH, Backbone
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
    """

    backbone: Backbone
    text: slice
    sampling: Sampling
    alignment: Rule
    is_tracked: bool
    max_new_tokens: int
    generator: torch.Generator | None


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
        num_text_ids = request.text.stop - request.text.start
        return cls(start, none, Alignment.start(num_text_ids, device) if request.is_tracked else None)

    def to_host(self, request: Request) -> Step:
        """The latest id; the one place where the host waits for the device.

        Raises:
            ArithmeticError: the logits were no numbers.
        """
        if self.alignment is None:
            last_id, position = int(self.last_id), None
        else:
            last_id, column = torch.stack([self.last_id[0, 0], self.alignment.text_position]).tolist()
            num_text_ids = request.text.stop - request.text.start - 2
            position = max(min(column - 1, num_text_ids - 1), 0)
        return Step(check_id(last_id), position)


def check_id(last_id: int) -> int:
    """The id that was drawn. Raises ArithmeticError where the logits were no numbers."""
    if last_id < 0:
        raise ArithmeticError("the model computed no numbers; give it a dtype of a wider range, such as bfloat16")
    return last_id


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
    noise = draw_noise(logits.shape[-1], request.generator).to(logits.device)
    last_id = pick(probabilities, noise)
    return Said(last_id, said.ids.scatter(1, last_id.clamp(min=0), True), alignment)
