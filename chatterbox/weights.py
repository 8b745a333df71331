"""Files of weights to modules, strictly: each module gets every tensor it needs, and none is left over unnoticed.

Files are memory-mapped; a tensor goes straight to its device and dtype. Knows nothing of what a module computes.
"""

import pickle
import re
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import safetensors
import torch
from torch import Tensor, nn

from chatterbox.errors import CheckpointError
from chatterbox.layers import Assembled
from chatterbox.projection import Projection

M = TypeVar("M", bound=nn.Module)
MAX_NAMES_SHOWN = 20
# What reading a damaged file raises, as seen when single bytes of one were changed.
DAMAGE = (
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    struct.error,
    AssertionError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Checkpoint:
    """The tensors of one file by their published names.

    Args:
        source: the file's name, for errors.
        tensors: what it holds; a state nested under `model` is unwrapped by `open`.
    """

    def __init__(self, source: str, tensors: Mapping[str, Tensor]) -> None:
        self.source, self._tensors = source, tensors

    @classmethod
    def open(cls, path: Path) -> "Checkpoint":
        """Map a `.safetensors` or `.pt` file. Raises CheckpointError when it is missing, cut short or foreign."""
        if not path.is_file():
            raise CheckpointError(f"{path} is missing; give the folder of a complete model, or pull it again")
        try:
            return cls(str(path), _open_pickled(path) if path.suffix == ".pt" else _SafetensorsFile(path))
        except DAMAGE as error:
            reason = str(error).partition("\n")[0]
            raise CheckpointError(f"{path} is cut short or holds no weights ({reason}); pull it again") from error

    def names(self, prefix: str = "") -> set[str]:
        """The names that begin with `prefix`, without it."""
        return {name.removeprefix(prefix) for name in self._tensors if name.startswith(prefix)}

    def depth(self, prefix: str) -> int:
        """How many layers stand under a prefix such as `tfmr.layers.`; 0 where there is none."""
        numbered = (re.match(r"\d+", name) for name in self.names(prefix))
        return max((int(match[0]) + 1 for match in numbered if match), default=0)

    def read(self, name: str) -> Tensor:
        """One tensor, on the CPU as it is stored. Raises CheckpointError when there is none of this name."""
        if name not in self._tensors:
            raise CheckpointError(f"{self.source} has no tensor {name}; is it a file of another model?")
        return self._tensors[name]


def load(
    make: Callable[[], M],
    checkpoint: Checkpoint,
    prefix: str = "",
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    ignore: Collection[str] = (),
    is_copied: bool = False,
) -> M:
    """Make a module and give it its weights, ready for inference.

    Args:
        make: builds the module; its parameters are not allocated before their values are there. Constants that are
            computed, not loaded, are buffers with `persistent=False`, made with an explicit `device="cpu"`.
        prefix: what the published names begin with, such as `flow.`.
        dtype: of floating-point parameters and persistent buffers; constants keep their own.
        ignore: names after the prefix, or beginnings ending in a dot, that the file may hold and nobody needs.
        is_copied: leave no tensor in the file. A single one keeps the whole file mapped, and what was ever read of
            it counts as the process's memory.

    Raises:
        CheckpointError: names every tensor that is missing, left over or of another shape.
    """
    with torch.device("meta"):
        module = make()
    parts = list(_parts(module))
    there, needed = checkpoint.names(prefix), {name for part in parts for name in part.names}
    if missing := needed - there:
        raise CheckpointError(_complaint(checkpoint, prefix, "lacks", missing))
    if unexpected := {name for name in there - needed if not _is_ignored(name, ignore)}:
        raise CheckpointError(_complaint(checkpoint, prefix, "holds, unexpectedly,", unexpected))
    for part in parts:
        values = part.assemble([checkpoint.read(prefix + name) for name in part.names])
        for key, value in values.items():
            _check_shape(checkpoint.source, prefix + part.names[0], value, getattr(part.owner, key))
            wanted = dtype if value.is_floating_point() else value.dtype
            _put(part.owner, key, value.to(device, wanted, copy=is_copied))
    for owner in module.modules():
        for name, buffer in owner.named_buffers(recurse=False):
            if name in owner._non_persistent_buffers_set:
                owner._buffers[name] = buffer.to(device)
    for owner in module.modules():
        if isinstance(owner, Projection):
            owner.pack()
    return module.eval().requires_grad_(False)


@dataclass(frozen=True)
class _Part:
    """What of a module is made together, and from which published tensors."""

    owner: nn.Module
    names: list[str]
    assemble: Callable[[Sequence[Tensor]], dict[str, Tensor]]


def _parts(module: nn.Module) -> Iterator[_Part]:
    for path, owner in module.named_modules():
        if isinstance(owner, Assembled):
            yield _Part(owner, [name.lstrip(".") for name in owner.published_names(path)], owner.assemble)
            continue
        own = [name for name, _ in owner.named_parameters(recurse=False)]
        own += [
            name for name, _ in owner.named_buffers(recurse=False) if name not in owner._non_persistent_buffers_set
        ]
        for name in own:
            yield _Part(owner, [f"{path}.{name}" if path else name], partial(_as_it_is, name))


def _as_it_is(name: str, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    return {name: tensors[0]}


def _put(owner: nn.Module, name: str, value: Tensor) -> None:
    if name in owner._parameters:
        owner._parameters[name] = nn.Parameter(value, requires_grad=False)
    else:
        owner._buffers[name] = value


def _check_shape(source: str, name: str, value: Tensor, expected: Tensor) -> None:
    if value.shape != expected.shape:
        given, wanted = tuple(value.shape), tuple(expected.shape)
        raise CheckpointError(f"{source}: {name} makes {given}, expected {wanted}; is it a file of another model?")


class _SafetensorsFile(Mapping[str, Tensor]):
    """A mapped safetensors file; a tensor is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._file = safetensors.safe_open(path, framework="pt")
        self._names = dict.fromkeys(self._file.keys())  # type: ignore[no-untyped-call]

    def __getitem__(self, name: str) -> Tensor:
        tensor: Tensor = self._file.get_tensor(name)  # type: ignore[no-untyped-call]
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _open_pickled(path: Path) -> Mapping[str, Tensor]:
    """A mapped torch file; some nest their state under `model`, in a list of one."""
    state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    nested = state.get("model") if isinstance(state, dict) else None
    if nested is not None and not isinstance(nested, Tensor):
        state = nested[0] if isinstance(nested, list) else nested
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise CheckpointError(f"{path} holds no table of tensors; is it a file of another kind?")
    return state


def _is_ignored(name: str, ignore: Collection[str]) -> bool:
    return any(name == ignored or (ignored.endswith(".") and name.startswith(ignored)) for ignored in ignore)


def _complaint(checkpoint: Checkpoint, prefix: str, verb: str, names: set[str]) -> str:
    shown = sorted(names)[:MAX_NAMES_SHOWN]
    rest = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    listed = ", ".join(prefix + name for name in shown)
    return f"{checkpoint.source} {verb} {listed}{rest}; is it a file of another model?"
