"""Whether systemd runs the daemon, and how it fares there."""

from collections.abc import Iterator

from chatterbox_client.cli.service import systemctl
from chatterbox_client.findings import Finding, fail, ok


def check() -> Iterator[Finding]:
    """A finding for our units."""
    if not systemctl.is_there():
        yield ok("systemd", "is not here; say starts the daemon")
        return
    words = {unit: systemctl.words_on(unit) for unit in (systemctl.SOCKET, systemctl.SERVICE)}
    found = ", ".join(
        f"{unit} is {enabled} and {active or 'unknown'}" for unit, (enabled, active) in words.items()
    )
    if all(enabled in ("not-found", "") for enabled, _ in words.values()):
        yield ok("systemd", "has no unit of ours, or runs no user manager; say starts the daemon")
    elif any(active == "failed" for _, active in words.values()):
        yield fail("systemd", found, "see why: chatterbox service logs; then: chatterbox service enable")
    else:
        yield ok("systemd", found)
