"""Which of the sampled ids are sound."""

import pytest

from chatterbox.t3.speech import speech_only


@pytest.mark.parametrize(
    ("sampled", "sound"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 6562], [1, 2]),
        ([1, 6561, 2, 3, 6562, 4], [2, 3]),
        ([1, 6561, 2, 6561, 3], [2, 3]),
        ([7000, 0, 6560, 6563, 8193, 6562], [0, 6560]),
        ([6562], []),
        ([], []),
    ],
)
def test_llama_keeps_what_lies_between_start_and_stop(sampled: list[int], sound: list[int]) -> None:
    assert speech_only(sampled, "llama") == sound


@pytest.mark.parametrize(
    ("sampled", "sound"),
    [([1, 6560, 6562], [1, 6560]), ([1, 6561, 2], [1, 2]), ([6562], [])],
)
def test_gpt2_keeps_all_sound_and_ends_in_silence(sampled: list[int], sound: list[int]) -> None:
    assert speech_only(sampled, "gpt2") == [*sound, 4299, 4299, 4299]
