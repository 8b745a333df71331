"""Both Python clients: the same verbs, the same answers."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatterbox_client import AsyncClient, Audio, Cancelled, Client, Options, RequestError, Unavailable
from tests.running import RunningDaemon, private_environment, same_length, wait_until

LONG = "This sentence is one of many and is spoken again and again. " * 20


def async_client(daemon: RunningDaemon) -> AsyncClient:
    return AsyncClient(str(daemon.socket), name="async", start_daemon=False)


def test_the_asyncio_client_gets_what_the_blocking_one_gets(shared_daemon: RunningDaemon) -> None:
    async def collect() -> tuple[Audio, dict[str, object], list[dict[str, object]]]:
        async with async_client(shared_daemon) as client:
            request = await client.synthesize("the same samples")
            return await request.audio(), await client.status(), await client.voices()

    audio, status, voices = asyncio.run(collect())
    with shared_daemon.client() as client:
        assert same_length(client.synthesize("the same samples").audio(), audio)
        assert client.voices() == voices
    assert status["pid"] == shared_daemon.process.pid


def test_many_requests_of_one_asyncio_client_run_at_once(shared_daemon: RunningDaemon) -> None:
    async def collect() -> list[Audio]:
        async with async_client(shared_daemon) as client:
            requests = [await client.synthesize(f"number {index}") for index in range(20)]
            return await asyncio.gather(*(request.audio() for request in requests))

    audios = asyncio.run(collect())
    assert len(audios) == 20
    assert all(audio.duration_seconds > 0.3 for audio in audios)


def test_the_asyncio_client_cancels_and_is_told_of_errors(shared_daemon: RunningDaemon) -> None:
    async def converse() -> None:
        async with async_client(shared_daemon) as client:
            request = await client.synthesize(LONG * 10)
            await anext(aiter(request))
            request.cancel()
            with pytest.raises(Cancelled):
                await request.audio()
            with pytest.raises(RequestError, match="no request 4711"):
                await client.stop(4711)

    asyncio.run(converse())


def test_the_asyncio_client_notices_a_killed_daemon(daemon: RunningDaemon) -> None:
    async def converse() -> None:
        async with async_client(daemon) as client:
            request = await client.synthesize(LONG)
            daemon.kill()
            with pytest.raises(Unavailable, match="went away"):
                await request.audio()
            daemon.restart()
            assert (await client.status())["pid"] == daemon.process.pid

    asyncio.run(converse())


def test_a_subscriber_sees_what_happens(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client("watcher") as watcher, shared_daemon.client("speaker") as speaker:
        events = watcher.subscribe()
        watcher.status()  # answered after the subscription
        speaker.synthesize("seen").audio()
        seen = [next(events)]
        while seen[-1]["event"] != "done":
            seen.append(next(events))
    assert seen[0]["event"] == "accepted"
    assert seen[0]["client"] == "speaker"


def test_a_client_in_a_forked_child_leaves_its_parents_connection_alone(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        client.status()
        child = os.fork()
        if child == 0:
            client.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert client.status()["pid"] == shared_daemon.process.pid


def test_options_reach_the_engine_and_wrong_ones_never_leave(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        quiet, loud = (client.synthesize("volume", Options(volume=v)).audio().samples for v in (0.0, 1.0))
        assert not any(quiet)
        assert any(loud)
        with pytest.raises(ValueError, match="priority must be one of"):
            client.speak("x", priority="loud")


def test_a_burst_of_replies_loses_no_client(daemon: RunningDaemon) -> None:
    with daemon.client() as client:
        requests = [client.synthesize("") for _ in range(300)]
        assert [request.result().samples for request in requests] == [0] * 300


def test_a_voice_that_is_not_there_is_named(shared_daemon: RunningDaemon) -> None:
    with shared_daemon.client() as client:
        with pytest.raises(RequestError, match="nobody") as failure:
            client.synthesize("x", Options(voice="nobody")).audio()
        assert failure.value.code == "not_found"


def test_a_client_starts_the_daemon_where_none_runs(tmp_path: Path) -> None:
    environment = private_environment(tmp_path)
    code = "from chatterbox_client import Client; print(Client().status()['pid'])"
    runs = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    pids = {run.communicate(timeout=30)[0].strip() for run in runs}
    assert len(pids) == 1, "several clients started several daemons"
    socket = tmp_path / "run" / "chatterbox" / "daemon.sock"
    with Client(str(socket), start_daemon=False) as client:
        client.shutdown()
    wait_until(lambda: not socket.exists(), seconds=10)


def test_without_a_daemon_and_without_leave_to_start_one_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="chatterbox daemon start"):
        Client(str(tmp_path / "none.sock"), start_daemon=False).status()
