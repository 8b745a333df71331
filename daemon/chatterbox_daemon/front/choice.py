"""Which engine speaks a piece, and what is said when it is not the one that was wanted."""

from dataclasses import dataclass

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.engine import Engine
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.request import Request


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use, or None to wait; `stand_in` says why it is not the one that was wanted.

    With `error` the request cannot be spoken at all.
    """

    engine: Engine | None
    stand_in: str | None = None
    error: str | None = None


def choose(rendering: Rendering, builtin: Engine, model: Engine, config: Config) -> Choice:
    """The engine for the request's next piece.

    What is played never waits for the model: the built-in voice stands in while it loads, hangs or is dead.
    What is rendered into a file waits while the model loads, and is refused where the model was asked for by
    name and cannot run.
    """
    request = rendering.request
    if request.op == "convert":
        return _converter(model)
    if rendering.is_standing_in:
        return _use_builtin(builtin, request.stand_in)
    if _wanted(request, builtin, model, config) is builtin:
        return _use_builtin(builtin, None)
    if model.is_ready:
        return Choice(model)
    reason = why_not(model)
    if request.op == "synthesize" and model.state in ("loading", "dead"):
        return Choice(None)
    if request.op == "synthesize" and request.options.engine == "chatterbox":
        return Choice(None, error=f"the Chatterbox voice cannot speak: {reason}")
    return _use_builtin(builtin, reason)


def _converter(model: Engine) -> Choice:
    """Only a model can convert a recording; it is waited for while it comes up."""
    if model.is_ready:
        return Choice(model)
    if model.state in ("loading", "dead", "ready"):
        return Choice(None)
    return Choice(None, error=f"only a Chatterbox model can convert a recording, and {why_not(model)}")


def _use_builtin(builtin: Engine, stand_in: str | None) -> Choice:
    if builtin.state == "failed":
        return Choice(None, error=f"the built-in voice cannot speak: {builtin.detail}")
    return Choice(builtin, stand_in)


def _wanted(request: Request, builtin: Engine, model: Engine, config: Config) -> Engine:
    name = request.options.engine or config.engine
    if name == "builtin":
        return builtin
    voice = request.options.voice
    if voice is not None and builtin.has_voice(voice) and not model.has_voice(voice):
        return builtin
    if name == "auto" and model.state == "absent":
        return builtin
    return model


def why_not(model: Engine) -> str:
    """What keeps the model from speaking, as a clause."""
    reasons = {
        "loading": "the model is loading",
        "absent": "no model is installed",
        "dead": f"the model's process {model.detail}; it is starting again",
        "ready": "the model does not answer at the moment",
    }
    return reasons.get(model.state, model.detail or "the model could not be loaded")
