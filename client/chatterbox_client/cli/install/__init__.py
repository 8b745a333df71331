"""`chatterbox install` and `uninstall`: put a plugin where its program looks for it, or take it away again."""

from importlib import import_module
from typing import Protocol, cast

import click

NAMES = ("emacs", "emacspeak", "neovim", "speech-dispatcher", "vscode")


class Target(Protocol):
    """A program that has a plugin. Both raise click.ClickException, with what to do next; both may be repeated."""

    def install(self) -> list[str]:
        """Put the plugin there; returns the lines to print."""

    def uninstall(self) -> list[str]:
        """Take away what `install` put there, and nothing else; returns the lines to print."""


@click.command()
@click.argument("name", type=click.Choice(NAMES))
def install(name: str) -> None:
    """Put the plugin for an editor or a screen reader where it is found."""
    click.echo("\n".join(_target(name).install()))


@click.command()
@click.argument("name", type=click.Choice(NAMES))
def uninstall(name: str) -> None:
    """Take away what `chatterbox install` put there."""
    click.echo("\n".join(_target(name).uninstall()))


def _target(name: str) -> Target:
    module = import_module(f"chatterbox_client.cli.install.{name.replace('-', '_')}")
    return cast(Target, module)
