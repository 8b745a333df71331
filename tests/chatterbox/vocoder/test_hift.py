"""Mel to wave, held against what the public reference made of the same weights, mel and seeds."""

import math

import pytest
import torch

from chatterbox.vocoder.source import NUM_HARMONICS, HarmonicSource, advance, draw_noise
from chatterbox.vocoder.stft import HOP_SAMPLES, NUM_BINS, NUM_POINTS, Stft
from tests.chatterbox.checkpoints import case, golden, relative_error
from tests.chatterbox.vocoder.vocoders import vocoder

CASES = [
    *("base-mini-0", "base-mini-1", "base-mini-2", "multilingual-mini-0", "multilingual-mini-1"),
    *("turbo-mini-0", "turbo-mini-1", "nano-mini-0", "nano-mini-1"),
]


@pytest.mark.parametrize("name", CASES)
def test_pitch_and_wave_are_the_references(name: str) -> None:
    expected, hift = golden(name), vocoder(name.rpartition("-")[0])
    mel = torch.from_numpy(expected["stage_mel"])
    noise = draw_noise(mel.shape[-1], torch.Generator().manual_seed(2000 + case(name)["seed"]))
    assert relative_error(hift.predict_f0(mel), expected["stage_f0"]) < 1e-5
    assert relative_error(hift.render(mel, noise), expected["stage_wave"]) < 1e-5


def test_half_of_the_digits_in_the_convolutions_are_nearly_enough() -> None:
    mel = torch.from_numpy(golden("base-mini-0")["stage_mel"][..., :20])
    noise = draw_noise(20, torch.Generator().manual_seed(0))
    whole = vocoder("base-mini").render(mel, noise)
    coarse = vocoder("base-mini", torch.bfloat16).render(mel, noise)
    assert coarse.dtype == torch.float32
    assert relative_error(coarse, whole) < 0.03


def test_noise_is_drawn_in_the_references_order_and_leaves_the_generator_where_that_does() -> None:
    torch.manual_seed(3)
    noise, following = draw_noise(2), torch.rand(1)
    torch.manual_seed(3)
    phases = torch.distributions.Uniform(-math.pi, math.pi).sample((1, 9, 1))
    assert noise.phases[0, 0] == 0
    torch.testing.assert_close(noise.phases[:, 1:], phases[:, 1:])
    assert torch.equal(noise.samples, torch.randn(1, 9, 960))
    torch.randn(1, 960, 1)
    assert torch.equal(following, torch.rand(1))


def test_the_excitation_is_that_of_phases_summed_sample_by_sample() -> None:
    torch.manual_seed(0)
    source, noise = HarmonicSource().requires_grad_(False), draw_noise(300)
    f0 = torch.rand(1, 300) * 300
    f0[:, 100:130] = 5.0  # unvoiced
    pitch = f0.repeat_interleave(480, dim=1)[:, None]
    steps = torch.cat([pitch * harmonic / 24000 for harmonic in range(1, NUM_HARMONICS + 1)], dim=1)
    angles = 2 * math.pi * (steps.cumsum(dim=-1) % 1) + noise.phases
    voiced = pitch > 10
    harmonics = torch.where(voiced, 0.1 * angles.sin() + 0.003 * noise.samples, 0.1 / 3 * noise.samples)
    expected = source.l_linear(harmonics.mT).tanh().mT
    assert relative_error(source(f0, noise), expected) < 1e-5


def test_an_excitation_goes_on_where_it_was_left() -> None:
    torch.manual_seed(0)
    source, noise = HarmonicSource().requires_grad_(False), draw_noise(40)
    f0 = torch.rand(1, 40) * 300
    cycles = advance(f0[:, 5:25], advance(f0[:, :5]))
    continued = source(f0[:, 25:], noise.frames(25), cycles)
    torch.testing.assert_close(continued, source(f0, noise)[..., 25 * 480 :])


def test_the_spectra_are_torchs() -> None:
    torch.manual_seed(0)
    stft, signal, window = Stft(), torch.randn(1, 1, 480), torch.hann_window(NUM_POINTS)
    spectrum = torch.stft(signal[:, 0], NUM_POINTS, HOP_SAMPLES, window=window, return_complex=True)
    torch.testing.assert_close(stft.analyse(signal), torch.cat([spectrum.real, spectrum.imag], dim=1))
    made_up = torch.randn(1, 2 * NUM_BINS, 121)
    joined = torch.complex(made_up[:, :NUM_BINS], made_up[:, NUM_BINS:])
    expected = torch.istft(joined, NUM_POINTS, HOP_SAMPLES, window=window)
    torch.testing.assert_close(stft.synthesise(made_up), expected)
