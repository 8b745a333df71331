"""A voice is exported and imported elsewhere; a container that anybody made is checked to the last field."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from chatterbox_daemon.voices import tensors
from chatterbox_daemon.voices.container import MAX_CONTAINER_BYTES, unpack
from chatterbox_daemon.voices.errors import VoiceStoreError
from chatterbox_daemon.voices.store import VoiceStore
from tests.daemon.voices.clips import assert_same, conditionals

MODEL = "ResembleAI/chatterbox"


@pytest.fixture
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path)


def repacked(
    data: bytes, about: dict[str, Any] | None = None, changes: dict[str, Tensor | None] | None = None
) -> bytes:
    """The container with other JSON, or with other tensors; None takes one away."""
    named, metadata = tensors.unpack(data)
    if about is not None:
        metadata["about"] = json.dumps({**json.loads(metadata["about"]), **about})
    named = {name: value for name, value in {**named, **(changes or {})}.items() if value is not None}
    return tensors.pack(named, metadata)


def with_voice(data: bytes, **changes: Any) -> bytes:
    """The container with other fields in its voice."""
    record = json.loads(tensors.unpack(data)[1]["about"])["voice"]
    return repacked(data, {"voice": {**record, **changes}})


def refusal_of(store: VoiceStore, data: bytes) -> VoiceStoreError:
    with pytest.raises(VoiceStoreError) as refused:
        store.import_(data)
    assert store.list() == ()
    return refused.value


def test_an_exported_voice_is_the_same_elsewhere(store: VoiceStore, exported: bytes) -> None:
    imported = store.import_(exported)
    assert (imported.name, imported.language, imported.defaults) == ("Anna", "pt-br", {"exaggeration": 0.3})
    assert imported == store.show("Anna")
    assert_same(store.conditionals("Anna", MODEL), conditionals(seed=1))
    assert_same(store.conditionals("Anna", "nano"), conditionals(num_tokens=7, seed=2))
    again, first = unpack(store.export("Anna")), unpack(exported)
    np.testing.assert_array_equal(again.clip, first.clip)
    assert (again.voice.report, again.voice.created) == (first.voice.report, first.voice.created)


def test_an_import_takes_another_name_and_replaces_only_when_told(store: VoiceStore, exported: bytes) -> None:
    store.import_(exported)
    assert store.import_(exported, "Berta").name == "Berta"
    with pytest.raises(VoiceStoreError, match="there is a voice 'Berta' already"):
        store.import_(exported, "BERTA")
    assert store.import_(exported, "BERTA", replace=True).name == "BERTA"
    assert_same(store.conditionals("berta", MODEL), conditionals(seed=1))
    assert [voice.name for voice in store.list()] == ["Anna", "BERTA"]


def test_conditionals_that_were_made_in_another_way_are_left_out(store: VoiceStore, exported: bytes) -> None:
    later = {"0.t3.speaker_emb": None, "0.t3.something": torch.zeros(3)}
    store.import_(repacked(exported, {"conditionals_version": "2"}, later))
    assert store.conditionals("Anna", MODEL) is None
    assert store.clip("Anna")


def test_a_voice_of_more_models_than_a_container_takes_is_exported_all_the_same(
    store: VoiceStore, tmp_path_factory: pytest.TempPathFactory, exported: bytes
) -> None:
    store.import_(exported)
    for number in range(20):
        store.put_conditionals("Anna", f"model {number}", conditionals(num_tokens=2))
    assert VoiceStore(tmp_path_factory.mktemp("other")).import_(store.export("Anna")).name == "Anna"


def test_a_container_over_the_limit_is_too_large(store: VoiceStore) -> None:
    assert refusal_of(store, bytes(MAX_CONTAINER_BYTES + 1)).code == "too_large"


def test_a_header_of_a_million_tensors_is_never_parsed(store: VoiceStore) -> None:
    header = json.dumps({str(i): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)})
    data = len(header).to_bytes(8, "little") + header.encode()
    assert "its header has" in refusal_of(store, data).message


@pytest.mark.parametrize("name", ["../../../tmp/x", "a/b", "..", "\u202ex", "", "x" * 65, 7, None, ["a"]])
def test_the_name_in_a_container_is_a_name_or_refused(store: VoiceStore, exported: bytes, name: Any) -> None:
    data = with_voice(exported, name=name)
    if name in ("../../../tmp/x", "a/b", ".."):
        assert store.import_(data).name == name
    else:
        assert "this is no exported voice" in refusal_of(store, data).message
        assert store.import_(with_voice(exported), "Berta")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"version": 2}, "version must be a whole number from 1 to 1, not 2"),
        ({"version": True}, "version must be"),
        ({"created": "yesterday"}, "created must be a time"),
        ({"created": "2026-01-01"}, "created must be a time"),
        ({"clip_sha256": "../x"}, "clip_sha256 must look like"),
        ({"language": "../x"}, "language must look like"),
        ({"language": 7}, "language must be a text"),
        ({"defaults": None}, "defaults must be an object"),
        ({"defaults": {"exaggeration": "loud"}}, "exaggeration must be a number"),
        ({"defaults": {"temperature": 1e308}}, "temperature must be a number"),
        ({"defaults": {"temperature": 10**400}}, "temperature must be a number"),
        ({"report": None}, "the report must be an object"),
        ({"report": {"verdicts": 3}}, "verdicts must be a list"),
        ({"report": {"verdicts": [{"name": "x", "message": "\u001b[2J"}]}}, "duration_seconds must be"),
    ],
)
def test_a_wrong_field_is_named(
    store: VoiceStore, exported: bytes, changes: dict[str, Any], complaint: str
) -> None:
    refused = refusal_of(store, with_voice(exported, **changes))
    assert refused.code == "bad_request"
    assert complaint in refused.message


@pytest.mark.parametrize("field", ["duration_seconds", "sample_rate_hz", "peak", "bandwidth_hz", "verdicts"])
@pytest.mark.parametrize("value", [None, "1", [], {}, True, -5, 10**400, [{"name": "\u001b[2J", "message": "x"}]])
def test_a_wrong_report_is_refused(store: VoiceStore, exported: bytes, field: str, value: Any) -> None:
    report = json.loads(tensors.unpack(exported)[1]["about"])["voice"]["report"]
    data = with_voice(exported, report={**report, field: value})
    if (field, value) == ("verdicts", []):
        assert store.import_(data).report.verdicts == ()
    else:
        assert refusal_of(store, data).code == "bad_request"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("clip", None, "clip must be a row of float32 samples"),
        ("clip", torch.zeros(200_000, dtype=torch.float64), "clip must be a row of float32 samples"),
        ("clip", torch.zeros(1, 200_000), "clip must be a row of float32 samples"),
        ("clip", torch.zeros(0), "clip must have 120001 to 720000 samples, not 0"),
        ("clip", torch.zeros(720_001), "clip must have 120001 to 720000 samples, not 720001"),
        ("clip", torch.full((200_000,), 1.5), "clip must hold samples from -1 to 1"),
        ("clip", torch.full((200_000,), torch.nan), "clip must hold samples from -1 to 1"),
        ("0.t3.speaker_emb", None, "conditionals lack t3.speaker_emb"),
        ("0.t3.speaker_emb", torch.zeros(1, 257), "t3.speaker_emb must have the shape (1, 256), not (1, 257)"),
        ("0.t3.speaker_emb", torch.full((1, 256), torch.inf), "t3.speaker_emb must hold numbers"),
        ("0.t3.speaker_emb", torch.zeros(1, 256).half(), "t3.speaker_emb must be torch.float32"),
        ("0.gen.prompt_feat", torch.zeros(1, 39, 80), "gen.prompt_feat must have 2 frames an id, not 39"),
        ("0.gen.prompt_feat", torch.zeros(1, 0, 80), "gen.prompt_feat must have 2 frames an id, not 0"),
        ("0.gen.prompt_token", torch.zeros(1, 0, dtype=torch.int64), "gen.prompt_token must hold 1 to 1000 ids"),
        ("0.gen.prompt_token", torch.zeros(1, 1001, dtype=torch.int64), "gen.prompt_token must hold 1 to 1000"),
        ("0.gen.prompt_token", torch.full((1, 20), 6561), "gen.prompt_token must hold ids from 0 to 6560"),
        ("0.gen.prompt_token", torch.full((1, 20), -1), "gen.prompt_token must hold ids from 0 to 6560"),
        ("0.gen.prompt_token", torch.zeros(1, 20), "gen.prompt_token must be torch.int64"),
        ("0.gen.prompt_token_len", torch.tensor([19]), "gen.prompt_token_len must be 20"),
        ("0.gen.embedding", torch.zeros(1, 192, 1), "gen.embedding must have the shape (1, 192), not (1, 192, 1)"),
        ("0.t3.clap_emb", torch.zeros(1), "conditionals hold no 't3.clap_emb'"),
        ("0../../x", torch.zeros(1), "conditionals hold no './../x'"),
    ],
)
def test_a_wrong_tensor_is_named(
    store: VoiceStore, exported: bytes, name: str, value: Tensor | None, complaint: str
) -> None:
    refused = refusal_of(store, repacked(exported, changes={name: value}))
    assert refused.code == "bad_request"
    assert complaint in refused.message


MANY_ONES = ", ".join("1" * 3000)


@pytest.mark.parametrize(
    ("header", "body_bytes"),
    [
        ("[]", 0),
        ("{}", 0),
        ('{"__metadata__": null}', 0),
        ('{"__metadata__": {"format": 7}}', 0),
        ('{"__metadata__": {"format": "x"}, "__metadata__": 5}', 0),
        ('{"clip": {"dtype": "F4", "shape": [8], "data_offsets": [0, 4]}}', 4),
        ('{"clip": {"dtype": "F32", "shape": [18446744073709551615, 0], "data_offsets": [0, 0]}}', 0),
        ('{"clip": {"dtype": "F32", "shape": [9223372036854775807, 8], "data_offsets": [0, 4]}}', 4),
        (f'{{"clip": {{"dtype": "F32", "shape": [{MANY_ONES}], "data_offsets": [0, 4]}}}}', 4),
    ],
)
def test_a_header_that_misuses_the_format_is_refused(store: VoiceStore, header: str, body_bytes: int) -> None:
    refused = refusal_of(store, len(header).to_bytes(8, "little") + header.encode() + bytes(body_bytes))
    assert refused.code == "bad_request"
    assert len(refused.message) < 300


@pytest.mark.parametrize(
    "models", [None, "nano", [1], ["nano", "base", "turbo"], ["x" * 201], ["\u001b"], ["a"] * 17, [["nano"]]]
)
def test_a_wrong_list_of_models_is_refused(store: VoiceStore, exported: bytes, models: Any) -> None:
    assert refusal_of(store, repacked(exported, {"models": models})).code == "bad_request"


@pytest.mark.parametrize(
    "about",
    [
        "",
        "[]",
        "{}",
        '{"voice": 1}',
        "nonsense",
        '{"voice":' * 90_000,
        '{"a": NaN}',
        '{"voice":' + "9" * 5000 + "}",
    ],
)
def test_a_wrong_description_is_refused(store: VoiceStore, exported: bytes, about: str) -> None:
    named, metadata = tensors.unpack(exported)
    assert refusal_of(store, tensors.pack(named, {**metadata, "about": about})).code == "bad_request"
    assert "its format is None" in refusal_of(store, tensors.pack(named, {"about": about})).message
