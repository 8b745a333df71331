"""The three networks that listen: each against a slower or plainer way to the same numbers."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chatterbox.mel import speaker_mel, tokenizer_mel
from chatterbox.voice.s3_tokenizer import Quantiser, S3Tokenizer, windows
from chatterbox.voice.speaker import VoiceEncoder, split
from chatterbox.voice.xvector import CAMPPlus, ContextGate
from tests.chatterbox.checkpoints import checkpoint


@pytest.fixture(scope="module")
def tokenizer() -> S3Tokenizer:
    return S3Tokenizer.load(checkpoint("base-mini", "s3gen.safetensors"))


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    return VoiceEncoder.load(checkpoint("base-mini", "ve.safetensors"))


def noise(seconds: float, seed: int = 5) -> Tensor:
    return torch.randn(1, round(seconds * 16000), generator=torch.Generator().manual_seed(seed)) * 0.1


def test_partials_cover_the_recording() -> None:
    # 160 frames make one; 77 more make another; a rest counts from 0.8 × 160 frames.
    for frames, expected in [(1, 1), (160, 1), (204, 1), (205, 2), (237, 2), (282, 3), (160 + 77 * 50, 51)]:
        mel = torch.arange(40.0 * frames).reshape(1, 40, frames) + 1
        partials = split(mel)
        assert partials.shape == (expected, 160, 40), frames
        assert torch.equal(partials[0, : min(frames, 160)].t(), mel[0, :, :160])
    last = split(torch.ones(1, 40, 205))[1]
    assert (last[:128] == 1).all()
    assert (last[128:] == 0).all()


def test_a_speaker_embedding_is_a_direction_that_silence_around_does_not_turn(encoder: VoiceEncoder) -> None:
    wave = noise(3)
    embedding = encoder.embed(wave)
    assert embedding.shape == (1, 256)
    assert embedding.norm() == pytest.approx(1)
    silence = torch.zeros(1, 512 * 20)
    padded = encoder.embed(torch.cat([silence, wave, silence], dim=1))
    assert (padded * embedding).sum() > 0.9999


def test_a_long_recording_in_batches_is_the_mean_of_its_partials(encoder: VoiceEncoder) -> None:
    wave = noise(33)
    partials = split(speaker_mel(wave))
    assert len(partials) == 42
    mean = encoder(partials).mean(0, keepdim=True)
    torch.testing.assert_close(encoder.embed(wave), mean / mean.norm())


def test_the_loaded_lstm_is_the_published_one(encoder: VoiceEncoder) -> None:
    published = checkpoint("base-mini", "ve.safetensors")
    plain = nn.LSTM(40, 256, num_layers=3, batch_first=True)
    plain.load_state_dict({name: published.read(f"lstm.{name}") for name in plain.state_dict()})
    partials = torch.rand(2, 160, 40, generator=torch.Generator().manual_seed(5))
    assert torch.equal(encoder.lstm(partials)[0], plain(partials)[0])


def test_a_token_is_a_number_in_base_three() -> None:
    quantiser = Quantiser()
    digits = torch.tensor([[[0, 1, 2, 0, 1, 2, 2, 1]]])
    with torch.no_grad():
        quantiser.project_down.weight.copy_(torch.eye(8, 1280))
        quantiser.project_down.bias.zero_()
    hidden = F.pad((digits - 1) * 3.0, (0, 1272))
    assert quantiser(hidden).item() == sum(int(digit) * 3**i for i, digit in enumerate(digits[0, 0]))
    assert quantiser(torch.full((1, 1, 1280), 9.0)).item() == 6560
    assert quantiser(torch.full((1, 1, 1280), -9.0)).item() == 0


@pytest.mark.parametrize(
    ("samples", "num_tokens"), [(16000, 25), (16159, 25), (16160, 26), (16639, 26), (1600, 3)]
)
def test_an_id_stands_for_40_ms(tokenizer: S3Tokenizer, samples: int, num_tokens: int) -> None:
    ids = tokenizer.tokenize(noise(1.1)[:, :samples])
    assert ids.shape == (1, num_tokens)
    assert ids.dtype == torch.int64
    assert ids.min() >= 0
    assert ids.max() < 6561


def test_rows_of_a_batch_are_heard_apart(tokenizer: S3Tokenizer) -> None:
    mel = tokenizer_mel(torch.cat([noise(1), noise(1, seed=6)]))
    assert torch.equal(tokenizer(mel), torch.cat([tokenizer(mel[:1]), tokenizer(mel[1:])]))


def test_a_long_recording_is_heard_in_windows_of_30_s_that_share_4(tokenizer: S3Tokenizer) -> None:
    wave = noise(31)
    mel, ids = tokenizer_mel(wave), tokenizer.tokenize(wave)
    assert ids.shape == (1, 775)
    assert torch.equal(ids[:, :700], tokenizer(mel[..., :3000])[:, :700])
    assert torch.equal(ids[:, 700:], tokenizer(mel[..., 2600:])[:, 50:])


@pytest.mark.parametrize("frames", [1, 3000, 3001, 5600, 5601, 5800, 8200, 8204])
def test_no_id_is_lost_between_windows(frames: int) -> None:
    ids = torch.arange(frames) // 4  # which id a frame belongs to
    heard = [ids[frame][::4][kept] for frame, kept in windows(frames)]
    assert torch.equal(torch.cat(heard), ids.unique())


def test_tables_in_the_file_may_be_there(tokenizer: S3Tokenizer) -> None:
    published = checkpoint("base-mini", "s3gen.safetensors")
    tensors = {name: published.read(name) for name in map("tokenizer.{}".format, published.names("tokenizer."))}
    tensors |= {"tokenizer._mel_filters": torch.ones(128, 201), "tokenizer.window": torch.ones(400)}
    again = S3Tokenizer.load(type(published)("file", tensors))
    assert torch.equal(again.tokenize(noise(1)), tokenizer.tokenize(noise(1)))


@pytest.mark.parametrize("frames", [30, 100, 101, 250])
def test_a_gate_a_segment_equals_a_gate_a_frame(frames: int) -> None:
    gate = ContextGate(dilation=2)
    x = torch.randn(1, 128, frames)
    means = torch.cat([part.mean(-1, keepdim=True).expand_as(part) for part in x.split(100, dim=-1)], dim=-1)
    context = gate.linear1(x.mean(-1, keepdim=True) + means).relu()
    torch.testing.assert_close(gate(x), gate.linear_local(x) * gate.linear2(context).sigmoid())


def test_the_x_vector_does_not_hear_how_loud_a_voice_is() -> None:
    network = CAMPPlus.load(checkpoint("base-mini", "s3gen.safetensors"))
    energies = torch.randn(2, 150, 80, generator=torch.Generator().manual_seed(5))
    x_vectors = network(energies)
    assert x_vectors.shape == (2, 192)
    torch.testing.assert_close(network(energies + 3), x_vectors, rtol=1e-3, atol=1e-4)
