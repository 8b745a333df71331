"""What an engine is told to speak, and what of that makes the sound.

A request and one piece of its text come in; the worker's message, and the key of the phrase cache, go out.
"""

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.phrases import Key
from chatterbox_daemon.front.request import Request
from chatterbox_daemon.front.script import Piece
from chatterbox_daemon.link import Header

# Options that two renderings of one sound may differ in.
SOUNDLESS = ("seed", "engine", "device", "instant", "paced", "shared")


def order_of(request: Request, piece: Piece, index: int, config: Config) -> Header:
    """The message that has piece `index` of a request rendered: the request's options, its part's over them."""
    options = {"rate": config.rate, "pitch": config.pitch, "volume": config.volume}
    options.update(request.options.as_dict())
    options.update(piece.own)
    options["seed"] = (request.seed + index) % 2**63
    # Nobody asked for the very same samples again: the model may draw ids together with others', which rounds
    # otherwise; and where somebody listens, pieces may be as long as playback allows.
    options["shared"] = request.options.seed is None
    options["paced"] = options["shared"] and request.op == "speak"
    return {
        "op": "convert" if request.op == "convert" else "synthesize",
        "text": piece.text,
        "voice": options.pop("voice", None),
        "language": options.pop("language", config.language),
        "options": options,
    }


def key_of(order: Header) -> Key:
    """The key of what an order sounds like; its voice must be named."""
    given = order["options"].items()
    options = {name: value for name, value in given if name not in SOUNDLESS and value is not False}
    if len(order["text"]) == 1:
        options.pop("spell", None)  # there is nothing in it to be spelt
    return Key(order["text"], str(order["voice"]).casefold(), order["language"], tuple(sorted(options.items())))


def for_stand_in(order: Header, builtin: Engine, model: Engine) -> Header:
    """The order that the built-in voice can follow in the model's place: it lacks the voice, not the language."""
    voice = order["voice"]
    if voice is None or builtin.has_voice(voice):
        return order
    languages = [one["language"] for one in model.voices if one["name"].casefold() == voice.casefold()]
    return {**order, "voice": None, "language": order["language"] or next(iter(languages), None)}
