"""Which Python and packages are here, and whether `import chatterbox` has one owner."""

import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from chatterbox_client.findings import Finding, fail, note, ok
from chatterbox_client.version import __version__

OURS = "chatterboxd"
CLIENT = ("click", "platformdirs", "pyzmq")
BUILTIN = ("espeakng-loader", "numpy", "python-stretch", "sounddevice", "soundfile", "soxr")
DAEMON = ("huggingface-hub", "resemble-perth", "safetensors", "tokenizers", "torch")


def check() -> Iterator[Finding]:
    """The interpreter, the packages by what they are for, and foreign owners of our import name."""
    yield ok("python", f"{platform.python_version()} at {sys.executable}, {platform.platform(terse=True)}")
    yield ok("packages", f"chatterboxd {__version__}; {_listed(CLIENT)}")
    for names, extra, purpose in (
        (BUILTIN, "builtin", "the built-in voice and the loudspeaker"),
        (DAEMON, "daemon", "the models"),
    ):
        missing = [name for name in names if _version(name) is None]
        if missing:
            found = f"for {purpose} there is no {', '.join(missing)}"
            yield note("packages", found, f"pip install 'chatterboxd[{extra}]'")
        else:
            yield ok("packages", f"for {purpose}: {_listed(names)}")
    yield from _owners()


def _owners() -> Iterator[Finding]:
    """Two packages that own one import name overwrite each other's files, silently."""
    others = sorted(set(packages_distributions().get("chatterbox", ())) - {OURS})
    for other in others:
        found = f"{other} {_version(other)} owns `import chatterbox` too, so the daemon does not start"
        yield fail("owners", found, f"pip uninstall {other}, then install chatterboxd again")
    if not others:
        yield ok("owners", "`import chatterbox` has no other owner")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"{name} {_version(name)}" for name in names)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
