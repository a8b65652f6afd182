"""Formulas become tensors: text -> tree -> fused runs -> one torch function with an exact gradient."""

from xlcicf.formula.sheetfunction import Block, SheetFunction, Translation, differentiate, translate_all

__all__ = ["Block", "SheetFunction", "Translation", "differentiate", "translate_all"]
