"""Which program a process runs, as Linux tells it."""

from pathlib import Path

MAX_NAME_CHARACTERS = 64


def program_of(pid: int) -> str | None:
    """The name of the program, of a script the script's; None where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:
        return None
    name = Path(words[0]).name
    if name.startswith("python") and len(words) > 1 and not words[1].startswith("-"):
        name = Path(words[1]).name
    return "".join(letter for letter in name[:MAX_NAME_CHARACTERS] if letter.isprintable()) or None
