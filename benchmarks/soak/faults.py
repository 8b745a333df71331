"""Every fault of the table, over and over, while clients speak and render: what each of their requests came to.

Run from the checkout: python -m benchmarks.soak.faults. It starts a daemon and a sound server of its own.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import click

from benchmarks.soak.callers import Callers
from chatterbox_client import Options, RequestError
from chatterbox_client.cli.bench.report import Report
from chatterbox_client.cli.exits import explained
from chatterbox_client.launch import is_listening
from tests.conftest import sound_environment
from tests.raw import crowd
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench

CONFIG = (
    'model_engine = "tests.engines:ToneEngine"\ninstant = "model"\ncache_bytes = 0\ndevice_wait_seconds = 5.0\n'
)
HEAL_SECONDS = 60.0
NUM_DESCRIPTORS = 4_096


class Scene:
    """The daemon that faults happen to, and what it plays to."""

    def __init__(self, daemon: RunningDaemon, sound: SoundBench) -> None:
        self.daemon, self.sound = daemon, sound

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send one to a process of the daemon."""
        os.kill(self.daemon.child_pid(name), number)

    def start_again(self) -> None:
        """What a service manager, or the next client, does where the front has ended."""
        self.daemon.process.wait(HEAL_SECONDS)
        self.daemon.restart()


def out_of_memory(scene: Scene) -> None:
    """The model's process may take no more memory from now on."""
    pid = scene.daemon.child_pid("chatterbox")
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    unlimited = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize(), unlimited[1]))
    sleep(1.0)
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)


def corrupt_reply(scene: Scene) -> None:
    """The model's process writes what is no message on its link, in two ways."""
    with scene.daemon.client("saboteur") as client:
        for text in ("garbage", "nonsense"):
            with suppress(RequestError):
                client.synthesize(text, Options(engine="chatterbox")).result()


def audio_device_gone(scene: Scene) -> None:
    """The sound card is pulled out, and put back."""
    scene.sound.remove_sink()
    sleep(1.0)
    scene.sound.add_sink()


def front_killed(scene: Scene) -> None:
    """The process that holds the socket and the queue dies."""
    scene.daemon.process.kill()
    scene.start_again()


def disk_full(scene: Scene) -> None:
    """No file can grow any more: not the log, no crash report, nothing of a worker started meanwhile."""
    pid = scene.daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    scene.signal("builtin", signal.SIGKILL)
    sleep(1.0)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def broken_configuration(scene: Scene) -> None:
    """The file is nonsense at a reload, and right again at the next."""
    file = scene.daemon.folder / "config" / "chatterbox" / "config.toml"
    file.write_text("engine = ")
    scene.daemon.process.send_signal(signal.SIGHUP)
    sleep(0.5)
    scene.daemon.reload(CONFIG)


def socket_deleted(scene: Scene) -> None:
    """Nobody can reach the daemon, until it makes its socket again."""
    scene.daemon.socket.unlink()
    wait_until(lambda: is_listening(scene.daemon.socket), seconds=HEAL_SECONDS)


def lock_deleted(scene: Scene) -> None:
    """Nothing tells a second daemon of the first but the socket, on which it answers."""
    scene.daemon.socket.with_suffix(".lock").unlink()


def descriptors_exhausted(scene: Scene) -> None:
    """More connections at once than the system allows the front descriptors."""
    pid = scene.daemon.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (NUM_DESCRIPTORS, before[1]))
    with crowd(scene.daemon.socket, NUM_DESCRIPTORS + 500):
        sleep(0.5)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    wait_until(scene.daemon.answers, seconds=HEAL_SECONDS)


FAULTS: dict[str, Callable[[Scene], None]] = {
    "worker killed": lambda scene: scene.signal("builtin", signal.SIGKILL),
    "worker hung": lambda scene: scene.signal("builtin", signal.SIGSTOP),
    "model killed": lambda scene: scene.signal("chatterbox", signal.SIGKILL),
    "model hung": lambda scene: scene.signal("chatterbox", signal.SIGSTOP),
    "out of memory": out_of_memory,
    "corrupt reply": corrupt_reply,
    "player killed": lambda scene: scene.signal("player", signal.SIGKILL),
    "player hung": lambda scene: scene.signal("player", signal.SIGSTOP),
    "audio device gone": audio_device_gone,
    "disk full": disk_full,
    "configuration broken": broken_configuration,
    "socket deleted": socket_deleted,
    "lock deleted": lock_deleted,  # from here on a socket would not be made again
    "front killed": front_killed,
    "descriptors exhausted": descriptors_exhausted,
}
ENDS_THE_FRONT = "front killed"


@contextmanager
def scene() -> Iterator[Scene]:
    """A daemon with a model, the built-in voice and a sound server, all in order."""
    with SoundBench() as sound:
        environment = {**sound_environment(sound), "TONE_RTF": "0.02"}
        with running_daemon(environment, config=CONFIG) as daemon:
            heal(daemon)
            yield Scene(daemon, sound)


def heal(daemon: RunningDaemon) -> None:
    """Wait until every process is up, and can speak."""
    for name in ("builtin", "chatterbox", "player"):
        daemon.child_pid(name)


@click.command()
@click.option("--clients", type=click.IntRange(1), default=20, show_default=True, help="How many speak meanwhile.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often the whole table.")
@click.option("--fault", "names", multiple=True, type=click.Choice(list(FAULTS)), help="Only this one.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(clients: int, rounds: int, names: tuple[str, ...], file: Path | None) -> None:
    """Do what FAULTS says, and count how the requests made meanwhile ended."""
    ends: dict[str, dict[str, int]] = {}
    with scene() as stage:
        for name in [*(names or FAULTS)] * rounds:
            click.echo(name, err=True)
            for end, count in suffer(stage, name, clients).items():
                counts = ends.setdefault(name, {})
                counts[end] = counts.get(end, 0) + count
    Report(f"{rounds} rounds of faults under {clients} clients", [], ends).publish(file)


def suffer(stage: Scene, name: str, num_clients: int) -> dict[str, int]:
    """One fault under load: how the requests ended. Raises ClickException where one did not end exactly once."""
    with Callers(stage.daemon.socket, num_clients) as callers:
        callers.wait_for_more(num_clients)
        FAULTS[name](stage)
        heal(stage.daemon)
        callers.wait_for_more(num_clients)
    lost = callers.ends.get("lost", 0)
    if lost and name != ENDS_THE_FRONT:
        raise click.ClickException(f"{name}: {lost} requests were lost though the front went on")
    _wait_for_rest(stage.daemon, name)
    return callers.ends


def _wait_for_rest(daemon: RunningDaemon, name: str) -> None:
    """Wait until nothing of the callers is left; raises ClickException with what is."""
    deadline = monotonic() + HEAL_SECONDS
    while (held := _held(daemon)) != {"clients": 0, "requests": 0}:
        if monotonic() > deadline:
            raise click.ClickException(f"{name}: left over are {held}")
        sleep(0.05)


def _held(daemon: RunningDaemon) -> dict[str, int]:
    status = daemon.status()
    return {"clients": status["clients"] - 1, "requests": status["requests"]["under_way"]}


if __name__ == "__main__":
    with explained("soak"):
        main()
