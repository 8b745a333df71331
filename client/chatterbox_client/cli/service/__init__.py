"""`chatterbox service`: the daemon as a service of the user's session, started by systemd when it is needed.

Where there is no systemd it can be started at login; `say` starts one in any case.
"""

import click

from chatterbox_client.cli.exits import UNAVAILABLE, Failure
from chatterbox_client.cli.service import autostart, systemctl, units

at_login_option = click.option("--at-login", is_flag=True, help="Start at login, not only when something speaks.")


@click.group()
def service() -> None:
    """Have systemd start the daemon, watch over it and keep its log."""


@service.command()
@click.option(
    "--hardened/--not-hardened",
    default=None,
    help="Forbid the daemon what it does not need (see docs/service.md).",
)
@at_login_option
@click.option("--autostart", "only_autostart", is_flag=True, help="Without systemd: start with the desktop.")
def install(hardened: bool | None, at_login: bool, only_autostart: bool) -> None:
    """Put the units in place, or bring them up to date, and listen for who speaks."""
    if only_autostart or not systemctl.is_there():
        click.echo(f"{autostart.place()} starts the daemon at login; no systemd is used")
        return
    folder = units.place(hardened)
    autostart.remove()
    click.echo(f"the units are in {folder}{', hardened' if units.is_hardened() else ''}")
    _start(at_login=at_login)


@service.command()
def uninstall() -> None:
    """End the service and take away what install put there. Drop-ins of your own stay."""
    if units.are_placed():
        _stop()
    removed = [*units.remove(), *autostart.remove()]
    if systemctl.is_there():
        systemctl.reload()
    click.echo("\n".join(f"{path} is gone" for path in removed) or "nothing was installed")


@service.command()
@at_login_option
def enable(at_login: bool) -> None:
    """Have the service run, now and after each login."""
    _need_units()
    _start(at_login=at_login)


@service.command()
def disable() -> None:
    """End the service until it is enabled again; what is being spoken is cut short."""
    _need_units()
    _stop()
    click.echo("ended, now and after each login; say starts a daemon of its own")


@service.command()
def status() -> None:
    """Show whether the service is installed and runs, and how its voices are."""
    if not units.are_placed():
        path = autostart.path()
        raise Failure(UNAVAILABLE, f"only {path} is installed" if path.exists() else _NOT_INSTALLED)
    click.echo("\n".join(systemctl.describe()))
    click.echo(f"units in {units.folder()}{', hardened' if units.is_hardened() else ''}")


@service.command()
@click.option("-n", "num_lines", type=click.IntRange(1), default=50, help="How many lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on.")
def logs(num_lines: int, follow: bool) -> None:
    """Show the end of the service's log."""
    if follow:
        systemctl.follow_journal(num_lines)
    else:
        click.echo("\n".join(systemctl.journal_lines(num_lines)))


_NOT_INSTALLED = "the service is not installed; see: chatterbox service install --help"


def _need_units() -> None:
    if not units.are_placed():
        raise Failure(UNAVAILABLE, _NOT_INSTALLED)


def _start(*, at_login: bool) -> None:
    wanted = [systemctl.SOCKET, systemctl.SERVICE] if at_login else [systemctl.SOCKET]
    systemctl.set_links("enable", *wanted)
    reason = systemctl.reload()
    if reason is not None:
        click.echo(f"nothing was started: {reason}")
        click.echo("The service is there from the next login on; until then say starts a daemon of its own.")
        return
    systemctl.call("reset-failed", *wanted)
    systemctl.call("start", *wanted)
    click.echo("the daemon runs" if at_login else "the daemon starts as soon as something speaks")


def _stop() -> None:
    systemctl.set_links("disable", systemctl.SOCKET, systemctl.SERVICE)
    if systemctl.reload() is None:
        systemctl.call("stop", systemctl.SOCKET, systemctl.SERVICE)
