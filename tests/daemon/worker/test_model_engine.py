"""The model's engine by itself, with graphs: what it does after it is warm, and after nobody wants the rest."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from chatterbox.flow.estimator import Estimator
from chatterbox.t3.model import T3
from chatterbox_daemon.config import Config
from chatterbox_daemon.front import briefing
from chatterbox_daemon.worker.engine import EngineError, FloatSamples, Piece, Word, finish
from chatterbox_daemon.worker.journal import Journal
from chatterbox_daemon.worker.model.engine import ModelEngine
from tests.chatterbox.checkpoints import write_model

TEXT = "Two hundred ids: forty letters, 8 second"  # with the random weights it is cut there
NUM_TOKENS = 200
EARLY_TOKENS = 40
SHORT = "Short."
CAPTURING = "capturing every graph"

Load = Callable[..., ModelEngine]


class Listener:
    """An output that wants no more once it is told so, and calls `on_write` at each write."""

    def __init__(self, on_write: Callable[[], None] = lambda: None) -> None:
        self.is_cancelled = False
        self._on_write = on_write
        self.num_samples = 0

    def write(self, samples: FloatSamples, words: list[Word] | None = None) -> None:  # noqa: ARG002
        """The next samples."""
        self.num_samples += len(samples)
        if len(samples):
            self._on_write()

    def cancel(self) -> None:
        """Nobody wants the rest."""
        self.is_cancelled = True


class Counter:
    """How often a method was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        self.count = 0
        self.on_call: Callable[[], None] = lambda: None
        original = getattr(owner, method)

        def counted(*arguments: Any, **options: Any) -> Tensor:
            self.count += 1
            self.on_call()
            result: Tensor = original(*arguments, **options)
            return result

        monkeypatch.setattr(owner, method, counted)


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small nano's files: 1 GB, removed at once afterwards."""
    yield from written(tmp_path_factory, "nano-mini")


@pytest.fixture(scope="module")
def multilingual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The small multilingual's files: 1.4 GB, removed at once afterwards."""
    yield from written(tmp_path_factory, "multilingual-mini")


def written(factory: pytest.TempPathFactory, variant: str) -> Iterator[Path]:
    folder = write_model(variant, factory.mktemp(variant))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def events() -> list[str]:
    """What the engine noted."""
    return []


@pytest.fixture
def load(events: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Loads the engine with these settings."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def make(folder: Path, **settings: Any) -> ModelEngine:
        config = Config(model=str(folder), model_device="cpu", model_dtype="float32", **settings)
        journal = Journal("test", tell=lambda _: None, note=lambda event: events.append(event["what"]))
        engine = ModelEngine()
        engine.load(briefing.settings("chatterbox", config), journal)
        return engine

    return make


@pytest.fixture
def warm(load: Load, nano: Path) -> ModelEngine:
    engine = load(nano, model_compile="graphs")
    assert engine.warm_up()
    return engine


def test_nothing_is_captured_once_it_is_warm(warm: ModelEngine, events: list[str]) -> None:
    num_captures = warm.stats()["captures"]
    assert num_captures > 0
    assert events == [CAPTURING]
    for text in (SHORT, TEXT, SHORT):
        finish(warm.synthesize(Piece(text, options={"seed": 1}), Listener()))
    assert events == [CAPTURING]
    assert warm.stats()["captures"] == num_captures


def test_what_is_captured_late_is_told(load: Load, nano: Path, events: list[str]) -> None:
    engine = load(nano, model_compile="graphs")
    finish(engine.synthesize(Piece(SHORT, options={"seed": 1}), Listener()))
    num_captures = len(events)
    assert events[0].startswith("capturing the decode step of 1 rows and ")
    assert all(what.startswith("capturing the flow's step of ") for what in events[1:])
    assert engine.stats()["captures"] == num_captures
    engine.reset()
    finish(engine.synthesize(Piece(SHORT, options={"seed": 1}), Listener()))
    assert len(events) == 2 * num_captures


def test_the_first_sound_leaves_long_before_the_last_id_is_drawn(
    warm: ModelEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Counter(monkeypatch, T3, "logits")
    at_writes: list[int] = []
    finish(warm.synthesize(Piece(TEXT, options={"seed": 1}), Listener(lambda: at_writes.append(drawn.count))))
    last = warm.stats()["last"]
    assert at_writes[0] < EARLY_TOKENS
    assert last["first_audio_tokens"] <= at_writes[0]
    assert (last["tokens"], last["tokens_after_cancel"]) == (NUM_TOKENS, 0)


@pytest.mark.parametrize("compile_as", ["graphs", "off"])
def test_at_most_one_more_id_is_drawn_once_nobody_wants_the_rest(
    load: Load, nano: Path, compile_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load(nano, model_compile=compile_as)
    engine.warm_up()
    drawn = Counter(monkeypatch, T3, "logits")
    at_cancel: list[int] = []
    listener = Listener(lambda: cancel_between_pieces())

    def cancel_between_pieces() -> None:
        drawn.on_call = cancel_while_drawing

    def cancel_while_drawing() -> None:
        if not listener.is_cancelled:
            at_cancel.append(drawn.count)
        listener.cancel()

    finish(engine.synthesize(Piece(TEXT, options={"seed": 1}), listener))
    last = engine.stats()["last"]
    assert drawn.count - at_cancel[0] <= 1
    assert last["tokens"] < EARLY_TOKENS
    assert last["tokens_after_cancel"] == 1


def test_the_flow_takes_no_further_step_once_nobody_wants_the_rest(
    warm: ModelEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, steps = Counter(monkeypatch, T3, "logits"), Counter(monkeypatch, Estimator, "forward")
    listener = Listener()
    steps.on_call = listener.cancel
    finish(warm.synthesize(Piece(TEXT, options={"seed": 1, "flow_steps": 10}), listener))
    assert steps.count == 1
    assert listener.num_samples == 0
    assert drawn.count < EARLY_TOKENS


def test_hebrew_is_spoken_without_its_helper_only_if_the_settings_say_so(load: Load, multilingual: Path) -> None:
    hebrew = Piece("שלום", language="he", options={"seed": 1})
    briefly = {"max_seconds_per_character": 0.02}
    with pytest.raises(EngineError, match="Hebrew needs"):
        finish(load(multilingual).synthesize(hebrew, Listener()))
    listener = Listener()
    finish(load(multilingual, text_helpers="off", **briefly).synthesize(hebrew, listener))
    assert listener.num_samples > 0
    with pytest.raises(EngineError, match=r"dicta\.onnx is missing; download it"):
        load(multilingual, dicta_model="/nowhere/dicta.onnx")
