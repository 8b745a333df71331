"""`chatterbox bench reference`: our model and the public package's, turn by turn, on the same weights."""

from collections.abc import Sequence
from pathlib import Path

from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.exits import USAGE, Failure
from chatterbox_daemon.bench.public import CLASSES
from chatterbox_daemon.bench.subject import STAGES, Spoken, Subject, Task, num_threads, rows

Turn = tuple[Spoken, Spoken]  # ours, theirs


def run(ours: Subject, python: Path, task: Task, file: Path | None) -> None:
    """Measure both and publish the figures and their ratios.

    Raises:
        Failure: a model cannot be loaded, or the public package has none of this kind.
    """
    with ours:
        variant, folder, found = (ours.facts[key] for key in ("variant", "folder", "device"))
        if variant not in CLASSES:
            raise Failure(USAGE, f"{folder} holds {variant}; what can be compared is {', '.join(CLASSES)}")
        with Subject.of_public_package(python, variant, Path(folder), found) as theirs:
            first, *turns = [_turn(ours, theirs, task, seed) for seed in range(task.count + 1)]
    facts = {
        "model": f"{variant} on {found}",
        "ours": {key: ours.facts[key] for key in ("dtype", "compile", "versions")},
        "public": {"dtype": "float32", "versions": theirs.facts["versions"]},
        "text": task.text,
        "ids, at most": task.max_ids,
        "threads": num_threads(),
        "turns with the same ids": f"{sum(mine.ids == other.ids for mine, other in turns)} of {len(turns)}",
    }
    figures = [
        *_ratios(turns),
        *rows("ours", ours.facts["load_seconds"], first[0], [mine for mine, _ in turns]),
        *rows("public", theirs.facts["load_seconds"], first[1], [other for _, other in turns]),
    ]
    Report("reference", figures, facts).publish(file)


def _turn(ours: Subject, theirs: Subject, task: Task, seed: int) -> Turn:
    """Each speaks once; who begins changes, so that a machine that grows slower favours neither."""
    if seed % 2:
        other = theirs.speak(task, seed)
        return ours.speak(task, seed), other
    mine = ours.speak(task, seed)
    return mine, theirs.speak(task, seed)


def _ratios(turns: Sequence[Turn]) -> list[Row]:
    """How many times as long the public package took in the same turn, for a second of speech."""
    return [
        Row(
            f"public over ours: {name}",
            "×",
            [_pace(theirs, stage) / _pace(ours, stage) for ours, theirs in turns],
        )
        for stage, name in STAGES.items()
    ]


def _pace(spoken: Spoken, stage: str) -> float:
    """Seconds of a stage for an id, or else for a second of speech: the two sides may have said different ids."""
    return spoken.stages[stage] / (len(spoken.ids) if stage == "t3" else spoken.audio_seconds)
