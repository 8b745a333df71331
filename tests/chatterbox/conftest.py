"""Whole models in the published format, written when a test asks for one, and one on disk at a time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatterbox.model import Model
from tests.chatterbox.checkpoints import write_model
from tests.chatterbox.models import open_model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the same folder follow one another, so that each is written once."""
    asked = [(item.callspec.params["folder"], item) for item in items if _asks_for_a_folder(item)]
    in_order = iter([item for _, item in sorted(asked, key=lambda pair: pair[0])])
    items[:] = [next(in_order) if _asks_for_a_folder(item) else item for item in items]


def _asks_for_a_folder(item: pytest.Item) -> bool:
    return "folder" in getattr(getattr(item, "callspec", None), "params", {})


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a variant, 1.4 GB; a test says which by `on`. It is deleted when another one is asked for."""
    path = write_model(request.param, tmp_path_factory.mktemp("model") / request.param)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    """Its model, in float32 on the CPU, for tests that leave it as they found it."""
    return open_model(folder)
