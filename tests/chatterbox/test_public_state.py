"""Speaking changes nothing: no call leaves a trace in the model, in the next call or in memory."""

import dataclasses
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from chatterbox.model import Model
from chatterbox.utterance import Utterance
from chatterbox.vc import ChatterboxVC
from chatterbox.voice.conditionals import Conditionals
from tests.chatterbox.models import SOURCE, VOICE, on, open_model, seeded, short

TEXTS = ["One.", "Two, and a little more!", "Three?", "This is the fourth of them.", "Five - it ends here."]
LEAKED_MIB = 8  # in 100 calls; one cache of keys and values has some 10, the waves of all calls together 1


def plan(model: Model, text: str = TEXTS[0], max_new_tokens: int = 4, **options: Any) -> Utterance:
    """What is quickly said; by a multilingual model with all that it keeps of an utterance."""
    if model.variant.backbone == "llama":
        options |= {"alignment": "guard", "positions": True}
    if model.variant.name == "multilingual":
        options["language_id"] = "en"
    options.setdefault("voice", short(model.conds))
    options.setdefault("watermark", False)
    return model.plan(text, max_new_tokens=max_new_tokens, **options)


def mapped(folder: Path) -> set[str]:
    """Where files of a folder lie in this process's memory."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {line.split()[0] for line in lines if str(folder) in line}


def speak(model: Model, text: str, seed: int) -> Tensor:
    return model.speak(plan(model, text, generator=seeded(seed))).wave


@on("multilingual-mini", "nano-mini")
def test_five_calls_on_one_model_equal_five_on_fresh_ones(model: Model, folder: Path) -> None:
    in_a_row = [speak(model, text, seed) for seed, text in enumerate(TEXTS)]
    fresh = [speak(open_model(folder), text, seed) for seed, text in enumerate(TEXTS)]
    assert all(map(torch.equal, in_a_row, fresh))
    assert len({wave.sum().item() for wave in fresh}) == len(TEXTS)


@on("multilingual-mini", "nano-mini")
def test_speaking_and_streaming_change_nothing_of_the_model(model: Model) -> None:
    model.watermarker  # noqa: B018 - is loaded when it is first needed
    before = dict(walk(model))
    assert sum(isinstance(value, tuple) for value in before.values()) > 100
    model.speak(plan(model, watermark=True))
    list(model.stream(plan(model, TEXTS[1])))
    assert dict(walk(model)) == before


@on("multilingual-mini", "nano-mini")
def test_a_model_in_half_precision_lets_its_files_go(folder: Path) -> None:
    before = mapped(folder)
    whole = open_model(folder)
    assert mapped(folder) > before  # in float32 its weights are the file's
    del whole
    gc.collect()
    half = open_model(folder, "bfloat16")
    assert half.conds is not None
    assert mapped(folder) == before


@on("base-mini")
def test_a_clip_for_one_call_is_not_the_voice_of_the_next(model: Model) -> None:
    voice = model.conds
    assert voice is not None
    values = {name: value.clone() for name, value in tensors(voice)}
    before = model.generate(TEXTS[0], generator=seeded(1), max_new_tokens=4, watermark=False)
    cloned = model.generate(
        TEXTS[0], generator=seeded(1), max_new_tokens=4, watermark=False, audio_prompt_path=VOICE, exaggeration=0.9
    )
    after = model.generate(TEXTS[0], generator=seeded(1), max_new_tokens=4, watermark=False)
    assert model.conds is voice
    assert all(torch.equal(value, values[name]) for name, value in tensors(voice))
    assert not torch.equal(cloned, before)
    assert torch.equal(after, before)


@on("base-mini")
def test_a_clip_for_one_conversion_is_not_the_voice_of_the_next(folder: Path) -> None:
    converter = ChatterboxVC.from_local(folder, "cpu")
    before = dict(walk(converter))
    converter.generate(SOURCE, target_voice_path=VOICE, watermark=False)
    assert dict(walk(converter)) == before


@on("base-mini")
def test_a_voice_that_is_prepared_stays(model: Model, folder: Path) -> None:
    own = open_model(folder)
    own.prepare_conditionals(SOURCE, exaggeration=0.7)
    made = model.make_voice(SOURCE, exaggeration=0.7)
    assert own.conds is not None
    assert dict(tensors(own.conds)).keys() == dict(tensors(made)).keys()
    for (name, ours), (_, theirs) in zip(tensors(own.conds), tensors(made), strict=True):
        assert torch.equal(ours, theirs), name


@on("multilingual-mini")
def test_alignment_leaves_no_hook_or_tensor(model: Model) -> None:
    assert leaked(model, 5, cfg_weight=0.0) < LEAKED_MIB


@on("nano-mini")
def test_a_hundred_calls_leave_no_hook_tensor_or_memory(model: Model) -> None:
    assert leaked(model, 100) < LEAKED_MIB


def leaked(model: Model, num_calls: int, **options: Any) -> float:
    """How many MiB of memory that many calls keep; fails where the model or the number of tensors grows."""
    utterance = plan(model, max_new_tokens=1, voice=short(model.conds, 2), **options)
    for _ in range(3):
        model.speak(utterance)
    before, num_tensors, mib = dict(walk(model)), count_tensors(), resident_mib()
    for _ in range(num_calls):
        model.speak(utterance)
    assert dict(walk(model)) == before
    assert count_tensors() == num_tensors
    return resident_mib() - mib


@on("multilingual-mini")
def test_the_ids_of_two_utterances_in_step_are_those_of_each_alone(model: Model) -> None:
    in_step(model, lambda utterance: model.steps(utterance))


@on("nano-mini")
def test_the_waves_of_two_utterances_in_step_are_those_of_each_alone(model: Model) -> None:
    in_step(
        model, lambda utterance: (wave.tolist() for wave, _ in filter(None, model.stream(utterance, lambda _: 2)))
    )


def in_step(model: Model, say: Callable[[Utterance], Iterable[Any]]) -> None:
    """Let two voices say two texts by turns, and each alone."""
    voices = [short(model.conds), other_voice(short(model.conds))]

    def begin(which: int) -> Iterable[Any]:
        return say(plan(model, TEXTS[which], 7, voice=voices[which], generator=seeded(3)))

    alone = [list(begin(0)), list(begin(1))]
    by_turns = zip(begin(0), begin(1), strict=True)
    assert list(by_turns) == list(zip(*alone, strict=True))
    assert len(alone[0]) > 3
    assert alone[0] != alone[1]


def other_voice(voice: Conditionals) -> Conditionals:
    """Somebody else, as far as random weights can tell."""
    t3 = dataclasses.replace(voice.t3, speaker_emb=voice.t3.speaker_emb.flip(-1))
    embedding = voice.gen["embedding"]
    assert embedding is not None
    return Conditionals(t3, voice.gen | {"embedding": -embedding})


def tensors(voice: Conditionals) -> Iterator[tuple[str, Tensor]]:
    """All of a voice."""
    both = vars(voice.t3) | voice.gen
    return ((name, value) for name, value in both.items() if value is not None)


def walk(thing: Any, path: str = "model", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """All that an object holds by path, hooks too; of a tensor where it lies and how often it was written."""
    seen = set() if seen is None else seen
    if isinstance(thing, Tensor):
        yield path, (thing.data_ptr(), thing._version, thing.shape)
        return
    if isinstance(thing, str | int | float | bool | None):
        yield path, thing
        return
    if id(thing) in seen:
        return
    seen.add(id(thing))
    yield path, f"{type(thing).__name__} at {id(thing)}"
    for name, part in parts(thing):
        yield from walk(part, f"{path}.{name}", seen)


def parts(thing: Any) -> list[tuple[Any, Any]]:
    """What a container, a dataclass, or an object of ours or of torch's holds."""
    if isinstance(thing, dict):
        return list(thing.items())
    if isinstance(thing, list | tuple | set | frozenset):
        return list(enumerate(thing))
    if dataclasses.is_dataclass(thing):
        return [(field.name, getattr(thing, field.name)) for field in dataclasses.fields(thing)]
    is_ours = type(thing).__module__.startswith(("chatterbox.", "torch.nn."))
    return list(vars(thing).items()) if is_ours and hasattr(thing, "__dict__") else []


def count_tensors() -> int:
    """How many tensors are alive."""
    gc.collect()
    return sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())


def resident_mib() -> float:
    """Of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
