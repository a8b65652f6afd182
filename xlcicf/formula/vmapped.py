"""Plain code that torch.func.vmap calls too: for all samples at once where numpy can, else one by one."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

# As torch's own Function asks. Where there is no answer the long way is right too, by 20 microseconds a call.
_is_mapped = getattr(torch._C, "_are_functorch_transforms_active", lambda: True)


class _ByNumpy(torch.autograd.Function):
    """Code for numpy that computes each place of its broadcast operands alone, under torch.func.vmap too."""

    @staticmethod
    def forward(compute, *operands):
        return _computed(compute, operands)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Nothing is kept: pullbacks make the derivatives."""

    @staticmethod
    def vmap(info, in_dims, compute, *operands):
        depth = max(x.ndim - (dim is not None) for x, dim in zip(operands, in_dims[1:], strict=True))
        samples = [
            x if dim is None else _first(x.movedim(dim, 0), depth)
            for x, dim in zip(operands, in_dims[1:], strict=True)
        ]
        return by_numpy(compute, *samples), 0


def _computed(compute: Callable[..., np.ndarray], operands: Sequence[Tensor]) -> Tensor:
    with np.errstate(all="ignore"):  # infinity and nan are outcomes like any other
        out = compute(*(x.numpy() for x in operands))
    return torch.from_numpy(np.asarray(out, dtype=np.float64))


def _first(x: Tensor, depth: int) -> Tensor:
    """Samples along the first axis, each with `depth` axes after it."""
    return x.reshape(x.shape[0], *[1] * (depth + 1 - x.ndim), *x.shape[1:])


def by_numpy(compute: Callable[..., np.ndarray], *operands: Tensor | float) -> Tensor:
    """compute(*operands) of numpy arrays, place by place; for a primitive's forward function."""
    tensors = [torch.as_tensor(x, dtype=torch.float64) for x in operands]
    if not _is_mapped():
        return _computed(compute, tensors)
    return _ByNumpy.apply(compute, *tensors)  # type: ignore[return-value]


class _OneByOne(torch.autograd.Function):
    """What torch cannot compute of many samples at once, under torch.func.vmap."""

    @staticmethod
    def forward(compute, *operands):
        return compute(*operands)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Nothing is kept: the pullbacks of this file make the derivatives."""

    @staticmethod
    def vmap(info, in_dims, compute, *operands):
        rows = [
            compute(
                *(
                    x if dim is None else x.select(dim, i)
                    for x, dim in zip(operands, in_dims[1:], strict=True)
                )
            )
            for i in range(info.batch_size)
        ]
        return torch.stack(rows), 0


def one_by_one(compute: Callable[..., Tensor], *operands: Tensor) -> Tensor:
    """compute(*operands), plain code that torch.func.vmap calls with one sample after another."""
    if not _is_mapped():
        return compute(*operands)
    return _OneByOne.apply(compute, *operands)  # type: ignore[return-value]
