"""Where a sentence ends, in a window of text.

A window that begins with a sentence comes in; the end of that sentence goes out. Knows nothing of pieces, nor of
the text around the window: whoever cuts the windows keeps them small.
"""

import re
from dataclasses import dataclass
from enum import Enum

from chatterbox_daemon.front.abbreviations import stands_before

# Ends a sentence only before white space: 3.14, example.org and notes.txt hold none.
_SPACED_STOPS = ".!?…‼⁇⁈⁉؟۔։።፧።"
# Ends a sentence wherever it stands: scripts that write no spaces, and the danda.
_BARE_STOPS = "。！？｡．।॥။"
_CLOSERS = "\"'”’»«›)\\]}」』）】》〉〕］｝＂＇“"
_OPENERS = "\"'“”‘’«»‹„‚([{¿¡*_–—-「『（【《〈"

MAX_TAG_CHARACTERS = 34
# A paralinguistic tag such as [laugh] or [clear throat]: one thing, never cut.
TAG = re.compile(rf"\[[^\W\d_][\w '’-]{{0,{MAX_TAG_CHARACTERS - 3}}}\]")

_MARK = re.compile(
    rf"(?P<tag>{TAG.pattern})"
    rf"|(?P<stop>[{_SPACED_STOPS}{_BARE_STOPS}]+)"
    rf"(?P<closers>(?:[{_CLOSERS}]|[ \u00a0\u202f]?»(?!\w)|\[\d{{1,3}}\]){{0,8}})"
    r"|(?P<lines>[\n\f\u2029]\s*)"
)
_FOLLOWING = re.compile(rf"(?P<gap>\s*)(?:(?={TAG.pattern})|(?:[{re.escape(_OPENERS)}]+\s?)?)(?P<word>\w+|\S)?")
_SPACE = re.compile(r"\s")
_MAX_TOKEN_CHARACTERS = 48
_BULLET = re.compile(r"(?:[-*+•‣◦▪–—·]|\(?\d{1,3}[.)]|\(?[A-Za-z]\)|#{1,6})\s")
_MAX_BULLET_CHARACTERS = 8
_HEADING = re.compile(r"#{1,6}\s")
_JAPANESE_QUOTATION_GOES_ON = re.compile(r"[とっ]")


class _Verdict(Enum):
    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Found:
    """Where the first sentence of a window ends, counted from its beginning; None if it does not end within it."""

    end: int | None
    is_stop: bool = False  # it ends with a stop, not just with its line
    perhaps: int | None = None  # where else one may have ended, the last such place
    open_at: int | None = None  # it ends here or later: what follows this place, and decides, is not here yet


def find_end(window: str, limit: int, *, goes_on: bool = False) -> Found:
    """The end of the sentence with which `window` begins, at most `limit` characters from there.

    The window should hold some 64 characters more than the limit: what follows a stop decides what it means.
    With `goes_on` the text behind the window is not known, and no end is told that it could change.
    """
    perhaps = None
    for mark in _MARK.finditer(window):
        end = mark.start() if mark["lines"] else mark.end()
        if end > limit:
            break
        if goes_on and _is_open(window, mark):
            return Found(None, perhaps=perhaps, open_at=end)
        verdict = _judge(window, mark)
        if verdict is _Verdict.YES:
            return Found(len(window[:end].rstrip()), is_stop=mark["stop"] is not None, perhaps=perhaps)
        if verdict is _Verdict.PERHAPS:
            perhaps = end
    return Found(None, perhaps=perhaps)


def is_paragraph(gap: str) -> bool:
    """Whether this white space holds a blank line or a new page."""
    return gap.count("\n") > 1 or "\f" in gap or "\u2029" in gap


def _is_open(window: str, mark: re.Match[str]) -> bool:
    """Whether more text behind the window could change what the mark is, or means."""
    following = _FOLLOWING.match(window, mark.end())
    if following is None or following.end() == len(window):
        return True
    may_be_tag = "[" in following[0] and len(window) - mark.end() < MAX_TAG_CHARACTERS + len(following[0])
    return may_be_tag or (mark["lines"] is not None and len(window) - mark.end() < _MAX_BULLET_CHARACTERS)


def _judge(window: str, mark: re.Match[str]) -> _Verdict:
    if mark["tag"]:
        return _Verdict.NO
    if mark["lines"]:
        ends = is_paragraph(mark["lines"]) or _HEADING.match(window) or _BULLET.match(window, mark.end())
        return _Verdict.YES if ends else _Verdict.NO
    if any(character in _BARE_STOPS for character in mark["stop"]):
        return _judge_bare(window, mark)
    before, after = _around(window, mark)
    if after and not after.isspace():
        return _Verdict.YES if _is_ideograph(before) and _is_ideograph(after) else _Verdict.NO
    return _judge_spaced(window, mark)


def _judge_bare(window: str, mark: re.Match[str]) -> _Verdict:
    before, after = _around(window, mark)
    if mark["stop"] == "．" and before.isdigit() and after.isdigit():
        return _Verdict.NO
    if mark["closers"] and _JAPANESE_QUOTATION_GOES_ON.match(after):
        return _Verdict.PERHAPS
    return _Verdict.YES


def _judge_spaced(window: str, mark: re.Match[str]) -> _Verdict:
    following = _FOLLOWING.match(window, mark.end())
    word = following["word"] if following else None
    if not following or not word:
        return _Verdict.YES
    if mark["stop"] == ".":
        if word == ".":
            return _Verdict.NO  # an ellipsis with spaces
        token = _SPACE.split(window[max(0, mark.start() - _MAX_TOKEN_CHARACTERS) : mark.start()])[-1]
        if stands_before(token, word, opens_sentence=len(token) == mark.start()):
            return _Verdict.NO
    is_full = any(character in "!?؟" for character in mark["stop"]) or "\n" in following["gap"]
    if word[0].islower() and (mark["closers"] or not is_full):
        return _Verdict.PERHAPS
    return _Verdict.YES


def _around(window: str, mark: re.Match[str]) -> tuple[str, str]:
    """The characters before and after a mark, or nothing at the ends."""
    return window[max(0, mark.start() - 1) : mark.start()], window[mark.end() : mark.end() + 1]


def _is_ideograph(character: str) -> bool:
    """Chinese or Japanese, the kana and the wide marks included: written without spaces."""
    return "\u2e80" <= character <= "\u9fff" or "\uff00" <= character <= "\uff9f"
