"""`chatterboxd`: the daemon in the foreground."""

import faulthandler
import logging
import os
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import click

from chatterbox_client import paths
from chatterbox_client.errors import ConfigurationError
from chatterbox_client.options import ENGINES
from chatterbox_client.version import __version__
from chatterbox_daemon import service
from chatterbox_daemon.config import LOG_LEVELS, load

EXIT_CONFIGURATION = 78
OTHER_OWNER = "chatterbox-tts"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "file", type=click.Path(path_type=Path, dir_okay=False), help="Read this file instead.")
@click.option("--check-config", is_flag=True, help="Read the configuration, say whether it is right, and end.")
@click.option("--socket", "address", help="Listen on this path.")
@click.option("--engine", type=click.Choice(ENGINES), help="Which engine speaks.")
@click.option("--voice", help="The voice used where a request names none.")
@click.option("--device", help="The output device: an index or the beginning of its name.")
@click.option("--log-level", type=click.Choice(LOG_LEVELS), help="How much is logged.")
@click.version_option(__version__, prog_name="chatterboxd")
def main(file: Path | None, check_config: bool, address: str | None, **flags: Any) -> None:
    """Serve speech to the programs of this user, until stopped."""
    try:
        config = load(file, flags)
        given = service.take_socket()
        path = paths.socket_path(address) if given is None else Path(given.getsockname())
        if check_config:
            click.echo("the configuration is right")
            return
        _refuse_another_owner()
        _start_logging(config.log_level)
        faulthandler.enable()  # a front that the watchdog ends says where it hung
        from chatterbox_daemon.front.server import Server

        Server(path, config, lambda: load(file, flags), given).run()
    except ConfigurationError as error:
        click.echo(f"chatterboxd: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)


def _refuse_another_owner() -> None:
    """Two packages that own one import name overwrite each other's files, silently."""
    for found in distributions(name=OTHER_OWNER):
        raise ConfigurationError(
            f"the package {OTHER_OWNER} {found.version} is installed too, and both own `import chatterbox`: "
            f"pip uninstall {OTHER_OWNER}, then install chatterboxd again"
        )


def _start_logging(level: str) -> None:
    """Log to stderr; where that is the journal, it adds the time itself."""
    time = "" if os.environ.get("JOURNAL_STREAM") else "%(asctime)s "
    logging.basicConfig(level=level.upper(), format=f"{time}%(levelname)s %(name)s: %(message)s")


if __name__ == "__main__":
    main()
