"""Players that can play nothing: they die one after the other, or hang with the sound server."""

import signal
from pathlib import Path

import pytest

from chatterbox_client import RequestError
from tests.conftest import BUILTIN
from tests.running import RunningDaemon, running_daemon, wait_until
from tests.sound import SoundBench


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


def test_a_player_that_hangs_with_the_sound_server_makes_way_for_another(
    sound: SoundBench, speaking_daemon: RunningDaemon
) -> None:
    assert sound.server is not None
    sound.server.send_signal(signal.SIGSTOP)
    try:
        with speaking_daemon.client() as client:
            request = client.speak("hello")
            wait_until(lambda: speaking_daemon.status()["player"]["restarts"] == 1, seconds=40)
            sound.server.send_signal(signal.SIGCONT)
            assert request.result().samples > 0
    finally:
        sound.server.send_signal(signal.SIGCONT)
