"""Mel in pieces to the wave of the whole: pieces of any length, joined without a seam.

A piece's last frames are held back until what follows them is known. What must be heard again travels in a state
that is passed in and out and stays bounded. A voice's phases sum up its pitch, whose last digit depends on what is
computed beside it: over seconds they drift from the whole's by a thousandth of a turn, at no seam.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from chatterbox.config import SAMPLES_PER_FRAME
from chatterbox.projection import ROW_STEP
from chatterbox.vocoder.f0 import F0_REACH_FRAMES
from chatterbox.vocoder.hift import Hift
from chatterbox.vocoder.source import SourceNoise, advance

# A frame's mel reaches 13.2 frames to either side, its excitation 14.3; its pitch hears 5 to either side.
GENERATOR_REACH_FRAMES = 15
EXACT_AHEAD_FRAMES = GENERATOR_REACH_FRAMES + F0_REACH_FRAMES
MOST_DONE_FRAMES = GENERATOR_REACH_FRAMES + ROW_STEP - 1  # that are kept; the surplus makes sizes few, see `_fit`
AHEAD_FRAMES = 14  # 280 ms; six more would change no sample by 1e-5 of the wave's standard deviation


@dataclass(frozen=True, slots=True)
class HiftState:
    """The frames that the next piece must hear again: some that are rendered, then those held back.

    Attributes:
        mel: (1, 80, k).
        noise: of the same frames.
        f0: (1, at most 30) pitch of those that are rendered.
        cycles: (1, 9, 1) that the harmonics ran through before these frames.
    """

    mel: Tensor
    noise: SourceNoise
    f0: Tensor
    cycles: Tensor


class Rendered(NamedTuple):
    """One piece of a wave.

    Attributes:
        wave: (1, m) samples that are final; m may be 0.
        ahead: (1, l) samples of the frames held back, as far as they are known: for what must look ahead, such as
            the watermark. They will still change, so they are not to be played.
        state: for the next piece.
    """

    wave: Tensor
    ahead: Tensor
    state: HiftState


def render_next(
    hift: Hift,
    mel: Tensor,
    noise: SourceNoise,
    state: HiftState | None = None,
    *,
    is_last: bool = False,
    ahead_frames: int = AHEAD_FRAMES,
) -> Rendered:
    """Render the next piece of an utterance.

    Args:
        mel: (1, 80, n) the next frames; n may be 0.
        noise: of these frames. The phases of the first piece's hold for all.
        state: what the piece before returned; None for the first piece.
        is_last: nothing follows, so nothing is held back.
        ahead_frames: how many frames are held back, at least 5; may change from piece to piece. At a seam 20 make
            no difference to the whole, 14 one below 1e-5 of its standard deviation, 9 one of 1e-3.
    """
    state = _fit(_join(state, mel, noise))
    num_done, num_frames = state.f0.shape[-1], state.mel.shape[-1]
    num_ready = num_frames if is_last else max(num_done, num_frames - ahead_frames)
    if num_ready == num_done:
        nothing = mel.new_zeros(1, 0, dtype=torch.float32)
        return Rendered(nothing, nothing, state)
    f0 = torch.cat([state.f0, hift.predict_f0(state.mel)[:, num_done:]], dim=-1)
    wave = hift.render_pitched(state.mel, f0, state.noise, state.cycles)
    first, end = num_done * SAMPLES_PER_FRAME, num_ready * SAMPLES_PER_FRAME
    rest = _without(replace(state, f0=f0[:, :num_ready]), max(0, num_ready - MOST_DONE_FRAMES))
    return Rendered(wave[:, first:end], wave[:, end:], rest)


def _join(state: HiftState | None, mel: Tensor, noise: SourceNoise) -> HiftState:
    """The state with the next frames held back too."""
    if state is None:
        f0 = mel.new_zeros(1, 0, dtype=torch.float32)
        return HiftState(mel, noise, f0, advance(f0))
    joined = SourceNoise(state.noise.phases, torch.cat([state.noise.samples, noise.samples], dim=-1))
    return HiftState(torch.cat([state.mel, mel], dim=-1), joined, state.f0, state.cycles)


def _fit(state: HiftState) -> HiftState:
    """The state without the frames too many for a multiple of `ROW_STEP`, where it can do without them."""
    extra = state.mel.shape[-1] % ROW_STEP
    return _without(state, extra if state.f0.shape[-1] - extra >= GENERATOR_REACH_FRAMES else 0)


def _without(state: HiftState, num_frames: int) -> HiftState:
    """The state without so many of its first frames, which are rendered and will not be heard again."""
    cycles = advance(state.f0[:, :num_frames], state.cycles)
    return HiftState(state.mel[..., num_frames:], state.noise.frames(num_frames), state.f0[:, num_frames:], cycles)
