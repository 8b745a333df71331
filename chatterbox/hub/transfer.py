"""One file into the hub's cache: fetched or resumed, verified, and only then shown.

Uses the HTTP session of `huggingface_hub` (0.34 to 2.x), but not its `hf_hub_download`: newer ones drop what they
have fetched when they are interrupted, and none compares hashes.
"""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from huggingface_hub import constants, get_session
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, but lazily exported
    WeakFileLock,
    build_hf_headers,
    hf_raise_for_status,
)

from chatterbox.errors import DownloadError
from chatterbox.hub import cache
from chatterbox.hub.checking import digest
from chatterbox.hub.offer import TRANSPORT_ERRORS, Offer, explained, status_of

Report = Callable[[int], None]
CHUNK_BYTES = 1 << 18
PAUSES_SECONDS = (1, 2, 4)  # after which a broken transfer is taken up again, while nothing new comes


def fetch(offer: Offer, report: Report) -> None:
    """Bring a file into the cache; it appears there whole and verified, or not at all.

    Args:
        report: is told how many of its bytes are here. What it raises ends the transfer; the next one resumes it.

    Raises:
        DownloadError: it cannot be fetched or written, or its hash is another.
    """
    with explained(offer.url):
        offer.blob.parent.mkdir(parents=True, exist_ok=True)
        with _locked(offer):
            if not _is_here(offer):
                _complete(offer, report)
                offer.partial.replace(offer.blob)
            cache.point(offer.file, offer.blob)
    report(offer.num_bytes)


@contextmanager
def _locked(offer: Offer) -> Iterator[None]:
    """One process at a time fetches a file. The lock is the hub library's own: other programs wait as well."""
    folder = Path(constants.HF_HUB_CACHE) / ".locks" / cache.folder_of(offer.file.repo).name
    folder.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(folder / f"{offer.etag}.lock"):
        yield


def _is_here(offer: Offer) -> bool:
    """Whether the blob is here, or another repository has it and lends it."""
    twin = cache.find_twin(offer.etag, offer.num_bytes)
    if twin is None or digest(twin, offer.etag) != offer.etag:
        return False
    if twin == offer.blob.resolve():
        return True
    try:
        offer.blob.hardlink_to(twin)
    except OSError:
        return False
    return True


def _complete(offer: Offer, report: Report) -> None:
    """Make the partial file whole and check it; where its beginning is from before and spoilt, start afresh."""
    was_begun = offer.partial.is_file()
    _transfer(offer, report)
    found = digest(offer.partial, offer.etag)
    if found != offer.etag and was_begun:
        offer.partial.unlink()
        _transfer(offer, report)
        found = digest(offer.partial, offer.etag)
    if found != offer.etag:
        offer.partial.unlink()
        raise DownloadError(f"{offer.url} is damaged or another file: its hash is {found}, not {offer.etag}")


def _transfer(offer: Offer, report: Report) -> None:
    """Fetch what is missing of the partial file, taking a broken transfer up again."""
    with _Meter(offer.partial, report) as file:
        pauses = iter(PAUSES_SECONDS)
        while (start := file.tell()) < offer.num_bytes:
            try:
                _receive(offer, file)
            except TRANSPORT_ERRORS as error:
                if not _may_pass(error):
                    raise
                pauses = pauses if file.tell() == start else iter(PAUSES_SECONDS)
                if (pause := next(pauses, None)) is None:
                    raise
                time.sleep(pause)
        file.flush()
        os.fsync(file.fileno())


def _may_pass(error: Exception) -> bool:
    """Whether it is the network's or the server's fault; what has an error number is the disk's."""
    if status := status_of(error):
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return not getattr(error, "errno", None)


def _receive(offer: Offer, file: "_Meter") -> None:
    """Append one answer of the hub's to a file. Raises what the disk and the hub's library raise."""
    start = file.tell()
    headers = build_hf_headers(token=offer.token, headers={"Accept-Encoding": "identity"})
    with _opened(offer.url, headers | ({"Range": f"bytes={start}-"} if start else {})) as (status, chunks):
        if start and status != HTTPStatus.PARTIAL_CONTENT:
            file.seek(0)
            file.truncate()
        for chunk in chunks:
            file.write(chunk)
    if file.tell() == start:
        raise ConnectionError("the hub sends nothing")


@contextmanager
def _opened(url: str, headers: dict[str, str]) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The status and the body of an answer. The session is httpx's, or before huggingface_hub 1.0 requests'."""
    session: Any = get_session()
    timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
    if callable(session.stream):
        opened = session.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True)
    else:
        opened = session.get(url, headers=headers, timeout=timeout, stream=True)
    with opened as answer:
        hf_raise_for_status(answer)
        read = answer.iter_bytes if hasattr(answer, "iter_bytes") else answer.iter_content
        yield answer.status_code, read(CHUNK_BYTES)


class _Meter(io.BufferedWriter):
    """A file that is appended to, and says how long it is after each write."""

    def __init__(self, path: Path, report: Report) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._report = report

    def write(self, chunk: Any, /) -> int:
        written = super().write(chunk)
        self._report(self.tell())
        return written
