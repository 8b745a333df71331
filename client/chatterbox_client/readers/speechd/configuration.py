"""The module's own configuration file, which speech-dispatcher names on the command line."""

import logging
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from chatterbox_client.options import ENGINES

log = logging.getLogger(__name__)

_ALLOWED = {"player": ("daemon", "server"), "engine": ENGINES}


@dataclass(frozen=True, slots=True)
class Configuration:
    """`player`: who plays, the daemon or speech-dispatcher's server. `engine`: which engine speaks texts."""

    player: str = "daemon"
    engine: str = "auto"


def read(path: Path | None) -> Configuration:
    """The configuration in the file, the defaults without one; what is wrong in it is logged and left out."""
    configuration = Configuration()
    try:
        lines = path.read_text(errors="replace").splitlines() if path is not None else []
    except OSError:
        return configuration
    for number, line in enumerate(lines, 1):
        try:
            configuration = replace(configuration, **_setting(line))
        except ValueError as error:
            log.warning("%s, line %d is left out: %s", path, number, error)
    return configuration


def _setting(line: str) -> dict[str, str]:
    """The setting in a line such as `Player "server"`; none in an empty one. Raises ValueError."""
    words = shlex.split(line.lower(), comments=True)
    if not words:
        return {}
    name = words[0]
    if name not in _ALLOWED:
        raise ValueError(f"there is no setting {name!r}; there are {' and '.join(_ALLOWED)}")
    if len(words) != 2 or words[1] not in _ALLOWED[name]:
        raise ValueError(f"{name} must be one of {', '.join(_ALLOWED[name])}")
    return {name: words[1]}
