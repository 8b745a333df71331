"""What torch compiles is kept where the user's caches are, however the daemon was started."""

from pathlib import Path

import pytest

from tests.running import RunningDaemon, running_daemon

CONFIG = 'model_engine = "tests.engines:CompilingEngine"\n'


def kept(daemon: RunningDaemon) -> set[str]:
    """Where something is, seen from the user's folder, as soon as the model is ready."""
    daemon.child_pid("chatterbox")
    return {str(file.parent.relative_to(daemon.folder)) for file in daemon.folder.rglob("compiled")}


def test_what_is_compiled_lies_among_the_caches() -> None:
    with running_daemon(config=CONFIG) as daemon:
        assert kept(daemon) == {"cache/chatterbox/inductor", "cache/chatterbox/triton"}


@pytest.mark.parametrize(
    ("variable", "other"), [("TORCHINDUCTOR_CACHE_DIR", "triton"), ("TRITON_CACHE_DIR", "inductor")]
)
def test_a_folder_of_the_users_choice_stays_theirs(tmp_path: Path, variable: str, other: str) -> None:
    with running_daemon({variable: str(tmp_path)}, config=CONFIG) as daemon:
        assert kept(daemon) == {f"cache/chatterbox/{other}"}
    assert (tmp_path / "compiled").exists()
