"""`say`: a text aloud, or into a file, or as raw samples; macOS's options and a few more."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from chatterbox_client.cli.exits import USAGE, Failure, explained, stop_on_signals
from chatterbox_client.cli.reading import texts
from chatterbox_client.cli.speech_options import speech_options
from chatterbox_client.cli.utterance import Utterance
from chatterbox_client.client import Client
from chatterbox_client.options import ENGINES
from chatterbox_client.protocol import PRIORITIES
from chatterbox_client.version import __version__

EPILOG = (
    "The file's format follows its extension: wav (16-bit PCM, the default), aiff, caf, flac, ogg, opus, mp3. "
    "'?' as a value lists what there is: say -v '?', -a '?', --file-format '?', --data-format '?'. "
    "Exit codes: 0 spoken, 64 usage, 66 nothing to read, 69 unavailable, 73 and 74 the file cannot be written, "
    "78 configuration, 129, 130, 143 ended by a signal."
)
HIGHLIGHT_DEFAULT = "smso"
OPTIONAL_VALUES = {
    "-i": f"--interactive={HIGHLIGHT_DEFAULT}",
    "--interactive": f"--interactive={HIGHLIGHT_DEFAULT}",
}
EXCLUSIVE = (
    ("--interrupt", "--append"),
    ("--raw", "-o"),
    ("--events", "--raw"),
    ("--events", "-i"),
    ("--events", "--no-wait"),
    ("--write-subtitles", "--no-wait"),
    ("--follow", "--no-wait"),
    ("--follow", "-f"),
)


def main() -> None:
    """Run `say` with the words of the command line."""
    arguments = sys.argv[1:]
    own = arguments.index("--") if "--" in arguments else len(arguments)
    command(args=[OPTIONAL_VALUES.get(word, word) for word in arguments[:own]] + arguments[own:], prog_name="say")


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1)
@click.option("-f", "--input-file", "file", metavar="FILE", help="Read the text from a file; - is standard input.")
@click.option("--follow", is_flag=True, help="Speak standard input as it comes, each line and clause at once.")
@click.option("-v", "--voice", metavar="VOICE", help="A voice by name.")
@click.option("-r", "--rate", "words_per_minute", type=float, metavar="WPM", help="Words a minute; 175 is normal.")
@click.option(
    "-o", "--output-file", "output", type=click.Path(path_type=Path), help="Write a file; nothing is played."
)
@click.option(
    "-a", "--audio-device", "device", metavar="DEVICE", help="Play there: an index or a name's beginning."
)
@click.option("-n", "--network-send", "network", metavar="NAME", help="Not supported.")
@click.option(
    "--write-subtitles", "subtitles", metavar="FILE", type=click.Path(path_type=Path), help="Write .srt or .vtt."
)
@click.option("--progress", is_flag=True, help="Show how far it is, on stderr.")
@click.option(
    "-i", "--interactive", "markup", metavar="MARKUP", help="Show the text; mark each word as it is spoken."
)
@click.option("--file-format", metavar="FORMAT", help="The file's format, whatever its extension.")
@click.option("--data-format", metavar="FORMAT", help="The samples' format, such as LEI16@22050 or BEF32.")
@click.option("--channels", "num_channels", type=click.IntRange(1, 2), default=1, help="1 or 2.")
@click.option("--bit-rate", metavar="RATE", help="Ignored, with a warning.")
@click.option("--quality", metavar="0-127", help="Ignored, with a warning.")
@click.option("--raw", is_flag=True, help="Write samples to standard output: 24 kHz mono s16le.")
@click.option("--json", "as_json", is_flag=True, help="Print the final reply as a line of JSON.")
@click.option("--events", "as_events", is_flag=True, help="Print each event, then the reply, as lines of JSON.")
@click.option("--literal", is_flag=True, help="Speak what stands in [[ ]] too; there are no commands.")
@click.option("--no-wait", is_flag=True, help="Return as soon as the text is queued.")
@click.option("--priority", type=click.Choice(PRIORITIES), default="message", help="How urgent it is.")
@click.option("--interrupt", is_flag=True, help="Silence what is spoken, then speak.")
@click.option("--append", is_flag=True, help="Wait for what is spoken: the default.")
@click.option("--language", metavar="TAG", help="Such as en, de or pt-br.")
@click.option("--engine", type=click.Choice(ENGINES), help="Which engine speaks.")
@speech_options
@click.option("--socket", metavar="PATH", help="The daemon's socket.")
@click.version_option(__version__, prog_name="say")
def command(words: tuple[str, ...], **given: Any) -> None:
    """Speak WORDS, a file, or standard input; return when it has been heard."""
    with explained("say"):
        stop_on_signals()
        _refuse(words, given)
        if not _list(given):
            with Client(given["socket"], name="say") as client:
                if given["follow"]:
                    Utterance(client, None, given).speak()
                    return
                only_last = given["output"] is not None or given["subtitles"] is not None
                for text in texts(words, given["file"], only_last=only_last):
                    Utterance(client, text, given).speak()


def _refuse(words: tuple[str, ...], given: dict[str, Any]) -> None:
    if given["network"] is not None:
        raise Failure(USAGE, "-n is not supported: nothing is sent over a network; see ssh -L in docs/protocol.md")
    options = {option: parameter.name for parameter in command.params for option in parameter.opts}
    for one, other in EXCLUSIVE:
        if given[options[one]] and given[options[other]]:
            raise Failure(USAGE, f"{one} and {other} exclude each other")
    if given["follow"] and words:
        raise Failure(USAGE, "--follow reads standard input: it takes no words")
    if given["subtitles"] is not None:
        from chatterbox_client.cli.subtitles import format_of

        format_of(given["subtitles"])
    for name in ("bit_rate", "quality"):
        if given[name] not in (None, "?"):
            click.echo(f"say: --{name.replace('_', '-')} is ignored", err=True)


def _list(given: dict[str, Any]) -> bool:
    """Print what a `'?'` asks for; False when none did."""
    from chatterbox_client.cli import listings

    with Client(given["socket"], name="say") as client:
        lists: dict[str, Callable[[], list[str]]] = {
            "voice": lambda: listings.voice_lines(client),
            "device": lambda: listings.device_lines(client),
            "file_format": lambda: listings.format_lines("--file-format"),
            "data_format": lambda: listings.format_lines("--data-format"),
            "bit_rate": lambda: ["every format's own; the option is ignored"],
            "quality": lambda: ["every format's own; the option is ignored"],
        }
        asked = [name for name in lists if given[name] == "?"]
        for name in asked:
            click.echo("\n".join(lists[name]()))
    return bool(asked)
