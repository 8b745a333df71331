"""The steps of a request: marks never cut a text, options and silences do."""

from chatterbox_daemon.front.script import Mark, Piece, Script, Silence, steps

FAST = {"rate": 2.0}


def test_marks_inside_a_sentence_leave_it_whole() -> None:
    parts = [{"mark": "0:3"}, {"text": "One "}, {"mark": "4:7"}, {"text": "two "}, {"mark": "end"}]
    assert list(steps(parts)) == [Mark("0:3"), Piece("One two", 0, {}, ((4, "4:7"),)), Mark("end")]


def test_a_mark_between_two_sentences_comes_before_the_second() -> None:
    parts = [{"text": "This one ends."}, {"mark": "m"}, {"text": " This one begins."}]
    assert list(steps(parts)) == [Piece("This one ends.", 0, {}), Mark("m"), Piece("This one begins.", 15, {})]


def test_other_options_begin_another_piece_and_places_go_on() -> None:
    parts = [{"text": "one "}, {"mark": "m"}, {"text": "two ", **FAST}, {"text": "three", **FAST}]
    assert list(steps(parts)) == [Piece("one", 0, {}), Mark("m"), Piece("two three", 4, FAST)]


def test_a_silence_parts_two_texts() -> None:
    parts = [{"text": "one"}, {"silence": 1.5}, {"mark": "m"}, {"text": "two"}]
    expected = [Piece("one", 0, {}), Silence(1.0), Silence(0.5), Mark("m"), Piece("two", 3, {})]
    assert list(steps(parts)) == expected


def test_marks_without_a_text_are_still_told() -> None:
    assert list(steps([{"mark": "a"}, {"text": "  "}, {"mark": "b"}])) == [Mark("a"), Mark("b")]


def test_every_mark_of_a_long_text_is_told_once_and_in_order() -> None:
    words = [f"word{index}{'.' if index % 9 == 8 else ''} " for index in range(400)]
    parts = [part for index, word in enumerate(words) for part in ({"mark": str(index)}, {"text": word})]
    told, text = [], "".join(words)
    for step in steps(parts):
        if isinstance(step, Mark):
            told.append(step.name)
        elif isinstance(step, Piece):
            assert text[step.start :].startswith(step.text)
            for place, name in step.marks:
                assert step.text[place:].startswith(words[int(name)].strip())
                told.append(name)
    assert told == [str(index) for index in range(400)]


def test_steps_of_a_text_that_is_being_written_come_as_soon_as_they_are_certain() -> None:
    script = Script()
    script.append([{"mark": "a"}, {"text": "This one ends. Thi"}])
    assert script.next_step() is None
    assert script.is_dry
    script.append([{"text": "s "}])
    assert [script.next_step(), script.next_step()] == [Mark("a"), Piece("This one ends.", 0, {})]
    script.append([{"text": "is "}, {"mark": "b"}, {"text": "whole", **FAST}])
    assert script.next_step() == Piece("This is", 15, {})
    assert script.next_step() == Mark("b")
    assert script.next_step() is None
    script.finish()
    assert script.next_step() == Piece("whole", 23, FAST)
    assert script.next_step() is None
    assert script.is_over


def test_what_is_flushed_is_as_good_as_complete() -> None:
    script = Script()
    script.append([{"text": "no stop"}, {"mark": "m"}])
    script.flush()
    script.append([{"text": " and on"}])
    assert [script.next_step(), script.next_step(), script.next_step()] == [
        Piece("no stop", 0, {}),
        Mark("m"),
        None,
    ]
    assert script.num_waiting == 8  # characters and the run they are in
    script.finish()
    assert script.next_step() == Piece("and on", 8, {})


def test_a_silence_at_the_end_of_an_open_text_is_told_at_once() -> None:
    script = Script()
    script.append([{"text": "one"}, {"silence": 1.5}])
    assert [script.next_step() for _ in range(4)] == [Piece("one", 0, {}), Silence(1.0), Silence(0.5), None]
    assert not script.is_over
