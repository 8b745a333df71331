"""Where the marks inside a piece are heard: at the word behind them, or between two places that are known.

Words with their samples come in, marks with theirs go out. Knows neither engines nor playback.
"""

from collections import deque

from chatterbox_daemon.front.script import Piece

Placed = tuple[int, str]  # a sample of the piece, and the name of the mark there


class Marking:
    """The marks of one piece that have not been placed yet."""

    def __init__(self, piece: Piece) -> None:
        self._text = piece.text
        self._waiting = deque(piece.marks)
        self._known_sample, self._known_character = 0, 0

    def restart(self) -> None:
        """The piece is spoken again from its beginning; what was placed stays placed."""
        self._known_sample, self._known_character = 0, 0

    def reach(self, sample: int, character: int) -> list[Placed]:
        """The marks up to this character, which is heard from this sample on; each is returned once."""
        placed = []
        while self._waiting and self._waiting[0][0] <= character:
            place, name = self._waiting.popleft()
            placed.append((self._sample_of(place, sample, character), name))
        self._known_sample, self._known_character = sample, character
        return placed

    def _sample_of(self, place: int, sample: int, character: int) -> int:
        """Where a character before the one just reached is heard, as if all took equally long."""
        if not self._text[place:character].strip() or not self._known_character < place:
            return sample
        share = (place - self._known_character) / (character - self._known_character)
        return self._known_sample + round(share * (sample - self._known_sample))
