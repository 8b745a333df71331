"""The first `say` after a quiet while, for which systemd starts the daemon, and the next.

Run from the checkout, with the service installed: python -m benchmarks.first_say. It ends the daemon again and
again, and plays letters aloud.
"""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import click

from chatterbox_client.cli.bench.report import Report, Row
from chatterbox_client.cli.exits import explained
from chatterbox_client.cli.service import systemctl

SAY = [sys.executable, "-c", "from chatterbox_client.cli import say; say()"]
TEXT = "a"


@click.command()
@click.option("-n", "count", type=click.IntRange(1), default=20, show_default=True, help="How often each.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(count: int, file: Path | None) -> None:
    """Measure `say` from its start to its end, and to the first sample that the device is given."""
    cold_exits, cold_sounds, warm_sounds, warm_exits = [], [], [], []
    for _ in range(count):
        end_daemon()
        cold_exits.append(to_exit())
        end_daemon()
        cold_sounds.append(to_sound())
        warm_sounds.append(to_sound())
        warm_exits.append(to_exit())
    rows = [
        Row("no daemon: say --no-wait, to its exit", "ms", cold_exits),
        Row("no daemon: say, to the first sample", "ms", cold_sounds),
        Row("a daemon runs: say --no-wait, to its exit", "ms", warm_exits),
        Row("a daemon runs: say, to the first sample", "ms", warm_sounds),
    ]
    Report("the first say", rows, {"text": TEXT}).publish(file)


def end_daemon() -> None:
    """End it in order, and have systemd forget how often it was started lately."""
    systemctl.call("stop", systemctl.SERVICE)
    systemctl.call("reset-failed", systemctl.SOCKET, systemctl.SERVICE)


def to_exit() -> float:
    """Milliseconds until the text is queued and the program has ended."""
    start = perf_counter()
    subprocess.run([*SAY, "--no-wait", TEXT], check=True)
    return (perf_counter() - start) * 1000


def to_sound() -> float:
    """Milliseconds until the text begins to be heard, as the program is told."""
    start = perf_counter()
    with subprocess.Popen([*SAY, "--events", TEXT], stdout=subprocess.PIPE, text=True) as say:
        assert say.stdout is not None
        for line in say.stdout:
            if json.loads(line).get("event") == "begin":
                seconds = perf_counter() - start
                say.stdout.read()
                return seconds * 1000
    raise click.ClickException("the text was never heard; see: chatterbox doctor")


if __name__ == "__main__":
    with explained("first_say"):
        main()
