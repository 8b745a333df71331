"""The hub's cache on this disk: what of a model is there, what it takes, and removing it. Never asks the network.

The layout is the hub's own, shared with other programs: a repository's `blobs/` are named by ETag, and
`snapshots/<commit>/<file>` point to them. Whatever stands under `snapshots/` is whole.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from huggingface_hub import constants

from chatterbox.config import Repo
from chatterbox.errors import CheckpointError, DownloadError
from chatterbox.hub.source import KNOWN, HubFile, ModelSource, folder_files, hub_source


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model in the cache, as far as it is there; a file that several models share counts for each."""

    source: ModelSource
    num_bytes: int
    is_complete: bool


def local_files(source: ModelSource) -> dict[str, Path]:
    """The files of a model by name; what is optional may be missing from a folder of the user's.

    Raises:
        CheckpointError: that folder lacks files.
        DownloadError: the cache lacks files.
    """
    if source.folder is not None:
        return folder_files(source.folder, source.variant)
    paths = {file.name: path for file in source.hub_files if (path := find(file))}
    if missing := [file.name for file in source.hub_files if file.name not in paths]:
        raise DownloadError(f"{source.name} lacks {', '.join(missing)} in {constants.HF_HUB_CACHE}; pull it")
    return paths


def is_complete(source: ModelSource) -> bool:
    """Whether `local_files` has them all."""
    try:
        return bool(local_files(source))
    except (CheckpointError, DownloadError):
        return False


def list_local() -> list[LocalModel]:
    """The models of the family whose T3, which no two share, is in the cache or half fetched."""
    sources = [hub_source(variant) for variant in KNOWN.values()]
    return [_measure(source) for source in sources if any(_paths(source.hub_files[0]))]


def remove(source: ModelSource) -> int:
    """Remove a model from the cache, half-fetched files included, but not what another complete model needs.

    Returns:
        How many bytes that freed.

    Raises:
        DownloadError: the model is a folder of the user's, or the cache cannot be written.
    """
    if source.folder is not None:
        raise DownloadError(f"{source.folder} did not come from the hub; delete it by hand")
    others = (hub_source(variant) for variant in KNOWN.values() if variant != source.variant)
    needed = {file for other in others if is_complete(other) for file in other.hub_files}
    try:
        freed = sum(_delete(partial) for file in source.hub_files for partial in _partials(file))
        freed += sum(_unlink(file) for file in source.hub_files if file not in needed)
        for repo in {file.repo for file in source.hub_files}:
            _sweep(repo)
    except OSError as error:
        raise DownloadError(f"{error.filename} cannot be removed ({error.strerror}); check whose it is") from error
    return freed


def missing_files(source: ModelSource) -> list[HubFile]:
    """The hub's files of a model that the cache lacks."""
    return [file for file in source.hub_files if find(file) is None]


def find(file: HubFile) -> Path | None:
    """Where a file is, if it is here whole."""
    pointer = pointer_to(file)
    return pointer if pointer and _has_size(pointer, file.num_bytes) else None


def is_half_fetched(file: HubFile) -> bool:
    """Whether there is a part of a file that was never completed."""
    return bool(_partials(file))


def pointer_to(file: HubFile) -> Path | None:
    """Where a file belongs; None while the commit is not known."""
    commit = commit_of(file.repo)
    return folder_of(file.repo) / "snapshots" / commit / file.name if commit else None


def commit_of(repo: Repo) -> str | None:
    """The commit whose files are used: the pinned one, or the one that `main` was when it was first asked."""
    reference = folder_of(repo) / "refs" / "main"
    return repo.revision or (reference.read_text().strip() if reference.is_file() else None)


def record_commit(repo: Repo, commit: str) -> None:
    """Remember which commit `main` is."""
    reference = folder_of(repo) / "refs" / "main"
    reference.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(reference)
    beside.write_text(commit)
    beside.replace(reference)


def point(file: HubFile, blob: Path) -> None:
    """Let a whole blob appear as a file of its commit; where links cannot be had the blob itself moves there."""
    pointer = pointer_to(file)
    assert pointer
    pointer.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(pointer)
    try:
        beside.symlink_to(Path("..", "..", "blobs", blob.name))
    except OSError:
        beside = blob
    beside.replace(pointer)


def find_twin(etag: str, num_bytes: int) -> Path | None:
    """The same contents in another repository of the cache: turbo and nano share a decoder."""
    root = Path(constants.HF_HUB_CACHE)
    twins = (blob for blob in root.glob(f"models--*/blobs/{etag}") if _has_size(blob, num_bytes))
    return next((blob.resolve() for blob in twins), None)


def folder_of(repo: Repo) -> Path:
    """Where the cache keeps a repository."""
    return Path(constants.HF_HUB_CACHE) / f"models--{repo.id.replace('/', '--')}"


def blobs_of(repo: Repo) -> Path:
    """Where the cache keeps its files, by ETag; `<etag>.incomplete` is one half fetched."""
    return folder_of(repo) / "blobs"


def _beside(path: Path) -> Path:
    """A name of nobody else's, from which a file is renamed into its place."""
    return path.with_name(f".{path.name}.{uuid4().hex[:8]}")


def _measure(source: ModelSource) -> LocalModel:
    paths = {path for file in source.hub_files for path in _paths(file)}
    return LocalModel(source, sum(path.stat().st_size for path in paths), is_complete(source))


def _paths(file: HubFile) -> list[Path]:
    """Whatever there is of a file."""
    path = find(file)
    return _partials(file) + ([path] if path else [])


def _partials(file: HubFile) -> list[Path]:
    """What is half fetched of a file; of its whole repository, where its ETag is not known beforehand."""
    return list(blobs_of(file.repo).glob(f"{file.etag or '*'}.incomplete"))


def _has_size(path: Path, num_bytes: int | None) -> bool:
    return path.is_file() and num_bytes in (None, path.stat().st_size)


def _unlink(file: HubFile) -> int:
    """Remove a file of a commit, and its blob unless another commit has it too."""
    pointer = pointer_to(file)
    if pointer is None or not os.path.lexists(pointer):
        return 0
    if not pointer.is_symlink():
        return _delete(pointer)
    blob = pointer.parent / pointer.readlink()
    pointer.unlink()
    others = folder_of(file.repo).glob("snapshots/*/*")
    if any(other.is_symlink() and other.readlink().name == blob.name for other in others):
        return 0
    return _delete(blob)


def _delete(path: Path) -> int:
    """Remove a file; returns what that frees, which is nothing while it has another name."""
    if not os.path.lexists(path):
        return 0
    status = path.lstat()
    path.unlink()
    return status.st_size if status.st_nlink == 1 else 0


def _sweep(repo: Repo) -> None:
    """Remove the folders of commits that are empty, and the repository's with its last file."""
    folder = folder_of(repo)
    for commit in folder.glob("snapshots/*"):
        if not any(commit.iterdir()):
            commit.rmdir()
    if folder.is_dir() and not any(folder.glob("snapshots/*")) and not any(folder.glob("blobs/*")):
        shutil.rmtree(folder)
