"""Whether the models that are here are whole, and the one that the configuration names is among them."""

import importlib.util
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_daemon.doctor.configuration import in_force

if TYPE_CHECKING:
    from chatterbox.hub import Complaint

NAME = "models"


def check() -> Iterator[Finding]:
    """A finding for each model that is here, even in part, and for one that is asked for and is not."""
    if importlib.util.find_spec("huggingface_hub") is None:
        yield note(
            NAME, "were not looked at: they need the daemon's packages", "pip install 'chatterboxd[daemon]'"
        )
        return
    from chatterbox import hub
    from chatterbox.config import PACKS, VARIANTS

    known = [hub.hub_source(variant) for variant in (VARIANTS | PACKS).values()]
    begun = [source for source in known if hub.is_begun(source)]
    for source in begun:
        yield _judge(source.name, len(source.hub_files), hub.complaints(source))
    config = in_force()
    if config.engine == "builtin" or config.model_engine != "chatterbox":
        return
    if config.model != "auto":
        yield from _find_named(config.model)
    elif not begun:
        yield note(NAME, "none is here, so the built-in voice speaks", "chatterbox models pull nano")


def _judge(name: str, num_files: int, complaints: "list[Complaint]") -> Finding:
    if not complaints:
        return ok(NAME, f"{name} is whole: its {num_files} files are the published ones")
    advice = f"chatterbox models pull {name}"
    if bad := [shlex.quote(str(complaint.in_the_way)) for complaint in complaints if complaint.in_the_way]:
        advice = f"rm {' '.join(bad)} && {advice}"
    return fail(NAME, f"{name}: {'; '.join(complaint.what for complaint in complaints)}", advice)


def _find_named(name: str) -> Iterator[Finding]:
    """Nothing where the model that the configuration names is here; what is wrong with its files was told."""
    from chatterbox import hub
    from chatterbox.errors import ChatterboxError

    try:
        source = hub.find_model(name)
        if source.folder is None and hub.is_begun(source):
            return
        hub.local_files(source)
    except ChatterboxError as error:
        advice = f"chatterbox models pull {name}, or name another as `model` in the configuration"
        yield fail(NAME, str(error), advice)
        return
    yield ok(NAME, f"{source.name} has every file of {source.variant.name}")
