"""What the hub offers of a file: its size, its hash, and where it lies; and its refusals, said as sentences."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from huggingface_hub import HfFileMetadata, constants, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError

from chatterbox.errors import DownloadError
from chatterbox.hub import cache
from chatterbox.hub.source import HubFile

# What a request raises depends on the library beneath huggingface_hub: requests (0.x), httpx (1.x), httpx2 (2.x).
TRANSPORT_ERRORS: tuple[type[Exception], ...] = (OSError, *HfHubHTTPError.__bases__)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")  # of git, or sha256
ANSWERS = {
    401: "the hub shows it to nobody without a login (401), but this family is public; check HF_ENDPOINT",
    403: "the hub refuses it (403); check HF_ENDPOINT, proxy and firewall",
    404: "the hub does not have it (404); it may have moved: look for a newer chatterboxd",
    429: "the hub wants fewer requests (429); pull again in a few minutes",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What the hub says of a file. `token` is None where the user's may be sent, False where it must not."""

    file: HubFile
    url: str
    etag: str
    num_bytes: int
    token: bool | None

    @property
    def blob(self) -> Path:
        """Where its contents belong."""
        return cache.blobs_of(self.file.repo) / self.etag

    @property
    def partial(self) -> Path:
        """Where they are while they are not whole."""
        return self.blob.with_name(f"{self.etag}.incomplete")

    @property
    def num_missing_bytes(self) -> int:
        """How much is still to be fetched."""
        if cache.find_twin(self.etag, self.num_bytes):
            return 0
        return self.num_bytes - (self.partial.stat().st_size if self.partial.is_file() else 0)


def look_up(file: HubFile, endpoint: str | None) -> Offer:
    """Ask the hub for a file's size and hash. Raises DownloadError, also when the file is not the pinned one."""
    revision = cache.commit_of(file.repo) or "main"
    url = hf_hub_url(file.repo.id, file.name, revision=revision, endpoint=endpoint)
    with explained(url):
        metadata, token = _ask(url)
        commit, etag = file.repo.revision or metadata.commit_hash, file.etag or metadata.etag
        num_bytes = metadata.size
        if not (commit and HASH.fullmatch(commit) and etag and HASH.fullmatch(etag) and num_bytes is not None):
            raise DownloadError(f"{url} is no file of a Hugging Face hub; check HF_ENDPOINT, proxy and firewall")
        if revision == "main":
            cache.record_commit(file.repo, commit)
            url = hf_hub_url(file.repo.id, file.name, revision=commit, endpoint=endpoint)
    if file.num_bytes not in (None, num_bytes):
        raise DownloadError(f"{url} has {num_bytes} bytes instead of {file.num_bytes}; check HF_ENDPOINT")
    return Offer(file, url, etag, num_bytes, token)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what a request or the disk raises into a DownloadError that says what to do."""
    try:
        yield
    except TRANSPORT_ERRORS as error:
        raise DownloadError(f"cannot fetch {url}: {_explain(error)}") from error


def status_of(error: Exception) -> int | None:
    """The HTTP status that a request was answered with, if that is what was raised."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status


def _explain(error: Exception) -> str:
    if status := status_of(error):
        return ANSWERS.get(status, f"the hub answers with an error ({status}); pull again later")
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return f"{constants.HF_HUB_CACHE} is full; make room and pull again, which goes on where this stopped"
    if isinstance(error, OSError) and error.errno in NOT_ALLOWED:
        return f"{error.filename} cannot be written; set HF_HOME to a folder of your own"
    reason = str(error).partition("\n")[0] or type(error).__name__
    return f"{reason.rstrip('.')}; check the network and pull again, which goes on where this stopped"


def _ask(url: str) -> tuple[HfFileMetadata, bool | None]:
    """The hub's answer, and the token that got it."""
    try:
        return get_hf_file_metadata(url), None
    except TRANSPORT_ERRORS as error:
        if status_of(error) != HTTPStatus.UNAUTHORIZED:
            raise
    # The family is public: a stale token of the user's must not bar it.
    return get_hf_file_metadata(url, token=False), False
