"""Functions of plain numbers at each place of arrays."""

from collections.abc import Callable

import torch
from torch import Tensor

from xlcicf.formula import tape as t
from xlcicf.formula.vmapped import one_by_one


def each(compute: Callable[..., float], *numbers: t.Operand) -> Tensor:
    """compute(plain numbers) of each place; none may be a changing one."""
    arrays = torch.broadcast_tensors(*(torch.as_tensor(t.value_of(x), dtype=t.DTYPE) for x in numbers))
    found = [compute(*plain) for plain in zip(*(x.ravel().tolist() for x in arrays), strict=True)]
    return torch.tensor(found, dtype=t.DTYPE).reshape(arrays[0].shape)


@t.Primitive
def stepwise(*operands: Tensor, compute: Callable[..., float]) -> Tensor:
    """The same, of changing ones too: constant but for its steps."""
    return one_by_one(lambda *one_sample: each(compute, *one_sample), *operands)
