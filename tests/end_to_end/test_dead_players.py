"""Players that die before they have played anything: the request ends with a reason, it does not wait on."""

from pathlib import Path

import pytest

from chatterbox_client import RequestError
from tests.conftest import BUILTIN
from tests.running import running_daemon


def test_players_that_die_one_after_the_other_end_the_request_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "asound.conf").touch()  # PortAudio ends its process where ALSA has no configuration at all
    with running_daemon({"ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")}, config=BUILTIN) as daemon:
        daemon.child_pid("builtin")
        with daemon.client() as client:
            for _ in range(2):
                with pytest.raises(RequestError, match="nothing can be played: the player ") as failure:
                    client.speak("hello").result()
                assert failure.value.code == "no_audio"
            assert client.synthesize("hello").audio().duration_seconds > 0.1
