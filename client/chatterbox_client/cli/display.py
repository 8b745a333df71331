"""What `say` shows while a text is spoken: the marked text, how far it is, or each event as a line of JSON.

What the subtitles are made of is kept for the end.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.markup import Parsed
from chatterbox_client.results import Event


class Display:
    """Takes a request's events and its final reply, and shows what the command line asked for."""

    def __init__(self, parsed: Parsed, given: Mapping[str, Any]) -> None:
        self._parsed = parsed
        self._has_progress, self._has_lines = given["progress"], given["as_events"]
        self._has_reply = given["as_json"] or given["as_events"]
        self._highlighter: Any = None
        self._subtitles: Any = None
        if given["markup"] is not None:
            from chatterbox_client.cli.highlight import Highlighter

            self._highlighter = Highlighter(given["markup"])
            self._highlighter.add(parsed.text)
        if given["subtitles"] is not None:
            from chatterbox_client.cli.subtitles import Subtitles

            self._subtitles = Subtitles()

    @property
    def wants_events(self) -> bool:
        """Whether there is anything to show before the end."""
        return bool(self._has_progress or self._has_lines or self._highlighter or self._subtitles)

    def add(self, text: str) -> None:
        """More of a text that is still being read."""
        if self._highlighter is not None:
            self._highlighter.add(text)

    def show(self, event: Event) -> None:
        """Something happened. Raises BrokenPipeError when nobody reads the lines any more."""
        if self._has_lines:
            click.echo(json.dumps({"event": event.kind, **self._in_text_read(event.fields)}))
        if self._subtitles is not None:
            self._subtitles.take(event)
        if event.kind == "word" and self._highlighter is not None:
            self._highlighter.show(event.fields["start"], event.fields["length"])
        elif event.kind == "progress" and self._has_progress:
            done, total = event.fields["done_characters"], max(1, event.fields["total_characters"])
            click.echo(f"\r{done * 100 // total:3} % of {total} characters", nl=False, err=True)

    def tell(self, reply: Mapping[str, Any]) -> None:
        """The final reply."""
        if self._has_reply:
            click.echo(json.dumps(reply))

    def write_subtitles(self, name: Path, place: Path) -> None:
        """Write the file that will be `name` at `place`. Raises Failure."""
        self._subtitles.write(self._parsed.text, name, place)

    def finish(self, *, is_spoken: bool) -> None:
        """Nothing more will happen: end the lines that were begun. `is_spoken`: the text was spoken to its end."""
        if self._highlighter is not None:
            self._highlighter.finish(is_spoken=is_spoken)
        if self._has_progress:
            click.echo(err=True)

    def _in_text_read(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with every character counted in the text that was read, its commands included."""
        placed, origin = dict(fields), self._parsed.origin
        if "start" in fields:
            last = fields["start"] + max(1, fields["length"]) - 1
            placed["start"] = origin(fields["start"])
            placed["length"] = origin(last) + 1 - placed["start"]
        for name in ("done_characters", "total_characters"):
            if name in fields:
                placed[name] = origin(fields[name])
        return placed
