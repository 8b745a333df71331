"""How far the speech has come in the text, as the model's attention tells it: smoothed, never backwards, doubted.

Places in the text come in, one for each speech id. Knows neither words nor samples.
"""

from bisect import bisect_left
from statistics import median_low

from chatterbox.config import TOKENS_PER_SECOND

NUM_NEIGHBOURS = 2  # to either side of an id: a lone look ahead is outvoted
# No speech goes on like that; then attention follows something else than the text.
MOST_CHARACTERS, MOST_CHARACTERS_PER_ID = 12, 40 / TOKENS_PER_SECOND
MOST_IDS_AT_ONE_PLACE = 3 * TOKENS_PER_SECOND


class Following:
    """One utterance's way through its text.

    Args:
        last_place: behind it nothing has to be found; there the speech may stay.
    """

    def __init__(self, last_place: int) -> None:
        self._last_place = last_place
        self._places: list[int] = []  # of each id
        self._path: list[int] = []  # the same, as far as it is settled
        self._arrived_at = 0  # the id at which the latest place was reached
        self.is_credible = True

    def take(self, place: int) -> None:
        """One more id was said here."""
        self._places.append(place)
        if len(self._places) > NUM_NEIGHBOURS:
            self._settle(len(self._path))

    def end(self) -> None:
        """There are no more ids."""
        for index in range(len(self._path), len(self._places)):
            self._settle(index)

    def arrival(self, place: int) -> int | None:
        """The first id at which this place had been reached; None where it has not, as far as is known."""
        index = bisect_left(self._path, place)
        return index if index < len(self._path) else None

    def _settle(self, index: int) -> None:
        near = self._places[max(0, index - NUM_NEIGHBOURS) : index + NUM_NEIGHBOURS + 1]
        place = median_low(near)
        if not self._path or place > self._path[-1]:
            self._arrived_at = index
        self._path.append(max(place, self._path[-1]) if self._path else place)
        is_hasty = self._path[-1] > MOST_CHARACTERS + index * MOST_CHARACTERS_PER_ID
        is_stuck = index - self._arrived_at > MOST_IDS_AT_ONE_PLACE and self._path[-1] < self._last_place
        self.is_credible &= not (is_hasty or is_stuck)
