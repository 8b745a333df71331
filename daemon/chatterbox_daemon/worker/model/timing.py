"""Where in a piece's samples its words are, when only the lengths of both are known: spread by their letters."""

from chatterbox.config import SAMPLE_RATE_HZ
from chatterbox_daemon.worker.engine import Word
from chatterbox_daemon.worker.words import find_words

SAMPLES_PER_CHARACTER = 0.065 * SAMPLE_RATE_HZ  # a reader's usual pace, until the whole is known


class WordClock:
    """The words of one text, handed out as the samples they are in come."""

    def __init__(self, text: str) -> None:
        self._words = find_words(text)
        self._num_characters = max(1, len(text))
        self._num_told = 0

    def until(self, num_samples: int, *, start_sample: int, is_last: bool) -> list[Word]:
        """The words that begin in the samples from `start_sample` to before `num_samples`.

        With the last samples come all words that are left, spread over them.
        """
        if is_last:
            return self._rest(start_sample, num_samples)
        told = []
        while self._num_told < len(self._words):
            start, length = self._words[self._num_told]
            at = max(start_sample, round(start * SAMPLES_PER_CHARACTER))
            if at >= num_samples:
                break
            told.append((at, start, length))
            self._num_told += 1
        return told

    def _rest(self, start_sample: int, num_samples: int) -> list[Word]:
        left = self._words[self._num_told :]
        self._num_told = len(self._words)
        if not left:
            return []
        first = left[0][0]
        pace = (num_samples - start_sample) / max(1, self._num_characters - first)
        return [(start_sample + round((start - first) * pace), start, length) for start, length in left]
