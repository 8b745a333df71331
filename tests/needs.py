"""What a test needs from the machine: it skips with a reason where that is missing.

With CHATTERBOX_TEST_ALL=1, set where everything has been installed, a missing need is a failure instead.
"""

import os
import shutil
from pathlib import Path

import pytest


def needs(is_there: bool, reason: str) -> None:
    """Skip the test unless `is_there`; fail it when nothing may be missing."""
    if is_there:
        return
    if os.environ.get("CHATTERBOX_TEST_ALL") == "1":
        pytest.fail(f"CHATTERBOX_TEST_ALL=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def needs_commands(*names: str, packages: str) -> None:
    """These programs are on the PATH; `packages` are the Debian packages that bring them."""
    missing = [name for name in names if shutil.which(name) is None]
    needs(not missing, f"{', '.join(missing)} not found: apt-get install {packages}")


def needs_files(*patterns: str, packages: str) -> None:
    """Some file matches each absolute pattern; `packages` are the Debian packages that bring them."""
    missing = [pattern for pattern in patterns if not any(Path("/").glob(pattern.lstrip("/")))]
    needs(not missing, f"{', '.join(missing)} not found: apt-get install {packages}")


def needs_root() -> None:
    """The test runs as root."""
    needs(os.geteuid() == 0, "this test needs root")
