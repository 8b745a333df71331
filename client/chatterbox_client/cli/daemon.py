"""`chatterbox daemon`: start it, end it, read what it logged."""

from collections import deque
from contextlib import suppress
from time import monotonic, sleep

import click

from chatterbox_client import launch, paths
from chatterbox_client.cli.control import ask
from chatterbox_client.cli.exits import UNAVAILABLE, Failure
from chatterbox_client.cli.service import systemctl
from chatterbox_client.errors import Unavailable

END_SECONDS = 10.0


@click.group()
def daemon() -> None:
    """Start, end and inspect the daemon's process."""


@daemon.command()
def start() -> None:
    """Start the daemon unless it runs."""
    click.echo(f"runs, pid {ask(lambda client: client.status())['pid']}")


@daemon.command()
def stop() -> None:
    """End the daemon; what it speaks is cut short. A service starts it again for who speaks next."""
    path = paths.socket_path(click.get_current_context().obj)
    # Whoever connects to systemd's socket has a daemon started. A forwarded socket has no lock on this machine.
    if not launch.is_held(path) and (systemctl.is_listening() or not launch.is_listening(path)):
        click.echo("no daemon runs")
        return
    with suppress(Unavailable):  # it may be gone before its answer is here
        ask(lambda client: client.shutdown(), start_daemon=False)
    deadline = monotonic() + END_SECONDS
    while launch.is_held(path):  # not: is listened on, as systemd goes on to do
        if monotonic() > deadline:
            raise Failure(UNAVAILABLE, f"the daemon did not end within {END_SECONDS:.0f} s")
        sleep(0.02)
    click.echo("ended")


@daemon.command()
@click.pass_context
def restart(context: click.Context) -> None:
    """End the daemon and start it again."""
    context.invoke(stop)
    context.invoke(start)


@daemon.command()
@click.option("-n", "num_lines", type=click.IntRange(1), default=50, help="How many lines.")
def logs(num_lines: int) -> None:
    """Show the end of the log: its file, or the journal where a unit runs the daemon."""
    for line in log_lines(num_lines):
        click.echo(line)


def log_lines(num_lines: int) -> list[str]:
    """The last lines of the log. Raises Failure where there is none that can be read."""
    file = paths.log_file()
    if systemctl.is_active() or not file.is_file():
        return systemctl.journal_lines(num_lines)
    with file.open(errors="replace") as lines:
        return [line.rstrip("\n") for line in deque(lines, num_lines)]
