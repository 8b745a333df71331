"""Where in a piece's samples its words are: where the model's attention was, or else spread by their letters.

A text and its speech ids come in, words with their samples go out as the samples come. Knows no model.
"""

from collections import deque
from collections.abc import Sequence

from chatterbox.config import NUM_SPEECH_TOKENS, SAMPLE_RATE_HZ, TOKENS_PER_SECOND
from chatterbox.t3.speech import Step
from chatterbox.text.places import find_places
from chatterbox_daemon.worker.engine import Word
from chatterbox_daemon.worker.model.following import Following
from chatterbox_daemon.worker.words import find_words

SAMPLES_PER_TOKEN = SAMPLE_RATE_HZ // TOKENS_PER_SECOND
SAMPLES_PER_CHARACTER = 0.065 * SAMPLE_RATE_HZ  # a reader's usual pace, until the whole is known


class WordClock:
    """The words of one text, handed out as the samples they are in come.

    Args:
        text_pieces: see `Utterance`; each step must then have its place. With none, and from where attention is no
            help, words are placed by their letters.
    """

    def __init__(self, text: str, text_pieces: Sequence[str] = ()) -> None:
        words = find_words(text)
        self._left = deque(words)
        self._num_characters = max(1, len(text))
        self._last = 0, 0  # the sample and the first character of the word told last
        self._origin = 0, 0  # the sample and the character that letters are counted from
        self._places = find_places(text, text_pieces)
        self._following = Following(words[-1][0]) if self._places and words else None

    def take(self, step: Step) -> None:
        """The next id, as it was sampled."""
        if self._following is not None and step.text_position is not None and step.id < NUM_SPEECH_TOKENS:
            self._following.take(self._places[step.text_position])

    def until(self, num_samples: int, *, start_sample: int, is_last: bool) -> list[Word]:
        """The words that begin in the samples from `start_sample` to before `num_samples`.

        With the last samples come all words that are left.
        """
        if self._following is not None and not self._following.is_credible:
            self._go_by_letters(start_sample)
        if self._following is not None and is_last:
            self._following.end()
        told = []
        while self._left and (self._following is not None or not is_last):
            at = self._sample_of(self._left[0][0])
            if at is None or at >= num_samples:
                break
            told.append(self._tell(max(at, start_sample)))
        return told + self._rest(start_sample, num_samples) if is_last else told

    def _go_by_letters(self, sample: int) -> None:
        """Count letters from here on, without a leap: words were told too early, or are late."""
        self._following = None
        if self._left:
            start = self._left[0][0]
            self._origin = max(sample, round(start * SAMPLES_PER_CHARACTER)), start

    def _sample_of(self, character: int) -> int | None:
        if self._following is not None:
            arrival = self._following.arrival(character)
            return None if arrival is None else arrival * SAMPLES_PER_TOKEN
        sample, first = self._origin
        return sample + round((character - first) * SAMPLES_PER_CHARACTER)

    def _tell(self, sample: int) -> Word:
        start, length = self._left.popleft()
        self._last = max(sample, self._last[0]), start
        return self._last[0], start, length

    def _rest(self, start_sample: int, num_samples: int) -> list[Word]:
        """All words that are left, spread by their letters from the last one told to the end."""
        sample, character = self._last
        pace = (num_samples - sample) / (self._num_characters - character)
        return [
            self._tell(max(start_sample, sample + int((start - character) * pace)))
            for start, _ in list(self._left)
        ]
