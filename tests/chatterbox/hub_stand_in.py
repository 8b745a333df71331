"""A small server that speaks as much of the Hugging Face hub as fetching a file needs, and its storage beside it.

Large files are redirected to the storage, as the hub does it. How they should misbehave is set on `StandIn`.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from chatterbox.config import NANO, Repo, Variant
from chatterbox.hub import HubFile, ModelSource

COMMIT = "c0ffee" * 6 + "0000"
LARGE = (".safetensors", ".pt")
REPO = Repo("someone/tiny")
T3 = NANO.t3
KEY = f"{REPO.id}/{T3}"  # of the file that the tests look at


@dataclass(frozen=True)
class Asked:
    """A request that was made: of the hub, which is told a revision, or of its storage."""

    method: str
    what: str
    revision: str = ""
    range: str = ""
    has_token: bool = False


@dataclass
class StandIn:
    """The hub's contents and moods."""

    files: dict[str, bytes] = field(default_factory=dict)  # by `owner/repo/name`, as everything below
    asked: list[Asked] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)  # errors to answer with
    claimed_sizes: dict[str, int] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)  # after how many bytes the storage's next answer breaks off
    gate: threading.Event | None = None  # what the storage waits for before it sends
    commit: str = COMMIT  # that `main` is
    is_hub: bool = True
    knows_ranges: bool = True
    refuses_tokens: bool = False
    endpoint: str = ""
    storage: str = ""

    def gets(self, key: str) -> list[Asked]:
        """How the storage was asked for a large file's contents."""
        return [
            asked for asked in self.asked if asked.what == key and asked.method == "GET" and not asked.revision
        ]

    def etag(self, key: str) -> str:
        """What the hub calls a file's contents."""
        body = self.files[key]
        if key.endswith(LARGE):
            return hashlib.sha256(body).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


@contextmanager
def running_stand_in() -> Iterator[StandIn]:
    """A hub and its storage, each on a port of its own."""
    state = StandIn()
    hub, storage = (_Server(("127.0.0.1", 0), partial(handler, state)) for handler in (_Hub, _Storage))
    state.endpoint, state.storage = (f"http://127.0.0.1:{server.server_port}" for server in (hub, storage))
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in (hub, storage)]
    for thread in threads:
        thread.start()
    try:
        yield state
    finally:
        for server, thread in zip((hub, storage), threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def use_own_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in a folder of the test's, no login, no proxy, and no offline mode."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(folder / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder / "hub"


def fill(hub: StandIn, repo: Repo = REPO, variant: Variant = NANO) -> None:
    """Give the hub a tiny model, and a file in it that nobody reads."""
    for name in (*variant.files, "s3gen.safetensors"):
        hub.files[f"{repo.id}/{name}"] = name.encode() * 50_000


def tiny(repo: Repo = REPO, variant: Variant = NANO) -> ModelSource:
    """That model."""
    return ModelSource(variant, hub_files=tuple(HubFile(repo, name) for name in variant.files))


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client may hang up; that is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, state: StandIn, *arguments: object) -> None:
        self.state = state
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        raise NotImplementedError

    def note(self, what: str, revision: str = "") -> None:
        token = "Authorization" in self.headers
        self.state.asked.append(Asked(self.command, what, revision, self.headers.get("Range", ""), token))

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.write(body)

    def write(self, body: bytes) -> None:
        self.wfile.write(body)


class _Hub(_Handler):
    """`/owner/repo/resolve/revision/name`: large files by redirect, small ones at once."""

    def do_GET(self) -> None:
        owner, repo, _, revision, name = self.path.lstrip("/").split("/")
        key = f"{owner}/{repo}/{name}"
        self.note(key, revision)
        status = self.state.statuses.get(key, 200 if key in self.state.files else 404)
        if self.state.refuses_tokens and "Authorization" in self.headers:
            status = 401
        if status != 200:
            reason = {404: {"X-Error-Code": "EntryNotFound"}, 401: {"X-Error-Code": "RepoNotFound"}}
            return self.answer(status, reason.get(status, {}))
        body, etag = self.state.files[key], f'"{self.state.etag(key)}"'
        if not self.state.is_hub:
            return self.answer(200, {}, body)
        size = str(self.state.claimed_sizes.get(key, len(body)))
        headers = {"X-Repo-Commit": self.state.commit, "X-Linked-Etag": etag, "X-Linked-Size": size}
        if name.endswith(LARGE):
            location = f"{self.state.storage}/{key}"
            return self.answer(302, headers | {"Location": location, "ETag": '"of-the-redirect"'})
        return self.answer(200, headers | {"ETag": etag}, body)


class _Storage(_Handler):
    """`/owner/repo/name`: contents, from any byte on."""

    def do_GET(self) -> None:
        key = self.path.lstrip("/")
        self.note(key)
        body = self.state.files[key]
        given = self.headers.get("Range", "")
        if not given or not self.state.knows_ranges:
            return self.answer(200, {"ETag": '"of-the-storage"'}, body)
        start = int(given.removeprefix("bytes=").partition("-")[0])
        content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return self.answer(206, {"Content-Range": content_range}, body[start:])

    def write(self, body: bytes) -> None:
        if self.state.gate:
            self.state.gate.wait(30)
        cut = self.state.cuts.pop(self.path.lstrip("/"), len(body))
        self.wfile.write(body[:cut])
        self.close_connection = cut < len(body)
