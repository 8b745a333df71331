"""Where in the text the speech is, and whether it has gone astray, from three heads that follow the text.

Reads the cache of an utterance; its state is a value that the utterance carries. Knows nothing of the model.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from chatterbox.config import STOP_SPEECH
from chatterbox.t3.cache import Cache, Head

Rule = Literal["off", "reference", "guard"]

ALIGNED_HEADS: tuple[Head, ...] = ((12, 15), (13, 11), (9, 2))
MAX_STEP_BACK, MAX_STEP_AHEAD = 4, 7  # text ids, both excluded
NUM_LAST_IDS = 3  # the stop is rarely looked at, and before it often stands punctuation
NUM_END_IDS = 5  # nearer the end a look back is no repetition
MAX_FRAMES_AFTER_END = 5.0  # of attention: 200 ms


@dataclass(frozen=True)
class Alignment:
    """What the speech did so far; all are tensors of no dimension but for `end_frames`.

    Attributes:
        frame: how many steps were seen.
        text_position: of the last step, among the text ids with start and stop.
        is_complete: the text has been said.
        end_frames: attention to each of the last text ids since then (3,), fewer if the text has fewer.
        repeated_frames: attention to earlier text since then.
        last_id: the speech id fed at the last step.
        force_stop, forbid_stop: what should become of the next draw.
    """

    frame: Tensor
    text_position: Tensor
    is_complete: Tensor
    end_frames: Tensor
    repeated_frames: Tensor
    last_id: Tensor
    force_stop: Tensor
    forbid_stop: Tensor

    @classmethod
    def start(cls, num_text_ids: int, device: torch.device) -> "Alignment":
        """Before the first step; start and stop count among the text ids."""
        zero = torch.zeros((), dtype=torch.int64, device=device)
        no, none = zero.bool(), zero.float()
        end_frames = torch.zeros(min(num_text_ids, NUM_LAST_IDS), dtype=torch.float32, device=device)
        return cls(zero, zero, no, end_frames, none, zero - 1, no, no)


def text_attention(cache: Cache, text: slice) -> Tensor:
    """How much row 0's latest query of each watched head attends to each text id: (heads, text ids), float32.

    Args:
        cache: narrowed to what has been written.
        text: which of the positions are the text's.
    """
    keys = torch.stack([cache.keys[layer, 0, head] for layer, head in cache.watched]).float()
    queries = cache.queries[:, 0].float() / math.sqrt(cache.queries.shape[-1])
    return (keys @ queries[..., None])[..., 0].softmax(dim=-1)[:, text]


def advance(state: Alignment, row: Tensor, speech_id: Tensor, rule: Rule) -> Alignment:
    """One step further.

    The published analyser notices a false start too; that decides nothing, and is left out.

    Args:
        row: attention over the text ids (S,), the mean over the heads.
        speech_id: integer of no dimension, the id fed at this step, at first the start.
        rule: `guard` lacks the rule that two equal ids in a row end the speech; `off` follows the position alone.
    """
    num_text_ids = row.shape[0]
    row = row.masked_fill(torch.arange(num_text_ids, device=row.device) > state.frame, 0)
    peak = row.argmax()
    jump = peak - state.text_position
    is_steady = (jump > -MAX_STEP_BACK) & (jump < MAX_STEP_AHEAD)
    position = torch.where(is_steady, peak, state.text_position)
    if rule == "off":
        return replace(state, frame=state.frame + 1, text_position=position)

    late = row * state.is_complete
    end_frames = state.end_frames + late[-NUM_LAST_IDS:]
    repeated_frames = state.repeated_frames
    if num_text_ids > NUM_END_IDS:
        repeated_frames = repeated_frames + late[:-NUM_END_IDS].amax()
    force_stop = (end_frames >= MAX_FRAMES_AFTER_END).any() | (repeated_frames > MAX_FRAMES_AFTER_END)
    if rule == "reference":
        # upstream: cuts real speech too, which is why `guard` leaves it out. The start counts as an id.
        force_stop = force_stop | ((speech_id == state.last_id) & (state.frame >= 2))
    is_early = (peak < num_text_ids - NUM_LAST_IDS) & (num_text_ids > NUM_END_IDS)
    return Alignment(
        frame=state.frame + 1,
        text_position=position,
        is_complete=state.is_complete | (position >= num_text_ids - NUM_LAST_IDS),
        end_frames=end_frames,
        repeated_frames=repeated_frames,
        last_id=speech_id,
        force_stop=force_stop,
        forbid_stop=is_early & ~force_stop,
    )


def restrain(logits: Tensor, state: Alignment) -> Tensor:
    """(1, V) logits that leave only the stop where it is forced, and never where it is forbidden."""
    is_stop = torch.arange(logits.shape[-1], device=logits.device) == STOP_SPEECH
    return logits.masked_fill((is_stop & state.forbid_stop) | (~is_stop & state.force_stop), -math.inf)
