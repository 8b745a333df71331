"""Ids that come one by one to pieces of a wave: no seam, no click, and near the wave of the whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from chatterbox import streaming
from chatterbox.config import FRAMES_PER_TOKEN, NUM_MELS, NUM_SPEECH_TOKENS
from chatterbox.flow.flow import Flow, FlowPrompt
from chatterbox.mel import prompt_mel
from chatterbox.model import Model
from chatterbox.projection import ROW_STEP
from chatterbox.stepwise import Stepwise
from chatterbox.streaming import VOICE_TOKENS, cut, growing
from chatterbox.vocoder.source import SourceNoise, draw_noise
from chatterbox.vocoder.streaming import render_next
from chatterbox.vocoder.trim import fade_in
from chatterbox.voice.conditionals import Gen
from tests.chatterbox.checkpoints import relative_error
from tests.chatterbox.models import on, seeded

IDS = torch.randint(NUM_SPEECH_TOKENS, (60,), generator=seeded(5)).tolist()
SIZES = [10, 15, 25, 10]  # of the pieces that they are cut to
SAME = 1e-5  # relative


@dataclass(frozen=True)
class Streamed:
    """A stream of `IDS`, and what the flow and the vocoder were given and gave, piece by piece."""

    pieces: list[Tensor]
    num_known_frames: list[int]  # that the flow went on from
    flow_noises: list[Tensor]  # of all frames the flow was given
    mels: list[Tensor]  # of new frames
    source_noises: list[SourceNoise]  # of new frames

    @property
    def source_noise(self) -> SourceNoise:
        """Of all new frames."""
        return SourceNoise(
            self.source_noises[0].phases, torch.cat([noise.samples for noise in self.source_noises], -1)
        )

    def frame_noise(self, prompt: FlowPrompt) -> Tensor:
        """Of the voice's frames, those included that no piece was rendered after, then of each new frame."""
        pieces = zip(self.flow_noises, self.num_known_frames, self.mels, strict=True)
        new = [noise[..., num_known:][..., : mel.shape[-1]] for noise, num_known, mel in pieces]
        heard = self.flow_noises[0][..., : self.num_known_frames[0]]
        unheard = torch.randn(1, NUM_MELS, prompt.num_frames - heard.shape[-1], generator=seeded(6))
        return torch.cat([unheard, heard, *new], -1)


@pytest.fixture(scope="module")
def streamed(model: Model) -> Streamed:
    return watch(model)


def watch(model: Model, **options: Any) -> Streamed:
    """Stream, noting what passes between the real stages."""
    seen, follow = Streamed([], [], [], [], []), Flow.follow

    def follow_mel(
        flow: Flow, ids: Tensor, prompt: FlowPrompt, noise: Tensor, *arguments: Any, **options: Any
    ) -> Stepwise[Tensor]:
        seen.num_known_frames.append(prompt.num_frames)
        seen.flow_noises.append(noise)
        return follow(flow, ids, prompt, noise, *arguments, **options)

    def render_wave(vocoder: Any, mel: Tensor, noise: SourceNoise, *arguments: Any, **options: Any) -> Any:
        seen.mels.append(mel)
        seen.source_noises.append(noise)
        return render_next(vocoder, mel, noise, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "follow", follow_mel)
        patch.setattr(streaming, "render_next", render_wave)
        seen.pieces.extend(stream(model, IDS, **options))
    return seen


def stream(
    model: Model, ids: list[int], num_tokens: Callable[[int], int] = growing, **options: Any
) -> list[Tensor]:
    """The pieces of ids in the model's own voice."""
    waves = model.start_wave(voice(model), seeded(3), watermark=False, **options)
    return [wave for wave, _ in filter(None, waves.follow(cut(ids, num_tokens)))]


def voice(model: Model) -> Gen:
    """Longer than what of a voice is heard before each piece."""
    assert model.conds is not None
    ids, mel = (model.conds.gen[name] for name in ("prompt_token", "prompt_feat"))
    assert ids is not None
    assert mel is not None
    longer = {"prompt_token": torch.cat([ids, ids], 1), "prompt_feat": torch.cat([mel, mel], 1)}
    assert longer["prompt_token"].shape[1] > VOICE_TOKENS
    return model.conds.gen | longer


