"""Whether torch is here and can use the graphics card: the driver, the build and the card must fit each other."""

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_daemon.doctor.configuration import in_force
from chatterbox_daemon.doctor.driver import NAME, Driver, find_driver, obstacle

OTHER_BUILD = "install a torch for CUDA; https://pytorch.org/get-started/locally names the command"
ON_PURPOSE = 'model_device = "cpu" in the configuration says that this is meant'


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card as CUDA sees it."""

    name: str
    capability: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Build:
    """What torch was built for, and the cards it sees. `refusal`: why it sees none."""

    version: str
    cuda: str | None
    architectures: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    refusal: str = ""


def check(root: Path = Path("/")) -> Iterator[Finding]:
    """torch, then the card."""
    driver = find_driver(root)
    if importlib.util.find_spec("torch") is None:
        missing = "torch is not installed: the built-in voice speaks, and no model"
        yield note("torch", missing, "pip install 'chatterboxd[daemon]'")
        return
    try:
        build = look()
    except (ImportError, OSError) as error:
        reason = f"torch is installed, but cannot be imported: {str(error).splitlines()[0]}"
        yield fail("torch", reason, "pip install --force-reinstall torch")
        return
    yield ok("torch", f"{build.version}, for {f'CUDA {build.cuda}' if build.cuda else 'the CPU alone'}")
    yield judge(build, driver, wants_cpu=in_force().model_device == "cpu")


def look() -> Build:
    """What this torch says of itself. Raises ImportError or OSError where it cannot be imported."""
    import torch

    if not torch.version.cuda:
        return Build(torch.__version__, None)
    refusal, cards = "", []
    try:
        torch.empty(0, device="cuda")  # starts CUDA, or says why it does not
        cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    except (RuntimeError, AssertionError) as error:
        refusal = str(error).splitlines()[0]
    seen = tuple(Card(card.name, (card.major, card.minor)) for card in cards)
    return Build(torch.__version__, torch.version.cuda, tuple(torch.cuda.get_arch_list()), seen, refusal)


def judge(build: Build, driver: Driver | None, *, wants_cpu: bool) -> Finding:
    """How torch and the card get on."""
    if driver is None and not build.cards:
        return ok(NAME, "there is none of NVIDIA's, so the model runs on the CPU")
    if wants_cpu:
        return ok(NAME, "it is not used, as the configuration says")
    if build.cuda is None:
        found = (
            f"NVIDIA's driver {driver.version if driver else ''} is there, but this torch was built without CUDA"
        )
        return fail(NAME, found, f"{OTHER_BUILD}; {ON_PURPOSE}")
    if not build.cards:
        reason = build.refusal or "it names no reason"
        return (driver and obstacle(driver)) or fail(NAME, f"torch sees no card: {reason}", "run nvidia-smi")
    for card in build.cards:
        if not is_supported(card.capability, build.architectures):
            major, minor = card.capability
            found = f"{card.name} is an sm_{major}{minor}, and this torch knows {', '.join(build.architectures)}"
            return fail(NAME, found, OTHER_BUILD)
    return ok(
        NAME, ", ".join(f"{card.name} (sm_{card.capability[0]}{card.capability[1]})" for card in build.cards)
    )


def is_supported(capability: tuple[int, int], architectures: tuple[str, ...]) -> bool:
    """Whether a build has code for the card: of its generation and not newer, or such as the driver translates."""
    for architecture in architectures:
        match = re.fullmatch(r"(sm|compute)_(\d+)(\d)[af]?", architecture)
        if match is None:
            continue
        built_for = int(match[2]), int(match[3])
        if match[1] == "compute" and built_for <= capability:
            return True
        if match[1] == "sm" and built_for[0] == capability[0] and built_for[1] <= capability[1]:
            return True
    return False
