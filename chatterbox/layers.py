"""Layers that hold what the published files hold in a quicker form: projections fused, weight norm folded.

Each names the tensors it is made of (`published_names`) and makes its own from them (`assemble`); `weights.load`
does the rest.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chatterbox.projection import Projection


class Assembled(nn.Module):
    """A module whose parameters are made from published tensors of other names or shapes."""

    def published_names(self, path: str) -> list[str]:
        """The published names of what it needs, given its own path, such as `layers.0.self_attn.qkv`."""
        raise NotImplementedError

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """Its parameters by their names in the module, from those tensors in that order."""
        raise NotImplementedError


class FusedLinear(Assembled, Projection):
    """Several published projections of one input as one product.

    Args:
        in_features: width of the input.
        parts: published sibling names, such as `q_proj`, and the width of each one's output, in order.
        biased: the parts that have a bias; the others get zeros. With none there is no bias.
    """

    def __init__(self, in_features: int, parts: dict[str, int], biased: Sequence[str] = ()) -> None:
        super().__init__(in_features, sum(parts.values()), bias=bool(biased))
        self._parts, self._biased = parts, tuple(biased)

    def published_names(self, path: str) -> list[str]:
        """Weights of all parts, then the biases there are."""
        parent = path.rpartition(".")[0]
        siblings = [f"{parent}.{part}" if parent else part for part in self._parts]
        weights = [f"{sibling}.weight" for sibling in siblings]
        return weights + [f"{sibling}.bias" for sibling in siblings if sibling.rpartition(".")[2] in self._biased]

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """Rows one after the other."""
        assembled = {"weight": torch.cat(list(tensors[: len(self._parts)]))}
        if self._biased:
            biases = iter(tensors[len(self._parts) :])
            widths = self._parts.items()
            zeros = assembled["weight"].new_zeros
            assembled["bias"] = torch.cat(
                [next(biases) if name in self._biased else zeros(n) for name, n in widths]
            )
        return assembled


class TransposedLinear(Assembled, Projection):
    """A projection that is published as (input, output), as GPT-2's are."""

    def published_names(self, path: str) -> list[str]:
        """Weight and bias under its own name."""
        return [f"{path}.weight", f"{path}.bias"]

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """(output, input), contiguous, as torch's product reads it."""
        return {"weight": tensors[0].t().contiguous(), "bias": tensors[1]}


class _FoldedWeightNorm(Assembled):
    """A convolution published as direction and length of each row, held as their product."""

    def published_names(self, path: str) -> list[str]:
        """Length, direction, bias."""
        norm = f"{path}.parametrizations.weight"
        return [f"{norm}.original0", f"{norm}.original1", f"{path}.bias"]

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """The weight that weight norm would compute at every call (Salimans and Kingma, 2016)."""
        length, direction, bias = tensors
        # The very function that torch's weight norm calls, so that not a bit differs.
        return {"weight": torch._weight_norm(direction, length, 0), "bias": bias}


class FoldedConv1d(_FoldedWeightNorm, nn.Conv1d):
    """`nn.Conv1d` published with weight norm."""


class FoldedConv2d(_FoldedWeightNorm, nn.Conv2d):
    """As `FoldedConv1d`, run on images one high, (b, channels, 1, n), whose channels lie last in memory.

    On a CPU that is 1.3 to 3 times as quick in float32, and 2 to 10 times in bfloat16. It computes in the weight's
    dtype; what goes in and what comes out is float32.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, padding: int = 0, dilation: int = 1
    ) -> None:
        super().__init__(in_channels, out_channels, (1, kernel), padding=(0, padding), dilation=(1, dilation))

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """The folded weight as (out, in, 1, kernel)."""
        return _one_high(super().assemble(tensors))

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the base class's name
        """(b, in, 1, n) to (b, out, 1, n), float32."""
        return super().forward(input.to(self.weight.dtype)).float()


class FoldedConvTranspose2d(_FoldedWeightNorm, nn.ConvTranspose2d):
    """The same for `nn.ConvTranspose1d`."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, padding: int = 0) -> None:
        super().__init__(in_channels, out_channels, (1, kernel), (1, stride), (0, padding))

    def assemble(self, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
        """The folded weight as (in, out, 1, kernel)."""
        return _one_high(super().assemble(tensors))

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:  # noqa: A002
        """(b, in, 1, n) to (b, out, 1, stride · n), float32."""
        return super().forward(input.to(self.weight.dtype), output_size).float()


def _one_high(assembled: dict[str, Tensor]) -> dict[str, Tensor]:
    weight = assembled["weight"][:, :, None].contiguous(memory_format=torch.channels_last)
    return {**assembled, "weight": weight}
