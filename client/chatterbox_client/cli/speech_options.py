"""The options of speech that have a range, as options of a command: names, types and help come from `options`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from chatterbox_client.options import RANGES, WHOLE_RANGES

C = TypeVar("C", bound=Callable[..., Any])

ALL = {**RANGES, **WHOLE_RANGES}
SPEECH_OPTIONS = tuple(name for name in ALL if name != "rate")  # which `say` takes in words a minute


def speech_options(command: C) -> C:
    """Add them all to a command."""
    for name in reversed(SPEECH_OPTIONS):
        lowest, highest, what = ALL[name]
        span = "" if name == "seed" else f"; {lowest:g} to {highest:g}"
        kind = int if name in WHOLE_RANGES else float
        option = click.option(f"--{name.replace('_', '-')}", type=kind, help=f"{what.capitalize()}{span}.")
        command = option(command)
    return command
