"""Cues for subtitles: when each word is heard comes in, short stretches of the text with their times go out.

A cue ends with a sentence, else with a clause, else with a word. It lasts until the next one begins, or until its
piece of the speech is over. Knows no file format.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatterbox_client.cli.columns import width

LINE_COLUMNS = 42
NUM_LINES = 2
LONGEST_SECONDS = 6.0
SHORT_SECONDS = 1.5  # a cue as short as this joins a neighbour
LONGEST_GAP_SECONDS = 0.5  # of silence within a cue
_SENTENCE_END = re.compile(r"[.!?…。！？।؟]['\"”’»)\]」』]*$")
_CLAUSE_END = re.compile(r"[,;:،、，；：–—]['\"”’»)\]」』]*$")
_BREAK = re.compile(r"\s+")
_PARAGRAPH = re.compile(r"\n\s*\n")
_FREELY_BROKEN = 2  # columns of a character of a script that writes no spaces


@dataclass(frozen=True, slots=True)
class Word:
    """A word as its event tells it: characters of the text, and when the first of them is heard."""

    start: int
    length: int
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Cue:
    """What is to be read from one moment to another: one or two lines."""

    start_seconds: float
    end_seconds: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a word with all that is written onto it."""

    text: str  # with the white space behind it
    start_seconds: float
    end_seconds: float

    @property
    def ends_paragraph(self) -> bool:
        return _PARAGRAPH.search(self.text) is not None

    @property
    def ends_sentence(self) -> bool:
        return self.ends_paragraph or _SENTENCE_END.search(self.text.rstrip()) is not None

    @property
    def ends_clause(self) -> bool:
        return self.ends_sentence or _CLAUSE_END.search(self.text.rstrip()) is not None


_Units = Sequence[_Unit]


def cues(text: str, words: Sequence[Word], ends_seconds: Sequence[float]) -> list[Cue]:
    """The cues of a text. `ends_seconds`: where its pieces end, the last of them with the speech itself."""
    units = list(_units(text, sorted(words, key=lambda word: word.start), ends_seconds))
    parts = [part for sentence in _sentences(units) for part in _divided(sentence)]
    return [
        Cue(part[0].start_seconds, part[-1].end_seconds, tuple(_lines([unit.text for unit in part])))
        for part in _joined(parts)
    ]


def _units(text: str, words: Sequence[Word], ends_seconds: Sequence[float]) -> Iterator[_Unit]:
    """The text cut before words, where white space or a script without it lets it be cut."""
    if not words:
        return
    begun = [(0, words[0].at_seconds)]
    for before, word in pairwise(words):
        place = _cut(text, before.start + before.length, word.start)
        if place is not None:
            begun.append((place, word.at_seconds))
    for (start, at), (end, next_at) in pairwise([*begun, (len(text), max(ends_seconds, default=0.0))]):
        until = min([next_at, *(second for second in ends_seconds if second > at)])
        yield _Unit(text[start:end], at, max(until, at))


def _cut(text: str, end: int, start: int) -> int | None:
    """Where the text may be cut between a word that ends here and one that starts there."""
    gap = _BREAK.search(text, end, max(end, start))
    if gap:
        return gap.end()
    around = text[max(0, end - 1) : end] + text[start : start + 1]
    return start if any(width(character) == _FREELY_BROKEN for character in around) else None


def _sentences(units: _Units) -> Iterator[list[_Unit]]:
    sentence: list[_Unit] = []
    for unit in units:
        sentence.append(unit)
        if unit.ends_sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _divided(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """A sentence in parts that fit: cut near the middle, after a clause rather than after a word."""
    if len(units) == 1 or _fits(units):
        yield units
        return
    total = sum(len(unit.text) for unit in units)
    done, best, place = 0, float("inf"), 1
    for index, unit in enumerate(units[:-1], start=1):
        done += len(unit.text)
        cost = abs(done - total / 2) + (0 if unit.ends_clause else total / 4)
        if cost < best:
            best, place = cost, index
    yield from _divided(units[:place])
    yield from _divided(units[place:])


def _joined(parts: list[list[_Unit]]) -> Iterator[list[_Unit]]:
    """Parts too short to be read join the one before or behind them, within a paragraph."""
    held: list[_Unit] = []
    for part in parts:
        if held and _belong_together(held, part):
            held = held + part
            continue
        if held:
            yield held
        held = part
    if held:
        yield held


def _belong_together(first: list[_Unit], second: list[_Unit]) -> bool:
    is_short = min(_seconds(first), _seconds(second)) < SHORT_SECONDS
    is_apart = first[-1].ends_paragraph or second[0].start_seconds - first[-1].end_seconds > LONGEST_GAP_SECONDS
    return is_short and not is_apart and _fits(first + second)


def _fits(units: _Units) -> bool:
    lines = _lines([unit.text for unit in units])
    is_narrow = len(lines) <= NUM_LINES and max(map(width, lines)) <= LINE_COLUMNS
    return is_narrow and _seconds(units) <= LONGEST_SECONDS


def _seconds(units: _Units) -> float:
    return units[-1].end_seconds - units[0].start_seconds


def _lines(texts: Sequence[str]) -> list[str]:
    """One line where all fits into it; else two, as equally long as their words let them be."""
    whole = _spaced("".join(texts))
    if width(whole) <= LINE_COLUMNS or len(texts) == 1:
        return [whole]
    halves = [(_spaced("".join(texts[:n])), _spaced("".join(texts[n:]))) for n in range(1, len(texts))]
    return list(min(halves, key=lambda pair: max(map(width, pair))))


def _spaced(text: str) -> str:
    return " ".join(text.split())
