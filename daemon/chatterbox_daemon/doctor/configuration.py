"""Whether the configuration file says what the daemon understands."""

from collections.abc import Iterator

from chatterbox_client import paths
from chatterbox_client.errors import ConfigurationError
from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_daemon.config import Config, load

NAME = "configuration"


def check() -> Iterator[Finding]:
    """The file, and what in it is worth knowing."""
    file = paths.config_file()
    try:
        config = load(None, {})
    except ConfigurationError as error:
        yield fail(NAME, str(error), f"correct it in {file}; docs/configuration.md lists every setting")
        return
    yield ok(
        NAME, f"{file} is right" if file.is_file() else f"there is no {file}, so every setting is the default"
    )
    if config.log_text:
        yield note(NAME, "log_text is on: what is spoken stands in the log", "set log_text = false")


def in_force() -> Config:
    """The settings the daemon would start with; the defaults, where it would not start."""
    try:
        return load(None, {})
    except ConfigurationError:
        return Config()
