"""SSML: what is said of it, and that nothing in it breaks the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatterbox_client.options import check_parts
from chatterbox_client.readers.prosody import Prosody
from chatterbox_client.readers.ssml import Break, Fragment, Mark, Text, escape, parse
from chatterbox_client.readers.wording import Wording, parts_of, text_of

PLAIN = Prosody()
PIECES = ("<", ">", "</", "/>", "speak", "<mark name='", "'", '"', "<break time=", "prosody rate=", "&", "&#", ";")
SCRAPS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=30).map("".join)


def said(markup: str) -> str:
    return text_of(parse(markup, PLAIN))


def only_text(markup: str) -> Text:
    texts = [fragment for fragment in parse(markup, PLAIN) if isinstance(fragment, Text)]
    assert len(texts) == 1
    return texts[0]


def test_text_and_marks_keep_their_order() -> None:
    markup = '<speak><mark name="0:3"/>One <mark name="4:7"/>two.<mark name="__spd_0"/></speak>'
    expected: list[Fragment] = [
        Mark("0:3"),
        Text("One ", PLAIN),
        Mark("4:7"),
        Text("two.", PLAIN),
        Mark("__spd_0"),
    ]
    assert parse(markup, PLAIN) == expected


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&quot;&apos;&#65;&#x42;", "\"'AB"),
        ("AT&T &unknown; &#xD800; &#99999999;", "AT&T &unknown; \ufffd &#99999999;"),
        ("a <!-- not this --> b", "a  b"),
        ("a <![CDATA[<b> & c]]> d", "a <b> & c d"),
        ("<?xml version='1.0'?><!DOCTYPE speak><speak>x</speak>", "x"),
        ("<audio src='x'>instead</audio>", "instead"),
        ("<audio><desc>a dog</desc>woof</audio>", "woof"),
        ('<sub alias="World Wide Web">WWW</sub> page', "World Wide Web page"),
        ("<bogus a='>'>kept</bogus>", "kept"),
        ("</prosody></speak>left", "left"),
        ("<prosody rate='fast'>never closed", "never closed"),
        ("1 < 2, x <- y, <3", "1 < 2, x <- y, <3"),
        ("<!-- never closed", ""),
    ],
)
def test_what_is_said_is_the_text_and_never_the_markup(markup: str, text: str) -> None:
    assert said(markup) == text


def test_paragraphs_and_sentences_are_parted() -> None:
    assert said("<p>One</p><p>two</p>").split("\n\n") == ["One", "", "two"]


def test_prosody_is_nested_and_ends_with_its_element() -> None:
    fragments = parse("<prosody rate='200%'>a<prosody pitch='+2st' volume='50'>b</prosody>c</prosody>d", PLAIN)
    prosodies = [fragment.prosody for fragment in fragments if isinstance(fragment, Text)]
    assert prosodies == [Prosody(2.0), Prosody(2.0, 2.0, 0.5), Prosody(2.0), PLAIN]


@pytest.mark.parametrize(
    ("attribute", "prosody"),
    [
        ("rate='slow'", Prosody(rate=0.75)),
        ("rate='+20%'", Prosody(rate=1.2)),
        ("rate='1.5'", Prosody(rate=1.5)),
        ("rate='350'", Prosody(rate=2.0)),
        ("rate='0'", Prosody(rate=0.25)),
        ("rate='900000%'", Prosody(rate=6.0)),
        ("pitch='x-high'", Prosody(pitch=6.0)),
        ("pitch='+100%'", Prosody(pitch=12.0)),
        ("pitch='60hz'", Prosody(pitch=-12.0)),
        ("pitch='+120Hz'", Prosody(pitch=12.0)),
        ("pitch='75'", Prosody(pitch=6.0)),
        ("volume='silent'", Prosody(volume=0.0)),
        ("volume='+6dB'", Prosody(volume=2.0)),
        ("volume='loud'", Prosody(volume=1.5)),
        ("rate='banana' pitch='' volume='--'", PLAIN),
    ],
)
def test_prosody_has_the_values_of_ssml(attribute: str, prosody: Prosody) -> None:
    assert only_text(f"<prosody {attribute}>x</prosody>").prosody == prosody


def test_a_text_may_be_spelled_or_read_figure_by_figure() -> None:
    assert only_text("<say-as interpret-as='characters'>abc</say-as>").spell
    assert only_text("<say-as interpret-as='tts:digits'>123</say-as>").digits
    assert only_text("<say-as interpret-as='date'>1.2.</say-as>") == Text("1.2.", PLAIN)


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [("", 0.4), ("time='250ms'", 0.25), ("time='2s'", 2.0), ("strength='weak'", 0.2), ("time='9999s'", 600.0)],
)
def test_a_break_is_a_pause(attributes: str, seconds: float) -> None:
    assert parse(f"<break {attributes}/>", PLAIN) == [Break(seconds)]


def test_marks_that_cannot_be_named_are_left_out() -> None:
    assert parse("<mark/><mark name=''/><mark name='" + "x" * 201 + "'/>", PLAIN) == []
    assert parse("<mark name='two&#10;lines'/>", PLAIN) == [Mark("two lines")]


@given(SCRAPS)
def test_nothing_breaks_the_reader_and_all_it_says_can_be_sent(markup: str) -> None:
    parts = parts_of(parse(markup, PLAIN), Wording("all"))
    assert not parts or check_parts(parts)


@given(st.text())
def test_escaped_text_is_said_as_it_was(text: str) -> None:
    assert said(escape(text)) == text.strip()


def test_a_long_hostile_text_is_read_in_no_time() -> None:
    for scrap in ("<!--", "<a '", '<a "', "<![CDATA[", "<a b=<", "&#", "<p>"):
        parse(scrap * 50_000, PLAIN)
