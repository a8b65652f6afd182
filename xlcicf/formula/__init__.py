"""Formulas become tensors: text -> tree -> fused runs -> one torch function with an exact gradient."""

from xlcicf.formula.sheetfunction import RunValues, SheetFunction, differentiate
from xlcicf.formula.survey import Survey, survey

__all__ = ["RunValues", "SheetFunction", "Survey", "differentiate", "survey"]
