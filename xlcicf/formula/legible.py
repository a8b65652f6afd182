"""Which cells a formula reads that has no tree: one with a word that nobody knows, or with another book."""

from xlcicf.errors import FormulaError
from xlcicf.formula.parse import parse
from xlcicf.formula.snapshot import Snapshot
from xlcicf.formula.tokens import FUNC, RANGE, tokens
from xlcicf.formula.tree import MAKERS, Formula, Ref


def legible_refs(text: str, sheet: str, origin: tuple[int, int], book: Snapshot) -> list[Ref] | None:
    """The references among the words of the formula in a cell; None where they may mean any cell."""
    try:
        words = tokens(text)
    except ValueError:
        return None
    found: list[Ref] = []
    for word in words:
        if word.kind == FUNC and word.value.upper().removeprefix("_XLFN.")[:-1] in MAKERS:
            return None
        if word.kind != RANGE or _is_elsewhere(word.value):
            continue
        try:
            operand = Formula(parse(word.value, sheet, *origin, book))
        except FormulaError:  # for what is not there at all, or for a name that is not readable
            if word.value.rpartition("!")[2].casefold() in {name for name, _ in book.names}:
                return None
            continue
        if operand.untraceable:
            return None
        found += operand.refs
    return found


def _is_elsewhere(operand: str) -> bool:
    """Whether an operand means no cell of this book: another book's, or a name that LET gives."""
    return operand.startswith(("[", "'[", "_xlpm."))
