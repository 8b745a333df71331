"""Whatever is said to a parser, it says what it understood or refuses: nothing else is raised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client import protocol
from chatterbox_client.cli import markup
from chatterbox_client.options import OPTION_NAMES, check_parts
from chatterbox_client.protocol import ProtocolError
from chatterbox_client.readers import ssml
from chatterbox_client.readers.emacspeak.lines import Command, Parser
from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.symbols import LEVELS
from chatterbox_client.readers.wording import Wording, parts_of
from chatterbox_daemon.config import Config
from chatterbox_daemon.front.checking import check_player, check_worker
from chatterbox_daemon.front.request import Refused, parse_conversion, parse_speech
from chatterbox_daemon.front.script import Mark, Piece, Silence, steps
from chatterbox_daemon.link import Decoder, LinkError, encode
from tests.fuzz.effort import effort

ANY_TEXT = st.text(st.characters(), max_size=60)  # lone surrogates too
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=8)
PARTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "text": ANY_TEXT,
            "silence": st.floats(-1, 700) | ANYTHING,
            "mark": ANY_TEXT,
            "rate": st.floats(0, 7) | ANYTHING,
            "spell": st.booleans() | ANYTHING,
        },
    ),
    max_size=6,
)
NAMES = (*OPTION_NAMES, "id", "op", "priority", "interrupt", "events", "private", "text")
HEADERS = st.dictionaries(st.sampled_from(NAMES) | ANY_TEXT, ANYTHING, max_size=6).flatmap(
    lambda header: (PARTS | ANYTHING).map(lambda parts: {**header, "parts": parts})
)
MARKUP = (
    "<",
    ">",
    "</",
    "/>",
    "speak",
    "<mark name='m'/>",
    "'",
    '"',
    "<break time=",
    "1s",
    "prosody",
    "rate=",
    "%",
)
MARKUP += (
    "&",
    "&#",
    "x",
    ";",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "sub alias='",
    "say-as",
    "=",
    "1e999",
    "\0",
)
COMMANDS = ("[[", "]]", "[", "]", "slnc", "rate", "volm", "pbas", "sync", " ", "500", "+20", "-0.1", "1e400", ";")
COMMANDS += ("cmnt", "dlim", "<<", ">>", "word", "rset", "0", "char", "LTRL", "nmbr", "NORM", "\n", "nan", "-inf")
LINES = (
    "s",
    "d",
    "q ",
    "c ",
    "l ",
    "{",
    "}",
    "\n",
    "\r",
    "tts_say ",
    "tts_sync_state all 0 0 1 225",
    "sh 50",
    " ",
)
LINES += ("r {300}", "version", "set_lang de", "\ud800", "\0", "é", "[*]", "b 440 10", "exit")


def scraps(tokens: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(tokens) | ANY_TEXT, max_size=40).map("".join)


@effort(100, 900)
@given(st.lists(st.just(protocol.MAGIC) | st.binary(max_size=60), max_size=5), HEADERS, st.booleans())
def test_a_message_is_understood_or_refused_with_a_code_of_the_list(
    frames: list[bytes], header: dict[str, Any], is_ascii: bool
) -> None:
    said = json.dumps(header, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    for message in (frames, [protocol.MAGIC, said], [protocol.MAGIC, said, b"recording"]):
        try:
            decoded = protocol.decode(message)
            assert 1 <= protocol.request_id({"id": 1, **decoded.header}) <= 1 << 53
            check_request(decoded)
        except (ProtocolError, Refused) as error:
            assert error.code in protocol.ERROR_CODES
            assert len(str(error)) < 1_000


def check_request(message: protocol.Message) -> None:
    parsed = parse_speech(message.header, Config())
    texts = [part.get("text", "") for part in parsed["parts"]]
    whole, end = "".join(texts), 0
    for step in steps(parsed["parts"]):
        assert isinstance(step, Piece | Silence | Mark)
        if isinstance(step, Piece):
            assert whole[step.start : step.start + len(step.text)] == step.text
            assert not whole[end : step.start].strip()
            end = step.start + len(step.text)
    assert not whole[end:].strip(), "a part of the text is not spoken"
    parse_conversion(message.header, b"recording")


@effort(200, 6_000)
@given(scraps(MARKUP), st.sampled_from(LEVELS), st.booleans())
def test_ssml_becomes_parts_that_can_be_sent(text: str, level: str, is_spelt: bool) -> None:
    parts = parts_of(ssml.parse(text, Prosody()), Wording(level, is_spelt, "icon", splits_words=True))
    assert not parts or check_parts(parts)


@effort(200, 6_000)
@given(scraps(COMMANDS))
def test_embedded_commands_become_parts_that_can_be_sent(text: str) -> None:
    parsed = markup.parse(text)
    assert not parsed.parts or check_parts(parsed.parts)


@effort(200, 6_000)
@given(st.lists(st.binary(max_size=20) | st.sampled_from(LINES).map(lambda line: line.encode("utf-8", "replace"))))
def test_lines_of_emacspeak_become_commands(chunks: list[bytes]) -> None:
    parser = Parser()
    commands = [command for chunk in chunks for command in parser.feed(chunk)]
    for command in [*commands, *parser.feed(b"\n}\n"), *parser.feed(b"s\n")]:
        assert isinstance(command, Command)
        assert command.name.isidentifier() or command.name[0].isdigit()
    assert list(parser.feed(b"s\n"))[-1] == Command("s"), "silence is no longer obeyed"


@effort(50, 500)
@given(st.lists(st.binary(max_size=40) | HEADERS.map(lambda header: encode(header, b"ab")), max_size=6), st.data())
def test_the_link_yields_messages_or_says_that_it_is_broken(chunks: list[bytes], data: st.DataObject) -> None:
    stream, decoder = b"".join(chunks), Decoder()
    try:
        while stream:
            size = data.draw(st.integers(1, len(stream)))
            for header, payload in decoder.feed(stream[:size]):
                assert isinstance(header, dict)
                check_anything(header, payload)
            stream = stream[size:]
    except LinkError as error:
        assert str(error)


def check_anything(header: dict[str, Any], payload: bytes) -> None:
    for check in (lambda: check_worker(header, payload), lambda: check_player(header)):
        with pytest.raises(LinkError):
            check()  # headers of clients are nothing that a child says


@effort(100, 2_000)
@given(
    st.sampled_from(["state", "audio", "done", "failed", "answer", "pong", "mark", "position", "device"]),
    st.dictionaries(
        st.sampled_from(["job", "state", "words", "n", "voices", "slots", "code", "fields", "played", "label"]),
        ANYTHING | st.sampled_from([0, "ready", [], {}, [[0, 0, 1]], [{"name": "a", "language": "en"}]]),
    ),
    st.binary(max_size=3),
)
def test_what_a_child_says_is_believed_or_breaks_its_link(
    kind: str, fields: dict[str, Any], payload: bytes
) -> None:
    header = {**fields, "type": kind}
    try:
        check_worker(header, payload)
    except LinkError:
        pass
    else:
        assert kind not in ("audio", "done", "failed") or isinstance(header["job"], int)
        assert kind != "answer" or "fields" in header or "code" in header
    try:
        check_player(header)
    except LinkError:
        return
    assert kind not in ("mark", "position") or isinstance(header["job"], int)


def test_a_deeply_nested_header_breaks_the_link_and_not_the_front() -> None:
    said = b"[" * 100_000
    with pytest.raises(LinkError, match="not JSON"):
        list(Decoder().feed(len(said).to_bytes(4, "big") + bytes(4) + said))
