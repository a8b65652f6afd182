"""Formulas become tensors: text -> tree -> fused runs -> one torch function with an exact gradient."""

from typing import TYPE_CHECKING

from xlcicf.late import late

if TYPE_CHECKING:
    from xlcicf.formula.sheetfunction import RunValues as RunValues
    from xlcicf.formula.sheetfunction import SheetFunction as SheetFunction
    from xlcicf.formula.sheetfunction import differentiate as differentiate

__all__ = ["RunValues", "SheetFunction", "differentiate"]
__getattr__, __dir__ = late(__name__, dict.fromkeys(__all__, "xlcicf.formula.sheetfunction"))
