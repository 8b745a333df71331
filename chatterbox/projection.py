"""A projection and what often follows it, as one product where the processor has one. Knows nothing of files."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# For each number of rows that it has not met oneDNN writes a product anew: a millisecond each time, and half a
# megabyte, of which half is kept for ever. Whoever can choose takes a multiple of this.
ROW_STEP = 16


class Projection(nn.Linear):
    """`nn.Linear`, with two ends that many layers have: a GELU, or an addition to what the layer began with.

    On a CPU in half precision the weight may be packed: held in the order in which oneDNN's product reads it. For
    the few rows of decoding that is up to 1.5 times as quick as torch's own product; GELU comes with it.
    """

    _packed: Tensor | None = None

    def pack(self) -> None:
        """Hold the weight packed from now on, where that can be: of the plain one only the dtype is left."""
        if self._packed is None and can_pack(self.weight.device, self.weight.dtype):
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach())
            self.weight = nn.Parameter(self.weight.new_empty(0), requires_grad=False)

    @property
    def is_packed(self) -> bool:
        """Whether the processor's own products for these numbers are used."""
        return self._packed is not None

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the base class's name
        """(..., in) to (..., out)."""
        if self._packed is None:
            return super().forward(input)
        return self._product(input, "none", "")

    def gelu(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out) and through the tanh form of GELU (Hendrycks and Gimpel, 2016)."""
        if self._packed is None:
            return F.gelu(super().forward(x), approximate="tanh")
        return self._product(x, "gelu", "tanh")

    def add_to(self, residual: Tensor, x: Tensor) -> Tensor:
        """(..., in) to (..., out), added to a residual of that shape."""
        # Not as an end of the product, which with a bias takes 2.5 ms more at every call (torch 2.13).
        sum_: Tensor = residual + self(x)
        return sum_

    def _product(self, x: Tensor, end: str, algorithm: str) -> Tensor:
        product = torch.ops.chatterbox.packed_product if torch.compiler.is_compiling() else _packed_product
        y: Tensor = product(x, self._packed, self.bias, end, algorithm)
        return y


def _packed_product(x: Tensor, weight: Tensor | None, bias: Tensor | None, end: str, algorithm: str) -> Tensor:
    y: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, end, [], algorithm)
    return y


# The same by a name of our own, for inductor: of oneDNN's it wants the weight to be a constant (torch 2.13).
PRODUCT = "chatterbox::packed_product"
torch.library.define(PRODUCT, "(Tensor x, Tensor weight, Tensor? bias, str end, str algorithm) -> Tensor")
torch.library.impl(PRODUCT, "default", _packed_product)
torch.library.register_fake(PRODUCT, lambda x, weight, *_: x.new_empty(*x.shape[:-1], weight.shape[0]))


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN multiplies this dtype on this processor by instructions of its own."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float16 and bool(torch.ops.mkldnn._is_mkldnn_fp16_supported())
