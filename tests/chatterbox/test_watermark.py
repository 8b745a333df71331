"""The watermark: put on as the reference does, in pieces as in the whole, and found again."""

import sys
from collections.abc import Iterator

import pytest
import soundfile
import soxr
import torch
from torch import Tensor

from chatterbox.errors import ChatterboxError
from chatterbox.vocoder.source import draw_noise
from chatterbox.vocoder.streaming import render_next
from chatterbox.watermark import Watermarker
from chatterbox.watermark.resampling import Resampler
from chatterbox.watermark.watermarker import AHEAD_SAMPLES
from tests.chatterbox.checkpoints import DATA, golden, relative_error
from tests.chatterbox.vocoder.vocoders import voiced_vocoder

NAMES = [
    *("base-mini-0", "base-mini-1", "base-mini-2", "multilingual-mini-0", "multilingual-mini-1"),
    *("turbo-mini-0", "turbo-mini-1", "nano-mini-0", "nano-mini-1", "vc-mini-0"),
]


@pytest.fixture(scope="module")
def watermarker() -> Watermarker:
    return Watermarker.load()


@pytest.fixture(scope="module")
def speech() -> Tensor:
    """Three seconds (n,) of a made-up voice at 24 kHz."""
    samples, rate_hz = soundfile.read(DATA / "source.wav", dtype="float32")
    return torch.from_numpy(soxr.resample(samples, rate_hz, 24000))


@pytest.mark.parametrize("name", NAMES)
def test_the_marked_wave_is_the_references(watermarker: Watermarker, name: str) -> None:
    expected = golden(name)
    marked = watermarker.apply(torch.from_numpy(expected["wave"]))
    assert relative_error(marked.flatten(), expected["watermarked"].flatten()) < 1e-5
    assert watermarker.detect(marked, 24000) == 1.0


@pytest.mark.parametrize("rate_hz", [16000, 22050, 24000, 44100, 48000])
def test_a_mark_is_found_at_any_rate_and_only_where_there_is_one(
    watermarker: Watermarker, speech: Tensor, rate_hz: int
) -> None:
    for wave, is_marked in ((speech, 0.0), (watermarker.apply(speech), 1.0)):
        resampled = torch.from_numpy(soxr.resample(wave.numpy(), 24000, rate_hz))
        assert watermarker.detect(resampled, rate_hz) == is_marked


@pytest.mark.parametrize("length", [480, 4800, 12345, 30000])
def test_pieces_are_marked_as_the_whole_is(watermarker: Watermarker, speech: Tensor, length: int) -> None:
    whole, before, marked = watermarker.apply(speech), None, []
    for start in range(0, len(speech), length):
        stop = start + length
        piece, before = watermarker.apply_next(speech[start:stop], speech[stop : stop + AHEAD_SAMPLES], before)
        assert len(before) <= AHEAD_SAMPLES + 240
        marked.append(piece)
    torch.testing.assert_close(torch.cat(marked), whole, rtol=0, atol=1e-5 * float(whole.std()))


def test_what_the_vocoder_knows_of_the_frames_it_holds_back_is_enough(watermarker: Watermarker) -> None:
    hift, mel, noise = voiced_vocoder(), torch.randn(1, 80, 75), draw_noise(75)
    whole = watermarker.apply(hift.render(mel, noise))

    def pieces() -> Iterator[Tensor]:
        state = before = None
        for start in (0, 25, 50):
            frames = slice(start, start + 25)
            rendered = render_next(
                hift, mel[..., frames], noise.frames(start, start + 25), state, is_last=start == 50
            )
            marked, before = watermarker.apply_next(rendered.wave, rendered.ahead, before)
            yield marked
            state = rendered.state

    joined = torch.cat(list(pieces()), dim=-1)
    assert joined.shape == whole.shape
    assert (joined - whole).abs().max() < 1e-3 * whole.std()
    assert watermarker.detect(joined, 24000) == 1.0


@pytest.mark.parametrize("shape", [(0,), (1,), (700,), (1, 1001), (2, 24007)])
def test_any_length_and_a_batch_keep_their_shape(watermarker: Watermarker, shape: tuple[int, ...]) -> None:
    assert watermarker.apply(torch.randn(shape)).shape == shape


def test_silence_stays_silent_and_unmarked(watermarker: Watermarker) -> None:
    silence = torch.zeros(24000)
    assert torch.equal(watermarker.apply(silence), silence)
    assert watermarker.detect(silence, 24000) == 0.0


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "perth", None)
    with pytest.raises(ChatterboxError, match="pip install 'resemble-perth"):
        Watermarker.load()


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24000, 32000), (32000, 24000)])
def test_resampling_is_that_of_soxr(speech: Tensor, from_hz: int, to_hz: int) -> None:
    noise = speech + torch.randn(len(speech), generator=torch.Generator().manual_seed(0))
    expected = soxr.resample(noise.numpy(), from_hz, to_hz, quality="HQ")
    assert relative_error(Resampler(from_hz, to_hz)(noise[None])[0], expected) < 1e-5
