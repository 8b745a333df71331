"""Where things live: the socket, the configuration, the log. Follows the XDG folders through platformdirs.

What a quick command does not need is imported where it is needed.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chatterbox_client.errors import ConfigurationError

MAX_SOCKET_PATH_BYTES = 107
SOCKET_VARIABLE = "CHATTERBOX_SOCKET"

if TYPE_CHECKING:
    from platformdirs import PlatformDirs


def runtime_folder() -> Path:
    """The folder of the socket and the lock: private to the user, gone with the login."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and Path(base).is_dir():
        return Path(base) / "chatterbox"
    import tempfile

    return Path(tempfile.gettempdir()) / f"chatterbox-{os.getuid()}"


def socket_path(address: str | None = None) -> Path:
    """The daemon's socket: the address given, else $CHATTERBOX_SOCKET, else the runtime folder's.

    Accepts a path or `ipc://PATH`. Raises ConfigurationError for anything else and for a path too long to bind.
    """
    address = address or os.environ.get(SOCKET_VARIABLE)
    if not address:
        return _checked(runtime_folder() / "daemon.sock")
    if address.startswith("ipc://"):
        address = address.removeprefix("ipc://")
    elif "://" in address:
        raise ConfigurationError(_no_network(address))
    if address.startswith("@"):
        raise ConfigurationError(
            f"{address!r} is an abstract socket, which any user may open; give a path instead"
        )
    return _checked(Path(address).expanduser().absolute())


def config_file() -> Path:
    """The user's configuration file."""
    return _folders().user_config_path / "config.toml"


def data_folder() -> Path:
    """Voices and what else the user would miss."""
    return _folders().user_data_path


def cache_folder() -> Path:
    """What can be made again: compiled artefacts."""
    return _folders().user_cache_path


def state_folder() -> Path:
    """What the daemon writes for its user to look at: its log, and reports of crashes."""
    return _folders().user_state_path


def crash_folder() -> Path:
    """What the daemon notes of a process that died."""
    return state_folder() / "crashes"


def log_file() -> Path:
    """The daemon's log where there is no journal."""
    return _folders().user_log_path / "chatterboxd.log"


def _folders() -> "PlatformDirs":
    from platformdirs import PlatformDirs

    return PlatformDirs("chatterbox", appauthor=False)


def _checked(path: Path) -> Path:
    length = len(os.fsencode(path))
    if length > MAX_SOCKET_PATH_BYTES:
        raise ConfigurationError(
            f"the socket path {path} has {length} bytes; the system allows {MAX_SOCKET_PATH_BYTES}. "
            f"Set {SOCKET_VARIABLE} to a shorter one"
        )
    return path


def _no_network(address: str) -> str:
    return (
        f"{address} is not a local socket, and the daemon speaks over nothing else. To reach another machine, "
        f"forward its socket: ssh -N -L /tmp/chatterbox.sock:/run/user/1000/chatterbox/daemon.sock HOST, "
        f"then use {SOCKET_VARIABLE}=/tmp/chatterbox.sock (1000 is your user id on HOST)"
    )
