"""Files of weights: read strictly, or refused with a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from chatterbox.errors import CheckpointError
from chatterbox.layers import FoldedConv1d, FusedLinear, TransposedLinear
from chatterbox.weights import Checkpoint, load


def tensors() -> dict[str, Tensor]:
    names = {
        "block.to_q.weight": (6, 4),
        "block.to_k.weight": (3, 4),
        "block.to_q.bias": (6,),
        "plain.weight": (4,),
    }
    return {f"net.{name}": torch.randn(shape) for name, shape in names.items()}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qk = FusedLinear(4, {"to_q": 6, "to_k": 3}, biased=["to_q"])


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.plain = nn.RMSNorm(4)
        self.register_buffer("table", torch.arange(3.0, device="cpu"), persistent=False)


def test_fused_projections_equal_the_published_ones() -> None:
    given = tensors()
    net = load(Net, Checkpoint("file", given), "net.")
    x = torch.randn(2, 4)
    q = x @ given["net.block.to_q.weight"].t() + given["net.block.to_q.bias"]
    k = x @ given["net.block.to_k.weight"].t()
    torch.testing.assert_close(net.block.qk(x), torch.cat([q, k], dim=1))
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert not net.training


def test_computed_tables_are_kept_and_weights_take_the_dtype() -> None:
    net = load(Net, Checkpoint("file", tensors()), "net.", dtype=torch.bfloat16)
    assert torch.equal(net.get_buffer("table"), torch.arange(3.0))
    assert net.plain.weight.dtype == torch.bfloat16


@pytest.mark.parametrize("is_copied", [False, True])
def test_a_tensor_stays_where_it_lies_unless_it_is_copied(is_copied: bool) -> None:
    given = tensors()
    plain = load(Net, Checkpoint("file", given), "net.", is_copied=is_copied).plain.weight
    assert torch.equal(plain, given["net.plain.weight"])
    assert (plain.data_ptr() == given["net.plain.weight"].data_ptr()) != is_copied


def test_weight_norm_is_folded_exactly() -> None:
    published = nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 5, 7))
    folded = load(lambda: FoldedConv1d(3, 5, 7), Checkpoint("file", dict(published.state_dict())))
    x = torch.randn(1, 3, 20)
    assert torch.equal(folded(x), published(x))


def test_a_transposed_projection_is_turned_once() -> None:
    weight, bias = torch.randn(4, 6), torch.randn(6)
    net = load(lambda: TransposedLinear(4, 6), Checkpoint("file", {"weight": weight, "bias": bias}))
    x = torch.randn(2, 4)
    torch.testing.assert_close(net(x), x @ weight + bias)
    assert net.weight.is_contiguous()


def test_every_missing_and_every_unexpected_tensor_is_named() -> None:
    given = tensors()
    del given["net.block.to_k.weight"], given["net.plain.weight"]
    with pytest.raises(CheckpointError, match=r"some\.file lacks net\.block\.to_k\.weight, net\.plain\.weight;"):
        load(Net, Checkpoint("some.file", given), "net.")
    with pytest.raises(CheckpointError, match=r"holds, unexpectedly, net\.more, net\.other\.x;"):
        load(Net, Checkpoint("f", tensors() | {"net.more": torch.ones(1), "net.other.x": torch.ones(1)}), "net.")


def test_what_nobody_needs_may_be_there() -> None:
    given = tensors() | {"net.more": torch.ones(1), "net.other.x": torch.ones(1)}
    load(Net, Checkpoint("f", given), "net.", ignore=["more", "other."])


def test_a_wrong_shape_is_named_with_both_shapes() -> None:
    given = tensors() | {"net.plain.weight": torch.ones(5)}
    with pytest.raises(CheckpointError, match=r"net\.plain\.weight makes \(5,\), expected \(4,\)"):
        load(Net, Checkpoint("f", given), "net.")


def test_depth_is_read_from_the_names() -> None:
    checkpoint = Checkpoint("f", {f"h.{i}.w": torch.ones(1) for i in range(12)})
    assert checkpoint.depth("h.") == 12
    assert checkpoint.depth("g.") == 0


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_both_kinds_of_file_are_read(tmp_path: Path, suffix: str) -> None:
    path, given = tmp_path / f"w{suffix}", tensors()
    if suffix == ".pt":
        torch.save({"model": [given]}, path)
    else:
        save_file(given, path)
    checkpoint = Checkpoint.open(path)
    assert checkpoint.names("net.block.") == {"to_q.weight", "to_k.weight", "to_q.bias"}
    assert torch.equal(checkpoint.read("net.plain.weight"), given["net.plain.weight"])


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def _replace(path: Path) -> None:
    path.write_bytes(b"<html>not found</html>" * 100)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("spoil", [_cut, _replace, Path.unlink])
def test_a_spoilt_file_is_refused_with_its_name(
    tmp_path: Path, suffix: str, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / f"w{suffix}"
    torch.save(tensors(), path) if suffix == ".pt" else save_file(tensors(), path)
    spoil(path)
    with pytest.raises(CheckpointError, match=rf"w{suffix}.*pull it again"):
        Checkpoint.open(path)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.pt"
    torch.save({"x": Evil()}, path)
    with pytest.raises(CheckpointError, match=r"evil\.pt"):
        Checkpoint.open(path)


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (print, ("code that ran",))
