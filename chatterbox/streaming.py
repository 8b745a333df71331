"""Speech ids as they come to a wave as it grows. Knows nothing of how ids are drawn, nor of who listens.

Each piece is rendered by the flow as a continuation: the last ids and the mel already emitted join the end of the
voice's own prompt, which is the infilling the flow was trained for, so the cost stays linear. The vocoder carries
phase, noise and overlap, the watermark its context; so the joined pieces have the length of the whole and no seam.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from chatterbox.config import FRAMES_PER_TOKEN, NUM_MELS, SAMPLE_RATE_HZ
from chatterbox.projection import ROW_STEP
from chatterbox.s3gen import S3Gen
from chatterbox.stepwise import Stepwise
from chatterbox.vocoder.source import draw_noise
from chatterbox.vocoder.streaming import HiftState, render_next
from chatterbox.vocoder.trim import cut_last_token, fade_in
from chatterbox.voice.conditionals import Gen

LOOKAHEAD_TOKENS = 3  # the flow's encoder hears so many ids ahead
CONTEXT_TOKENS = 50
# Of the end of the voice's prompt, after which each piece is rendered, at least so much, and so much more as makes
# the whole a multiple of ROW_STEP; docs/parity.md has what it costs.
VOICE_TOKENS = 100
GROWING_TOKENS = (10, 15, 25, 50, 100)  # the first piece soon, the later ones cheap


@dataclass
class StreamingMetrics:
    """How a stream goes so far, in seconds; each piece's up to and with it."""

    latency_to_first_chunk: float | None = None
    rtf: float | None = None
    total_generation_time: float | None = None
    total_audio_duration: float | None = None
    chunk_count: int = 0


class Piece(NamedTuple):
    """The next ids to be heard, those known to follow (three at most matter), and whether it is the last piece."""

    ids: list[int]
    ahead: list[int]
    is_last: bool


