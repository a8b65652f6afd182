"""Formulas become tensors: text -> tree -> fused runs -> one torch function with an exact gradient."""

from xlcicf.formula.sheetfunction import Block, SheetFunction, differentiate
from xlcicf.formula.survey import Survey, survey

__all__ = ["Block", "SheetFunction", "Survey", "differentiate", "survey"]
