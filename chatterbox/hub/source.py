"""A name, a repository or a folder to a model and its files. Looks into folders, never into cache or network."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chatterbox.config import BASE_REPO, FROM_BASE, OPTIONAL_FILES, PACKS, REPOS, VARIANTS, Repo, Variant
from chatterbox.errors import CheckpointError

KNOWN = VARIANTS | PACKS
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of a repository."""

    repo: Repo
    name: str

    @property
    def num_bytes(self) -> int | None:
        """Its size, where it is known beforehand."""
        return self.repo.pins.get(self.name, (None, None))[0]

    @property
    def etag(self) -> str | None:
        """The hub's ETag, which is a hash of the contents, where it is known beforehand."""
        return self.repo.pins.get(self.name, (None, None))[1]


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where the files of a model are: in `folder`, or on the hub as `hub_files`."""

    variant: Variant
    folder: Path | None = None
    hub_files: tuple[HubFile, ...] = ()

    @property
    def name(self) -> str:
        """What to call it in a sentence: its name, or its folder."""
        return self.variant.name if self.folder is None else str(self.folder)

    @property
    def id(self) -> str:
        """Which weights these are, for what is computed with them and kept: other weights, another id."""
        if self.folder is None:
            return f"{self.variant.name}@{self.hub_files[0].repo.revision or 'main'}"
        files = (self.folder / name for name in (self.variant.s3gen, self.variant.voice_encoder))
        return "-".join(
            [self.variant.name, *(f"{file.stat().st_size:x}.{file.stat().st_mtime_ns:x}" for file in files)]
        )


def find_model(name: str | Path, variant: str | None = None) -> ModelSource:
    """What a user means by a name.

    Args:
        name: a model (`base`, `multilingual`, `multilingual-v2`, `turbo`, `nano`, or a single-language pack like
            `multilingual-pt-br`), its repository (`ResembleAI/chatterbox` is base), or a folder. Names go before
            folders of that name: `./turbo` is the folder, `turbo` is not.
        variant: which model a folder holds, where it holds several.

    Raises:
        CheckpointError: there is no such model or folder, or it holds none, or several and `variant` is None.
    """
    if isinstance(name, str) and (known := _by_name(name)):
        return hub_source(known)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise CheckpointError(f"{name} is neither a model nor a folder; models are {', '.join(KNOWN)}")
    if variant is not None and variant not in KNOWN:
        raise CheckpointError(f"{variant} is no model; models are {', '.join(KNOWN)}")
    return ModelSource(detect_variant(folder) if variant is None else KNOWN[variant], folder)


def hub_source(variant: Variant) -> ModelSource:
    """A model of the family on the hub, at the commits that `config.REPOS` names."""
    repo, is_pack = REPOS[variant.name], variant.name in PACKS
    files = (HubFile(BASE_REPO if is_pack and name in FROM_BASE else repo, name) for name in variant.files)
    return ModelSource(variant, hub_files=tuple(files))


def detect_variant(folder: Path) -> Variant:
    """Which model a folder holds, by the name of its T3 file.

    Raises:
        CheckpointError: it holds none, or several.
    """
    found = [variant for variant in KNOWN.values() if (folder / variant.t3).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{variant.t3} ({variant.name})" for variant in found)
        raise CheckpointError(f"{folder} holds several models: {listed}; say which variant is meant")
    alike = _most_alike(folder)
    if not alike:
        raise CheckpointError(
            f"{folder} holds no file of a model; give the folder of one, or one of {', '.join(KNOWN)}"
        )
    names = " or ".join(variant.name for variant in alike)
    raise CheckpointError(f"{folder} looks like {names} but lacks {' or '.join(variant.t3 for variant in alike)}")


def folder_files(folder: Path, variant: Variant) -> dict[str, Path]:
    """The files of a model in a folder of the user's, by name; what is optional may be left out.

    Raises:
        CheckpointError: names what is missing, and what is only a pointer that Git LFS left in a file's place.
    """
    paths = {name: folder / name for name in variant.files if (folder / name).is_file()}
    if missing := [name for name in variant.files if name not in paths and name not in OPTIONAL_FILES]:
        also = _from_base(variant, missing)
        raise CheckpointError(f"{folder} looks like {variant.name} but lacks {', '.join(missing)}; add them{also}")
    if pointers := [name for name, path in paths.items() if _is_pointer(path)]:
        raise CheckpointError(
            f"{folder} holds Git LFS pointers for {', '.join(pointers)}; run `git lfs pull` there"
        )
    return paths


def _by_name(name: str) -> Variant | None:
    by_repo = {REPOS[known].id.lower(): known for known in reversed(KNOWN)}
    return KNOWN.get(by_repo.get(name.lower(), name.lower()))


def _most_alike(folder: Path) -> list[Variant]:
    """The models that most of a folder's files belong to; none, where it has no such file."""
    scores = {name: sum((folder / file).is_file() for file in known.files) for name, known in KNOWN.items()}
    best = max(scores.values())
    return [KNOWN[name] for name, score in scores.items() if score == best > 0]


def _from_base(variant: Variant, missing: Iterable[str]) -> str:
    lent = FROM_BASE.intersection(missing) if variant.name in PACKS else ()
    return f", {', '.join(sorted(lent))} from {BASE_REPO.id}" if lent else ""


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(LFS_POINTER)) == LFS_POINTER