class Marker(Protocol):
    """The watermark's streaming form, see `Watermarker.apply_next`."""

    def __call__(self, wave: Tensor, ahead: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mark a piece, knowing what follows and what came before."""


def growing(index: int) -> int:
    """How many ids the piece of this index has: few at first, so that sound starts soon."""
    return GROWING_TOKENS[min(index, len(GROWING_TOKENS) - 1)]


class WaveStream:
    """One utterance from ids to a wave, piece by piece.

    Args:
        gen: the flow's part of a voice.
        generator: of the CPU, for the noise; nobody else may draw from it meanwhile.
        context_tokens: how many ids before a piece it is rendered after.
        drops_last_token: whether the last id is noise and left out.
        flow_steps: None for the published count.
        is_shared: whether a step of the flow may be taken together with other utterances'.
        mark: the watermark, or None.
    """

    def __init__(
        self,
        s3gen: S3Gen,
        gen: Gen,
        generator: torch.Generator,
        *,
        context_tokens: int = CONTEXT_TOKENS,
        drops_last_token: bool = False,
        flow_steps: int | None = None,
        is_shared: bool = True,
        mark: Marker | None = None,
    ) -> None:
        self._flow, self._vocoder, self._generator = s3gen.flow, s3gen.vocoder, generator
        self._context_tokens, self._drops_last_token, self._mark = context_tokens, drops_last_token, mark
        self._flow_steps, self._is_shared = flow_steps, is_shared
        self._voice = s3gen.flow.prepare(gen).last(VOICE_TOKENS + ROW_STEP - 1)
        self._voice_noise = self._draw(self._voice.num_frames)
        self._context = _Context(torch.zeros(1, 0, dtype=torch.int64), self._draw(0), self._draw(0))
        self._noise = self._draw(0)  # of frames that were rendered as what lies ahead
        self._vocoded: HiftState | None = None
        self._before: Tensor | None = None
        self._num_samples = 0

    def follow(self, pieces: Iterable[Piece | None]) -> Iterator[tuple[Tensor, bool] | None]:
        """Each piece's samples (1, m), float32 on the CPU, 24 kHz, and whether it is the last; m may be 0.

        None is passed on, and stands for a step of the flow: whoever has something else to do may do it then.
        """
        for piece in pieces:
            if piece is None:
                yield None
            else:
                wave = yield from self._render(piece)
                yield wave, piece.is_last

    @torch.inference_mode()
    def _render(self, piece: Piece) -> Stepwise[Tensor]:
        mel = yield from self._render_mel(piece.ids, piece.ahead)
        noise = draw_noise(mel.shape[-1], self._generator)
        rendered = render_next(self._vocoder, mel, noise, self._vocoded, is_last=piece.is_last)
        self._vocoded = rendered.state
        wave = fade_in(rendered.wave, self._num_samples)
        if piece.is_last and self._drops_last_token:
            wave = cut_last_token(wave)
        self._num_samples += wave.shape[-1]
        if self._mark is not None and wave.shape[-1]:
            wave, self._before = self._mark(wave, rendered.ahead, self._before)
        return wave.cpu()

    def _render_mel(self, ids: list[int], ahead: list[int]) -> Stepwise[Tensor]:
        """The mel (1, 80, 2n) of the next ids, going on where the context ends."""
        rendered = torch.tensor([[*ids, *ahead[:LOOKAHEAD_TOKENS]]])
        num_frames, num_rendered = FRAMES_PER_TOKEN * len(ids), FRAMES_PER_TOKEN * rendered.shape[1]
        self._noise = torch.cat([self._noise, self._draw(max(0, num_rendered - self._noise.shape[-1]))], dim=-1)
        context = self._context
        num_others = context.ids.shape[1] + rendered.shape[1]
        voice = self._voice.last(VOICE_TOKENS + -(VOICE_TOKENS + num_others) % ROW_STEP)
        prompt = self._flow.extend(voice, context.ids, context.mel.mT) if context.ids.numel() else voice
        voice_noise = self._voice_noise[..., self._voice.num_frames - voice.num_frames :]
        noise = torch.cat([voice_noise, context.noise, self._noise[..., :num_rendered]], dim=-1)
        mel = yield from self._flow.follow(rendered, prompt, noise, self._flow_steps, is_shared=self._is_shared)
        mel = mel[..., :num_frames]
        heard = _Context(rendered[:, : len(ids)], mel, self._noise[..., :num_frames])
        self._context = context.then(heard, self._context_tokens)
        self._noise = self._noise[..., num_frames:]
        return mel

    def _draw(self, num_frames: int) -> Tensor:
        """Noise (1, 80, n), frame by frame, so that it does not depend on where the pieces meet."""
        drawn = torch.randn(num_frames, NUM_MELS, generator=self._generator)
        return drawn.mT[None].to(self._flow.device)


@dataclass(frozen=True)
class _Context:
    """What was said last: ids (1, n), their mel and noise (1, 80, 2n)."""

    ids: Tensor
    mel: Tensor
    noise: Tensor

    def then(self, heard: "_Context", num_tokens: int) -> "_Context":
        """The last `num_tokens` of this and what was heard after it."""
        ids = torch.cat([self.ids, heard.ids], dim=1)
        first = max(0, ids.shape[1] - num_tokens)
        mel, noise = (
            torch.cat(pair, dim=-1)[..., FRAMES_PER_TOKEN * first :]
            for pair in ((self.mel, heard.mel), (self.noise, heard.noise))
        )
        return _Context(ids[:, first:], mel, noise)


def cut(ids: Iterable[int], num_tokens: Callable[[int], int]) -> Iterator[Piece | None]:
    """Ids as they come to pieces.

    A piece leaves as soon as its lookahead is there; the last may be shorter, and nothing follows it. None stands
    for an id that completes no piece: whoever has something else to do may do it then.
    """
    waiting: list[int] = []
    index = 0
    for each in ids:
        waiting.append(each)
        wanted = num_tokens(index)
        if len(waiting) > wanted + LOOKAHEAD_TOKENS:
            yield Piece(waiting[:wanted], waiting[wanted:], False)
            waiting, index = waiting[wanted:], index + 1
        else:
            yield None
    if waiting:
        yield Piece(waiting, [], True)


def measured(
    waves: Callable[[], Iterator[tuple[Tensor, bool] | None]],
) -> Iterator[tuple[Tensor, StreamingMetrics]]:
    """Pieces with how the stream goes; empty ones are left out."""
    metrics, started_at = StreamingMetrics(), perf_counter()
    num_samples = 0
    for wave, _ in filter(None, waves()):
        if not wave.shape[-1]:
            continue
        now = perf_counter() - started_at
        num_samples += wave.shape[-1]
        metrics.chunk_count += 1
        if metrics.latency_to_first_chunk is None:
            metrics.latency_to_first_chunk = now
        metrics.total_generation_time, metrics.total_audio_duration = now, num_samples / SAMPLE_RATE_HZ
        metrics.rtf = now / metrics.total_audio_duration
        yield wave, metrics
