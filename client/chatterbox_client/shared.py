"""Where the files are that ship beside the packages: editor and reader plugins, systemd units."""

import sysconfig
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


def shared_folder(name: str) -> Path:
    """The folder `name` (such as `systemd` or `emacs`), in a checkout or where the wheel put it.

    Raises FileNotFoundError naming the places that were looked at.
    """
    places = [
        _CHECKOUT / "client" / name,
        _CHECKOUT / name,
        Path(sysconfig.get_path("data")) / "share" / "chatterbox" / name,
    ]
    candidates = places[:2] if (_CHECKOUT / "pyproject.toml").is_file() else places[2:]
    for place in candidates:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"no folder {name!r} in {', '.join(map(str, candidates))}; reinstall chatterboxd")
