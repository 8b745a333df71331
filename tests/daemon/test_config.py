"""Settings: where they come from, in which order, and what is said of a wrong one."""

from pathlib import Path

import pytest

from chatterbox_client.errors import ConfigurationError
from chatterbox_daemon.config import NAMES, Config, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_flags_go_before_the_environment_before_the_file_before_the_defaults(file: Path) -> None:
    file.write_text('engine = "builtin"\nrate = 2\nvolume = 0.5\n')
    environment = {"CHATTERBOX_RATE": "3", "CHATTERBOX_ENGINE": "auto"}
    config = load(file, {"engine": "chatterbox", "voice": None}, environment)
    assert (config.engine, config.rate, config.volume, config.pitch) == ("chatterbox", 3.0, 0.5, 0.0)


def test_no_file_means_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load(None, {}, {}) == Config()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("engine = 'loud'", "engine must be one of auto, builtin, chatterbox, not 'loud'"),
        ("rate = 100", "rate must lie between 0.25 and 6; 100 was given"),
        ("rate = '1'", "rate must be of type float, not '1'"),
        ("max_queue = 1.5", "max_queue must be of type int"),
        ("log_text = 1", "log_text must be of type bool"),
        ("colour = 'red'", "unknown setting 'colour'; known are engine"),
        ("engine = ", "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_what_was_expected(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        load(file, {}, {})


def test_a_file_that_was_named_must_exist(file: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no configuration file"):
        load(file, {}, {})


@pytest.mark.parametrize(("name", "value"), [("CHATTERBOX_RATE", "fast"), ("CHATTERBOX_LOG_TEXT", "maybe")])
def test_a_wrong_variable_is_named(name: str, value: str, file: Path) -> None:
    file.write_text("")
    with pytest.raises(ConfigurationError, match=name):
        load(file, {}, {name: value})


def test_every_setting_is_described_in_the_docs_with_its_default() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    for name in NAMES:
        assert f"`{name}`" in text, f"{name} is missing from docs/configuration.md"
