"""Where the socket is, and which addresses are refused."""

from pathlib import Path

import pytest

from chatterbox_client import paths
from chatterbox_client.errors import ConfigurationError


def test_the_socket_lies_in_the_runtime_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHATTERBOX_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert paths.socket_path() == tmp_path / "chatterbox" / "daemon.sock"


def test_without_a_runtime_folder_the_user_still_has_an_own_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHATTERBOX_SOCKET", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert "chatterbox-" in str(paths.socket_path())


def test_an_argument_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATTERBOX_SOCKET", "/a/b.sock")
    assert paths.socket_path() == Path("/a/b.sock")
    assert paths.socket_path("/c/d.sock") == Path("/c/d.sock")
    assert paths.socket_path("ipc:///e/f.sock") == Path("/e/f.sock")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:5555", "tcp://*:1", "ws://host", "inproc://x"])
def test_an_address_on_the_network_is_refused_with_the_ssh_line_that_does_it(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ssh -N -L .*daemon\.sock"):
        paths.socket_path(address)


def test_an_abstract_socket_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="any user may open"):
        paths.socket_path("@chatterbox")


def test_a_path_the_system_cannot_bind_is_refused_with_its_length() -> None:
    with pytest.raises(ConfigurationError, match="the system allows 107"):
        paths.socket_path("/" + "x" * 120)
