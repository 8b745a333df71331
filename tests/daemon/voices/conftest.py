"""What several tests of kept voices need."""

import pytest

from chatterbox_daemon.voices.store import VoiceStore
from tests.daemon.voices.clips import VOICE, conditionals


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A voice with the conditionals of two models."""
    store = VoiceStore(tmp_path_factory.mktemp("sender"))
    store.add("Anna", VOICE, language="pt-br", defaults={"exaggeration": 0.3})
    store.put_conditionals("Anna", "ResembleAI/chatterbox", conditionals(seed=1))
    store.put_conditionals("Anna", "nano", conditionals(num_tokens=7, seed=2))
    return store.export("anna")
