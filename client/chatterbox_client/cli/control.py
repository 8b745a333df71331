"""`chatterbox`: what the daemon does, and what it is to do."""

import importlib
import json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import click

from chatterbox_client.cli.exits import explained, stop_on_signals
from chatterbox_client.client import Client
from chatterbox_client.version import __version__

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Group(click.Group):
    """A group whose larger parts are imported only when they run."""

    lazy: ClassVar = {
        "bench": "chatterbox_client.cli.bench",
        "cache": "chatterbox_client.cli.cache",
        "convert": "chatterbox_client.cli.convert",
        "daemon": "chatterbox_client.cli.daemon",
        "doctor": "chatterbox_client.cli.doctor",
        "install": "chatterbox_client.cli.install",
        "models": "chatterbox_client.cli.models",
        "report": "chatterbox_client.cli.report",
        "service": "chatterbox_client.cli.service",
        "uninstall": "chatterbox_client.cli.install",
        "voices": "chatterbox_client.cli.voices",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, the lazy ones too."""
        return sorted([*super().list_commands(ctx), *self.lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported if need be."""
        if cmd_name in self.lazy:
            found: click.Command = getattr(importlib.import_module(self.lazy[cmd_name]), cmd_name)
            return found
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.version_option(__version__, prog_name="chatterbox")
@click.pass_context
def command(context: click.Context, socket: str | None) -> None:
    """See and steer the speech daemon."""
    context.obj = socket


def main() -> None:
    """Run `chatterbox` with the words of the command line."""
    with explained("chatterbox"):
        stop_on_signals()
        command(prog_name="chatterbox")


def ask(question: Callable[[Client], Any], *, start_daemon: bool = True) -> Any:
    """The answer of the daemon named on the command line."""
    with Client(click.get_current_context().obj, name="chatterbox", start_daemon=start_daemon) as client:
        return question(client)


@command.command()
@as_json
def status(as_json: bool) -> None:
    """Show which voice speaks, what is going on, and how fast it is."""
    answer = ask(lambda client: client.status())
    click.echo(json.dumps(answer, indent=2) if as_json else "\n".join(_status_lines(answer)))


@command.command()
@click.argument("target", default="all", metavar="[all|NUMBER]")
def stop(target: str) -> None:
    """Shut up: stop everything, or one request by its number in the queue."""
    number = int(target) if target.isdigit() else target
    click.echo(f"stopped {ask(lambda client: client.stop(number))}")


@command.command()
def pause() -> None:
    """Hold the speech where it is."""
    ask(lambda client: client.pause())


@command.command()
def resume() -> None:
    """Go on where the speech was held."""
    ask(lambda client: client.resume())


@command.command()
def skip() -> None:
    """Stop what is spoken and go on with the next."""
    click.echo(f"stopped {ask(lambda client: client.skip())}")


@command.command()
@click.argument("wish", type=click.Choice(["on", "off", "toggle"]), default="on", metavar="[on|off|toggle]")
def mute(wish: str) -> None:
    """Be quiet, whatever any program has to say, until `mute off`; `toggle` is for a key.

    What is spoken and what waits ends now; what comes later ends unheard, a screen reader's texts too. It outlives
    a restart of the daemon and ends with the login. Files are written as ever.
    """
    click.echo("muted" if ask(lambda client: client.mute(wish)) else "not muted")


@command.command()
@as_json
def queue(as_json: bool) -> None:
    """List who speaks and who waits."""
    rows = ask(lambda client: client.queue())
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        names = ("request", "state", "client", "program", "priority", "characters", "text")
        click.echo(table(names, ([_cell(row[name]) for name in names] for row in rows)))
    else:
        click.echo("nothing is spoken, nothing waits")


@command.command()
@as_json
def devices(as_json: bool) -> None:
    """List the loudspeakers."""
    rows = ask(lambda client: client.devices())
    names = ("index", "name", "is_default")
    click.echo(
        json.dumps(rows, indent=2) if as_json else table(names, ([_cell(r[n]) for n in names] for r in rows))
    )


@command.command()
def events() -> None:
    """Print what happens, a line of JSON each, until stopped."""
    with Client(click.get_current_context().obj, name="chatterbox") as client:
        for event in client.subscribe():
            click.echo(json.dumps({key: value for key, value in event.items() if key not in ("re", "type")}))


@command.command()
def reset() -> None:
    """Have the engines drop their caches and rebuild what they had compiled."""
    ask(lambda client: client.reset())


def _status_lines(status: dict[str, Any]) -> list[str]:
    player, queue, requests = status["player"], status["queue"], status["requests"]
    uptime, clients = status["uptime_seconds"], status["clients"]
    state = "muted, speaks again after: chatterbox mute off" if status["muted"] else status["state"]
    lines = [
        f"chatterboxd {status['version']}, pid {status['pid']}, up {uptime:.0f} s, {status['socket']}",
        f"{state}; {queue['waiting']} waiting, {requests['under_way']} under way, {clients} clients",
        f"speaks with {status['engine']}, voice {status['voice']}",
    ]
    for name, engine in status["engines"].items():
        death = f"; last ended: {engine['last_death']}" if engine["last_death"] else ""
        detail = f": {engine['detail']}" if engine["detail"] else ""
        state = f"{engine['state']}, warm" if engine["warm"] else engine["state"]
        lines.append(f"  {name:11} {state}{detail}, {engine['voices']} voices{death}")
        lines += _model_lines(engine["stats"])
    held = "paused" if player["paused"] else ""
    words = ("device", player["device_state"], player["device"] or "", player["detail"], held)
    lines.append(f"  {'player':11} {' '.join(filter(None, words))}")
    if last := status.get("crashes", {}).get("last"):
        count = status["crashes"]["since_start"]
        lines.append(f"  {'last crash':11} {last['process']}, {last['at']}: {last['reason']}; see {last['path']}")
        lines.append(f"  {'':11} {count} since the daemon started")
    for name, figures in status["latency_seconds"].items():
        lines.append(f"  {name:13} p50 {figures['p50'] * 1000:.1f} ms, p95 {figures['p95'] * 1000:.1f} ms")
    return lines


def _model_lines(stats: dict[str, Any]) -> list[str]:
    """How fast an engine speaks that tells it, and what it holds of its device."""
    lines, calls = [], [(name, stats.get(name)) for name in ("first", "last", "median")]
    for name, call in calls:
        if call:
            first, rate = call["first_audio_seconds"], call["tokens_per_second"]
            lines.append(f"    {name:9} first audio {first:.2f} s, RTF {call['rtf']:.2f}, {rate:.0f} ids a second")
    memory = stats.get("memory", {})
    if "device_bytes" in memory:
        now, peak = memory["device_bytes"] / 1e9, memory["peak_device_bytes"] / 1e9
        lines.append(f"    {'device':9} {now:.2f} GB, at most {peak:.2f} GB")
    return lines


def _cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def table(names: Iterable[str], rows: Iterable[list[str]]) -> str:
    """Rows in columns under their names."""
    table = [list(names), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
    )
