"""Where sentences end, in a dozen languages. Each case is a text with a | wherever a sentence ends."""

import pytest

from chatterbox_daemon.front.sentences import find_end

CASES = """
He came.| She left.
Really?!| Yes!!| No...| Well?
Mr. Smith met Mrs. Jones and Dr. No at St. James.| They left.
J. R. R. Tolkien wrote it.| George R.R. Martin did not.
J.-P. Sartre wrote.| I read.
It costs 3.14 dollars.| Python 3.11.2 is out.| Run it.
See e.g. this one, i.e. that one, etc. and so on, etc.| Then go.
Fig. 3 and No. 5 on p. 12 of vol. 2.| No.| He refused.
Smith vs. Jones et al. were heard in Jan. 2024 and in Feb.| Then came March.
At 5 p.m. the U.S. team left.| At 6 p.m.| Then they slept.
At 10:30 we met.| At 10.45 we left.
Acme Inc. was sold.| He works for Acme Inc.| She does not.
Go to https://example.org/a.b?c=d.e now.| Or to www.example.org.| Bye.
Mail me@example.org or you@mail.example.co.uk.| Thanks.
Open notes.txt, a.tar.gz and .bashrc.| Save them.
Version v. 2 is ver. 1.2.3 of the tool.| Install it.
He said "Stop."| Then he left.
"Stop!" he said.| "Go on," she said.| He did.
'Stop.' he said.| (He meant it.)| [So it was.]| Good.
He left (at last!) and slept.| Fine.
She asked “Why?”| He said ‘Because.’| So there.
Wait... what is that?| Well...| Nothing.
Well . . .| I do not know; it is . . . odd.| Yes.
The sentence ends.[1]| The next begins.[2][3]| Fine.
Hi there.| [laugh] That was good. |[clear throat] Indeed.
I [sigh] do not know. |[gasp] Oh!
1. Buy milk.| 2. Buy bread.
a. Buy milk.
What? |no way! |i mean it.
the word is approx. five and the tel. 12345 works.| Good.
Dr. J. Smith Jr. spoke.| Prof. X. Y. Zed listened.
Das ist gut.| Am 3. Oktober kam er.| Im 19. Jahrhundert nicht.
Es gibt z. B. Äpfel, d. h. Obst, usw. und so fort.| Gut.
Das kostet ca. 5,50 Euro bzw. 6 Franken.| Teuer!
Hr. Müller, geb. 1970, wohnt in der Hauptstr. 5.| Er kommt.
»Halt.«| Er ging.
»Halt!«, rief er.| Dann ging er.
„Komm.“| Sie kam.
Mme Dupont et M. Martin sont là.| Ils partent.
« Stop ! » dit-il.| « Non. »| Il part.
Ça va ?| Oui !| C’est vrai : il vient.
¿Qué tal?| ¡Muy bien!| El Sr. López vive en EE. UU. y la Sra. Gil no.
Il sig. Rossi e la dott.ssa Bianchi arrivano.| Bene.
De heer drs. Jansen komt bijv. morgen.| Mooi.
Привет!| Он жил в г. Москве и т. д. и т. п.| Потом ушёл.
А. С. Пушкин писал стихи.| Да.
«Стой!» — сказал он.| — Нет.| — Да.
Γεια σου.| Τι κάνεις;
Cześć.| To jest np. jabłko.| Dobrze?
Merhaba.| Nasılsın?| İyiyim.
你好。|今天怎么样？|很好！|再见
“你好。”|他说。|我走了。
你好!|今天怎么样?|很好.
价格是３．１４元。|版本１．２。|完
はい。|そうです。|いいえ！？|なぜ
「はい。」と言った。|そして帰った。
「行くぞ！」|彼は走った。
今日は晴れ．|明日は雨．|終
안녕하세요.| 잘 지내요?| 네!
आप कैसे हैं?| मैं ठीक हूँ।| धन्यवाद॥|ठीक
كيف حالك؟| أنا بخير.| شكرا۔| نعم
שלום.| מה שלומך?| טוב.
Բարեւ։| Ինչպես ես։| Լավ
ሰላም።| እንዴት ነህ።| ደህና
""".strip().splitlines()

LINES = [
    "Dear all,\nthis is a line that\nwas wrapped by the mailer.|\nIt goes on.",
    "A heading|\n\nA paragraph that\nis wrapped.|\n\nAnother",
    "A heading|\r\n\r\nA paragraph\r\nthat is wrapped.|\r\nMore",
    "Shopping:|\n- milk|\n- bread|\n* butter|\n• cheese",
    "Steps|\n1. open it|\n2) close it|\n(3) leave|\na) or not",
    "# Title|\n## Subtitle|\nText goes\non.",
    "I met Dr.\nSmith and Mr.\nJones.|\nGood.",
    "it ends here.|\nand a careless writer goes on.",
    'He cried "Stop!"\nand left.|\nGood.',
    "One page|\fAnother page|\u2029A paragraph",
    "He left|\n   \n  \nShe stayed",
]


def marked(text: str) -> str:
    """The text with a | wherever a sentence is found to end."""
    parts = []
    while text:
        end = find_end(text, len(text)).end or len(text)
        space = len(text[end:]) - len(text[end:].lstrip())
        parts.append(text[:end])
        text, gap = text[end + space :], text[end : end + space]
        parts.append(f"|{gap}" if text else gap)
    return "".join(parts)


def without_marks(case: str) -> str:
    return case.replace("|", "")


def tidy(case: str) -> str:
    """Every | before the white space."""
    return case.replace(" |", "| ")


@pytest.mark.parametrize("case", CASES)
def test_sentences_end_where_a_reader_would_pause(case: str) -> None:
    assert marked(without_marks(case)) == tidy(case)


@pytest.mark.parametrize("case", LINES)
def test_lines_end_a_sentence_only_when_they_look_complete(case: str) -> None:
    assert marked(without_marks(case)) == case


def test_a_sentence_that_does_not_end_within_the_limit_is_not_found() -> None:
    assert find_end("This one is longer. Yes.", 10).end is None
    assert find_end("This one is longer. Yes.", 19).end == 19


def test_a_place_where_a_sentence_may_have_ended_is_remembered() -> None:
    found = find_end("we met at the station. then we left for good", 40)
    assert (found.end, found.perhaps) == (None, 22)
