"""Whether the files of a model in the cache are the published ones, to the last byte. Never asks the network."""

import hashlib
import os
from dataclasses import dataclass
from functools import cache as remember
from pathlib import Path

from chatterbox.hub import cache
from chatterbox.hub.source import HubFile, ModelSource


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a file. `in_the_way`: a damaged file of the right size, which a pull would keep."""

    what: str
    in_the_way: Path | None = None


def is_begun(source: ModelSource) -> bool:
    """Whether there is anything of the model's T3, which no two share: whole, cut short, or half fetched."""
    pointer = cache.pointer_to(source.hub_files[0])
    return (pointer is not None and os.path.lexists(pointer)) or cache.is_half_fetched(source.hub_files[0])


def complaints(source: ModelSource) -> list[Complaint]:
    """What is wrong with the files of a model from the hub. Reads all of them."""
    return [complaint for file in source.hub_files if (complaint := _complaint(file))]


def digest(path: Path, etag: str) -> str:
    """The hash of a file, of the kind that the ETag is: sha256, or git's of a blob."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if len(etag) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest()
        return hashlib.file_digest(file, lambda: hashlib.sha1(b"blob %d\0" % size)).hexdigest()


def _complaint(file: HubFile) -> Complaint | None:
    path = cache.pointer_to(file)
    if path is None or not path.is_file():
        return Complaint(f"{file.name} is missing")
    size = path.stat().st_size
    if file.num_bytes not in (None, size):
        return Complaint(f"{file.name} has {size:,} bytes, not {file.num_bytes:,}")
    etag = file.etag or path.resolve().name  # the cache names a blob by its ETag
    if _digest_once(path.resolve(), etag) != etag:
        return Complaint(f"{file.name} is not what was published", path)
    return None


@remember
def _digest_once(path: Path, etag: str) -> str:
    """Models share files."""
    return digest(path, etag)
