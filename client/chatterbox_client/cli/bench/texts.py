"""What the benches have spoken: texts of four lengths, and as much more as is wanted, by a fixed recipe."""

import random
from collections.abc import Iterator
from itertools import pairwise

LENGTHS = {
    "word": "Yes.",
    "eight words": "Your build is done and all tests passed.",
    "sentence": "The quick brown fox jumps over the lazy dog, turns around at the old gate and runs home again.",
    "paragraph": (
        "Speech that comes late is speech that nobody waits for. A reader who steps through a page hears a line, "
        "decides that it is not the one, and goes on to the next before the first is half said. What counts is "
        "the time to the first sound, then the time to silence. Everything after that only has to keep up with "
        "the voice, and a voice takes its time."
    ),
}
LONG = "This sentence is one of many and is spoken again and again. " * 10
NUM_WORDS = 12
# All of five letters, so that sentences of as many words are equally long.
SPELT = (
    "apple beach brown chair clear cloud coast dance dream early earth field final floor fresh front "
    "fruit giant glass grain grand grass green group happy heart horse hotel house human image known "
    "large later light local lucky magic maple metal month mouse music night noise ocean offer paper "
    "party peace phone piano plain plant plate point quiet radio river round seven shape small table"
)
WORDS = SPELT.split()


def sentence(index: int, num_words: int = NUM_WORDS) -> str:
    """The sentence of this index: always the same, unlike all others, and as long as they are."""
    draw = random.Random(index)
    words = [WORDS[int(draw.random() * len(WORDS))] for _ in range(num_words)]
    return f"{' '.join(words).capitalize()}."


def sentences(num_words: int) -> Iterator[str]:
    """Sentences of 6 to 20 words, this many words in all."""
    index = 0
    while num_words > 0:
        length = min(num_words, 6 + index * 7 % 15)
        yield sentence(index, length)
        num_words, index = num_words - length, index + 1


def shares(num_words: int, num_shares: int) -> list[str]:
    """A text of this many words in this many shares, each of whole sentences and about as long as the others.

    Raises:
        ValueError: it has fewer sentences than that.
    """
    whole = list(sentences(num_words))
    if len(whole) < num_shares:
        raise ValueError(
            f"{num_words} words make {len(whole)} sentences; {num_shares} streams need one each: give more --words"
        )
    cuts = [len(whole) * share // num_shares for share in range(num_shares + 1)]
    return [" ".join(whole[start:end]) for start, end in pairwise(cuts)]
