"""Getting a model: only the files that are read and not here yet, and only if there is room for them."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from huggingface_hub import constants

from chatterbox.errors import DownloadError
from chatterbox.hub import cache
from chatterbox.hub.offer import Offer, look_up
from chatterbox.hub.source import ModelSource
from chatterbox.hub.transfer import Report, fetch

Progress = Callable[[str, int, int], None]


def pull(
    source: ModelSource,
    *,
    progress: Progress | None = None,
    offline: bool | None = None,
    endpoint: str | None = None,
) -> dict[str, Path]:
    """Get the files of a model that are not here yet. Where all are here, the network is not touched.

    Safe to interrupt, and to run in several processes at once: the next call goes on where this one stopped. No
    login is needed.

    Args:
        progress: is told a file's name, how many of its bytes are here and how many it has, several times for each
            file that is fetched. What it raises ends the pull.
        offline: True never touches the network; None does what HF_HUB_OFFLINE says.
        endpoint: the hub's address; None takes HF_ENDPOINT's.

    Returns:
        Where each file is, by name. They lie in the cache of `huggingface_hub`, which HF_HOME moves.

    Raises:
        CheckpointError: the source is a folder that lacks files.
        DownloadError: no network, no such file, no room, or not the file that was expected.
    """
    if source.folder is not None or cache.is_complete(source):
        return cache.local_files(source)
    missing = cache.missing_files(source)
    if constants.HF_HUB_OFFLINE if offline is None else offline:
        names = ", ".join(file.name for file in missing)
        raise DownloadError(
            f"{source.name} lacks {names}, and offline mode forbids fetching; unset HF_HUB_OFFLINE"
        )
    offers = [look_up(file, endpoint) for file in missing]
    _check_room(source.name, offers)
    for offer in offers:
        fetch(offer, _reporter(offer, progress))
    return cache.local_files(source)


def _check_room(name: str, offers: Iterable[Offer]) -> None:
    needed = sum(offer.num_missing_bytes for offer in offers)
    folder = Path(constants.HF_HUB_CACHE).absolute()
    free = shutil.disk_usage(next(parent for parent in (folder, *folder.parents) if parent.is_dir())).free
    if needed > free:
        sizes = f"{needed / 1e9:.2f} GB more, and {folder} has room for {free / 1e9:.2f} GB"
        raise DownloadError(f"{name} needs {sizes}; make room, or set HF_HOME to a folder on another disk")


def _reporter(offer: Offer, progress: Progress | None) -> Report:
    def report(done: int) -> None:
        if progress:
            progress(offer.file.name, done, offer.num_bytes)

    return report
