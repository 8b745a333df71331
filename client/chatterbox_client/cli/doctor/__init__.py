"""`chatterbox doctor`: one check after the other, a line for each thing found, and what to do where one fails.

Nothing that a check needs may be needed by another: the daemon may not start, torch or PortAudio may be missing.
"""

import json
from collections.abc import Iterator

import click

from chatterbox_client.findings import Finding, fail

SIGNS = {"ok": "ok  ", "note": "note", "fail": "FAIL"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-sound", is_flag=True, help="Do not play the test tone.")
@click.pass_context
def doctor(context: click.Context, as_json: bool, no_sound: bool) -> None:
    """Find out what is wrong, and say what to do about it. Starts the daemon where none runs, and plays a tone."""
    found = []
    for finding in examine(context.obj, has_sound=not no_sound):
        found.append(finding)
        if not as_json:
            click.echo(line_of(finding))
    num_failed = sum(finding.level == "fail" for finding in found)
    if as_json:
        told = [finding.as_dict() for finding in found]
        click.echo(json.dumps({"failed": num_failed, "findings": told}, indent=2))
    else:
        click.echo("nothing fails" if not num_failed else f"{num_failed} of {len(found)} fail")
    context.exit(1 if num_failed else 0)


def examine(address: str | None, *, has_sound: bool) -> Iterator[Finding]:
    """Everything that can be found out, each thing as soon as it is."""
    # Not sooner: no other command waits for them.
    from chatterbox_client.cli.doctor import heavy, packages, places, readers, running, units

    checks = {
        "packages": packages.check,
        "places": lambda: places.check(address),
        **{name: heavy.checking(name, () if has_sound else ("--no-sound",)) for name in heavy.NAMES},
        "daemon": lambda: running.check(address),
        "units": units.check,
        "readers": readers.check,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # the top of a check: the others must go on
            yield fail(name, f"the check itself failed: {type(error).__name__}: {error}", "chatterbox report")


def line_of(finding: Finding) -> str:
    """A finding for a terminal."""
    line = f"{SIGNS[finding.level]}  {finding.check}: {finding.found}"
    return f"{line}\n      -> {finding.advice}" if finding.advice else line
