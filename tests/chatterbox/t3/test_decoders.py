"""The two transformers, beside those the weights were published for; each way of running beside the other."""

import pytest
import torch
from torch import Tensor
from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaModel

from chatterbox.t3.decoder import Decoder
from chatterbox.t3.gpt2 import Gpt2
from chatterbox.t3.llama import Llama, rotary_frequencies
from chatterbox.weights import Checkpoint, load
from tests.chatterbox.checkpoints import relative_error

WIDTH, NUM_LAYERS, NUM_POSITIONS, LENGTH = 128, 3, 100, 40


def published_llama() -> LlamaModel:
    scaling = {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(
        vocab_size=8,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=NUM_LAYERS,
        num_attention_heads=WIDTH // 64,
        num_key_value_heads=WIDTH // 64,
        head_dim=64,
        max_position_embeddings=131072,
        rms_norm_eps=1e-5,
        rope_theta=500000.0,
        rope_scaling=scaling,
        initializer_range=0.1,
    )
    torch.manual_seed(0)
    return LlamaModel(config).eval()


def published_gpt2() -> GPT2Model:
    sizes = {"n_embd": WIDTH, "n_head": WIDTH // 64, "n_layer": NUM_LAYERS, "n_positions": NUM_POSITIONS}
    config = GPT2Config(vocab_size=8, activation_function="gelu_new", initializer_range=0.1, **sizes)
    torch.manual_seed(0)
    return GPT2Model(config).eval()


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def pair(request: pytest.FixtureRequest) -> tuple[Decoder, LlamaModel | GPT2Model]:
    """Ours and the published one with the same weights."""
    if request.param == "llama":
        published = published_llama()
        checkpoint = Checkpoint("llama", published.state_dict())
        return load(lambda: Llama(NUM_LAYERS, WIDTH), checkpoint, ignore=["embed_tokens."]), published
    published = published_gpt2()
    checkpoint = Checkpoint("gpt2", published.state_dict())
    return load(lambda: Gpt2(NUM_LAYERS, WIDTH, NUM_POSITIONS), checkpoint, ignore=["wte."]), published


@pytest.fixture
def embeds() -> Tensor:
    return torch.randn(2, LENGTH, WIDTH, generator=torch.Generator().manual_seed(2))


def whole(decoder: Decoder, embeds: Tensor) -> Tensor:
    return decoder.prefill(embeds, decoder.allocate(embeds, embeds.shape[1]))


def test_hidden_states_equal_those_of_the_published_model(
    pair: tuple[Decoder, LlamaModel | GPT2Model], embeds: Tensor
) -> None:
    ours, published = pair
    with torch.inference_mode():
        expected = published(inputs_embeds=embeds).last_hidden_state
    assert relative_error(whole(ours, embeds), expected) < 1e-5


def test_rotary_frequencies_equal_those_of_the_published_model() -> None:
    expected = published_llama().rotary_emb.inv_freq
    assert isinstance(expected, Tensor)
    torch.testing.assert_close(rotary_frequencies(64), expected, rtol=1e-6, atol=0)


def test_one_step_at_a_time_equals_all_at_once(
    pair: tuple[Decoder, LlamaModel | GPT2Model], embeds: Tensor
) -> None:
    decoder, num_prompt = pair[0], 30
    cache = decoder.allocate(embeds, LENGTH + 5)
    prompt = decoder.prefill(embeds[:, :num_prompt], cache)
    steps = [decoder.step(embeds[:, n : n + 1], cache, n) for n in range(num_prompt, LENGTH)]
    assert relative_error(torch.cat([prompt, *steps], dim=1), whole(decoder, embeds)) < 1e-5


def test_a_mask_over_the_whole_cache_equals_the_live_part_alone(
    pair: tuple[Decoder, LlamaModel | GPT2Model], embeds: Tensor
) -> None:
    """What a captured graph does, and several positions after a prompt that is kept."""
    decoder, num_prompt = pair[0], 30
    cache = decoder.allocate(embeds, LENGTH + 5)
    cache.keys.zero_()
    cache.values.zero_()
    decoder.prefill(embeds[:, :num_prompt], cache)
    positions = cache.positions[num_prompt:LENGTH]
    mask = (cache.positions <= positions[:, None])[None, None]
    rest = decoder(embeds[:, num_prompt:], cache, positions, mask)
    assert relative_error(rest, whole(decoder, embeds)[:, num_prompt:]) < 1e-5
