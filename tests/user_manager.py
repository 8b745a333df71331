"""A real `systemd --user` for tests, in namespaces of its own: nothing outside of them changes.

Root starts it, for an ordinary user without capabilities: the only one of a user namespace, to whom root's files
belong. Its folders are private, and seen from outside.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatterbox_client import Client
from tests.client.editors.programs import make_programs
from tests.needs import needs, needs_commands, needs_root
from tests.running import private_environment, wait_until

PACKAGES = "systemd procps"
SYSTEMD = Path("/lib/systemd/systemd")
USER = "4242"

ALLOWED = "allowed: namespaces and a control group"
UNSHARE = ("unshare", "--mount", "--pid", "--cgroup", "--fork", "--kill-child", "--mount-proc")
START = f"""
set -eu
mount --make-rprivate /
umount -l /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/chatterbox-test-$1
mkdir -p "$group/init"
echo $$ >"$group/init/cgroup.procs"
mount -t tmpfs -o mode=755 tmpfs /run
unshare --user --map-user={USER} --map-group={USER} true
echo {ALLOWED}
mkdir -p /run/systemd/system
unshare --user --map-user={USER} --map-group={USER} {SYSTEMD} --user --unit=basic.target &
wait || true
echo $$ >/sys/fs/cgroup/cgroup.procs
find "$group" -depth -type d -exec rmdir {{}} +
"""


class UserManager:
    """The running manager, and its user's programs and folders."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.socket = folder / "run" / "chatterbox" / "daemon.sock"
        self.log = folder / "daemon.log"
        self.environment = private_environment(folder, environment)
        self.environment["PATH"] = f"{_programs(folder)}:/usr/bin:/bin"
        self.units = folder / "data" / "systemd" / "user"
        self.drop_ins = folder / "config" / "systemd" / "user" / "chatterboxd.service.d"
        (folder / "run" / "systemd").mkdir()
        with (folder / "manager.log").open("wb") as log:
            self._unshare = subprocess.Popen(
                [*UNSHARE, "bash", "-c", START, "-", folder.name],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_up()
        self._pid = _child_of(_child_of(self._unshare.pid))

    def run(self, *command: str, code: int = 0) -> str:
        """What a command of the user's prints; fails where it ends otherwise than expected."""
        enter = ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--cgroup", "--user"]
        run = subprocess.run(
            [*enter, "--preserve-credentials", "env", "-C", str(self.folder), *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == code, f"{command} ended with {run.returncode}: {run.stdout}{run.stderr}"
        return run.stdout + run.stderr

    def show(self, name: str, unit: str = "chatterboxd.service") -> str:
        """A property of a unit."""
        return self.run("systemctl", "--user", "show", "--value", f"--property={name}", unit).strip()

    def kill(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to one of the user's processes."""
        self.run("kill", f"-{number.value}", str(pid))

    def configure(self, config: str) -> None:
        """Write the daemon's configuration file."""
        file = self.folder / "config" / "chatterbox" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(config)

    def add_drop_in(self, name: str, text: str) -> None:
        """Change the service as its user would."""
        self.drop_ins.mkdir(parents=True, exist_ok=True)
        (self.drop_ins / name).write_text(text)
        self.run("systemctl", "--user", "daemon-reload")

    def client(self) -> Client:
        """A client that starts no daemon by itself."""
        return Client(str(self.socket), name="test", start_daemon=False)

    def stop(self) -> None:
        """End it with all that it runs."""
        os.kill(self._pid, signal.SIGTERM)
        try:
            self._unshare.wait(20)
        except subprocess.TimeoutExpired:
            self._unshare.kill()
            self._unshare.wait()

    def _wait_until_up(self) -> None:
        """Skip where the machine forbids namespaces, as some containers do: nothing installed would mend that."""
        private = self.folder / "run" / "systemd" / "private"
        wait_until(lambda: private.exists() or self._unshare.poll() is not None, seconds=60)
        said = (self.folder / "manager.log").read_text().strip()
        if self._unshare.poll() is not None and ALLOWED not in said:
            pytest.skip(f"no systemd --user can run here: {said}")
        assert self._unshare.poll() is None, f"systemd --user did not come up: {said}"


def _programs(folder: Path) -> Path:
    programs = make_programs(folder)
    daemon = programs / "chatterboxd"
    daemon.write_text(f"#!{sys.executable}\nfrom chatterbox_daemon.__main__ import main\nmain()\n")
    daemon.chmod(0o755)
    return programs


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@contextmanager
def user_manager(environment: Mapping[str, str]) -> Iterator[UserManager]:
    """A manager with a user's folders; ended, with everything it started, on leaving."""
    needs_commands("unshare", "nsenter", "systemctl", "systemd-analyze", "kill", packages=PACKAGES)
    needs(SYSTEMD.exists(), f"{SYSTEMD} not found: apt-get install {PACKAGES}")
    needs_root()
    with tempfile.TemporaryDirectory(prefix="cbx") as name:
        manager = UserManager(Path(name), environment)
        try:
            yield manager
        finally:
            manager.stop()
