"""Which engine speaks a piece, and what is said when it is not the one that was wanted."""

from dataclasses import dataclass, replace

from chatterbox_daemon.config import Config
from chatterbox_daemon.front.engine import COMING, Engine
from chatterbox_daemon.front.rendering import Rendering
from chatterbox_daemon.front.request import Request

ONLY_MODEL = ("convert", "warm")  # requests in which nobody can stand in for the model


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine to use, or None to wait; `stand_in` says why it is not the one that was wanted.

    With `error` the request cannot be spoken at all. `needs_model`: it would be the model that speaks.
    """

    engine: Engine | None
    stand_in: str | None = None
    error: str | None = None
    needs_model: bool = False


def choose(rendering: Rendering, builtin: Engine, model: Engine, config: Config) -> Choice:
    """The engine for the request's next piece.

    What is played does not wait for the model, unless it is patient for a while: the built-in voice stands in
    while the model loads, hangs or is dead. What is rendered into a file waits while the model loads, and is
    refused where the model was asked for by name and cannot run.
    """
    request = rendering.request
    if request.op in ONLY_MODEL:
        return _only_model(model)
    if rendering.is_standing_in:
        return _use_builtin(builtin, request.stand_in)
    if wanted(request, builtin, model, config) is builtin:
        return _use_builtin(builtin, None)
    language = request.options.language or config.language
    if model.is_ready and model.speaks(language):
        return Choice(model)
    reason = f"the model does not speak {language}" if model.is_ready else why_not(model)
    if model.state in COMING and (request.op == "synthesize" or rendering.is_patient):
        return Choice(None, needs_model=True)
    if request.op == "synthesize" and request.options.engine == "chatterbox":
        return Choice(None, error=f"the Chatterbox voice cannot speak: {reason}")
    return replace(_use_builtin(builtin, reason), needs_model=True)


def _only_model(model: Engine) -> Choice:
    """Nobody else can convert a recording, or speak for the cache; the model is waited for while it comes up."""
    if model.is_ready:
        return Choice(model)
    if model.state in (*COMING, "ready"):
        return Choice(None, needs_model=True)
    return Choice(None, error=f"only a Chatterbox model can convert a recording, and {why_not(model)}")


def _use_builtin(builtin: Engine, stand_in: str | None) -> Choice:
    if builtin.state == "failed":
        return Choice(None, error=f"the built-in voice cannot speak: {builtin.detail}")
    return Choice(builtin, stand_in)


def wanted(request: Request, builtin: Engine, model: Engine, config: Config) -> Engine:
    """The engine that would speak the request if it could."""
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
        "unloaded": "the model was idle and is not loaded",
        "absent": "no model is installed",
        "dead": f"the model's process {model.detail}; it is starting again",
        "ready": "the model does not answer at the moment",
    }
    return reasons.get(model.state, model.detail or "the model could not be loaded")