@on("base-mini", "nano-mini")
def test_the_pieces_are_the_wave_of_their_mel_without_a_seam(model: Model, streamed: Streamed) -> None:
    whole = fade_in(model.s3gen.vocoder.render(torch.cat(streamed.mels, -1), streamed.source_noise))
    assert [mel.shape[-1] for mel in streamed.mels] == [FRAMES_PER_TOKEN * size for size in SIZES]
    assert relative_error(torch.cat(streamed.pieces, -1), whole) < SAME


@on("base-mini", "nano-mini")
def test_nothing_clicks_where_pieces_meet(streamed: Streamed) -> None:
    jumps = torch.cat(streamed.pieces, -1).diff()[0].abs()
    joins = torch.tensor([piece.shape[-1] for piece in streamed.pieces[:-1]]).cumsum(0) - 1
    is_within = torch.ones(len(jumps)).scatter(0, joins, 0).bool()
    assert jumps[joins].max() < jumps[is_within].max()


@on("base-mini", "nano-mini")
def test_one_piece_is_the_whole(model: Model) -> None:
    ids, num_voice = IDS[:9], 103  # 112 in all
    (piece,) = stream(model, ids, lambda _: len(ids))
    generator, num_frames = seeded(3), FRAMES_PER_TOKEN * len(ids)
    known, prompt = (
        model.s3gen.flow.prepare(voice(model)).last(num) for num in (VOICE_TOKENS + ROW_STEP - 1, num_voice)
    )
    noise = torch.randn(known.num_frames + num_frames, NUM_MELS, generator=generator).mT[None]
    noise = noise[..., known.num_frames - prompt.num_frames :]
    whole = render(model, ids, noise, draw_noise(num_frames, generator), prompt)
    assert relative_error(piece, fade_in(whole)) < SAME


@on("base-mini", "nano-mini")
def test_a_stream_is_nearer_to_the_whole_than_pieces_by_themselves(model: Model, streamed: Streamed) -> None:
    prompt = model.s3gen.flow.prepare(voice(model))
    noise, source_noise = streamed.frame_noise(prompt), streamed.source_noise
    whole = render(model, IDS, noise, source_noise)
    generator, first = seeded(4), 0
    with_the_same_noise, with_their_own = [], []
    for ids, _, _ in filter(None, cut(IDS, growing)):
        num_frames = FRAMES_PER_TOKEN * len(ids)
        known, new = noise[..., : prompt.num_frames], noise[..., prompt.num_frames + first :][..., :num_frames]
        source = source_noise.frames(first, first + num_frames)
        with_the_same_noise.append(render(model, ids, torch.cat([known, new], -1), source))
        own = model.s3gen.flow.draw_noise(prompt.num_frames, num_frames, generator)
        with_their_own.append(render(model, ids, own, draw_noise(num_frames, generator)))
        first += num_frames
    near = distance(streamed.pieces, whole)
    assert near < distance(with_the_same_noise, whole)
    assert near < distance(with_their_own, whole) / 2


@on("nano-mini")
def test_the_flow_goes_on_from_the_end_of_the_voice_and_from_what_was_said(
    model: Model, streamed: Streamed
) -> None:
    # 100 of the voice, 0, 10, 25 and 50 that were said, or 12 at most, then what fills up a multiple of 16.
    known = [num_frames // FRAMES_PER_TOKEN for num_frames in streamed.num_known_frames]
    assert known == [115, 110, 132, 150]
    shorter = watch(model, context_tokens=12).num_known_frames
    assert [num_frames // FRAMES_PER_TOKEN for num_frames in shorter] == [115, 110, 116, 118]


@on("nano-mini")
def test_the_flow_is_given_few_numbers_of_ids(streamed: Streamed) -> None:
    totals = {noise.shape[-1] // FRAMES_PER_TOKEN for noise in streamed.flow_noises}
    assert {total % ROW_STEP for total in totals} == {0}


@torch.inference_mode()
def render(
    model: Model, ids: list[int], noise: Tensor, source_noise: SourceNoise, prompt: FlowPrompt | None = None
) -> Tensor:
    """The wave of ids at once, not faded in; after the whole voice unless a prompt is given."""
    flow, vocoder = model.s3gen.flow, model.s3gen.vocoder
    mel = flow.render(torch.tensor([ids]), prompt or flow.prepare(voice(model)), noise)
    return vocoder.render(mel, source_noise)


def distance(pieces: list[Tensor], whole: Tensor) -> float:
    """Between the log mels of two waves, but for how they begin, root mean square."""
    joined, whole = torch.cat(pieces, -1)[..., 960:], whole[..., 960:]
    return float((prompt_mel(joined) - prompt_mel(whole)).square().mean().sqrt())
