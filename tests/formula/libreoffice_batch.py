"""What LibreOffice makes of a sheet of drawn formulas, some of which it never ends to compute."""

import re
import tempfile
from pathlib import Path

from tests.formula.drawn_formulas import COLUMN, FIRST, as_book
from tests.formula.explained_kinds import calls_in
from tests.libreoffice import convert
from tests.oracles import saved_values

LACKS = "#NAME?"
SECONDS = 10  # a batch takes one or two
PARTS = 8  # of a batch that does not end
_WHOLE_COLUMNS = re.compile(r"\b(A:A|E:E|A:B)\b")
_SOON_THROUGH_COLUMNS = set(
    "SUM COUNT COUNTA AVERAGE MAX MIN MAXA MINA SUMIF SUMIFS COUNTIF COUNTIFS AVERAGEIF AVERAGEIFS MAXIFS MINIFS MATCH VLOOKUP"
    " LOOKUP HLOOKUP INDEX ROWS COLUMNS ROW COLUMN COUNTBLANK AND OR SUMSQ PRODUCT IFERROR ISERROR TYPE N ISNUMBER ROUND STDEV VAR"
    " VARP STDEVP AREAS CELL SIN COS ABS".split()
)


def asked(formulas: dict[int, str]) -> dict[int, object]:
    """Row -> its formula's value by LibreOffice; LACKS for one that it never computes, or has no function for.

    Of a million cells of a whole column it computes most functions one by one: those are passed over."""
    soon = {row: formula for row, formula in formulas.items() if _is_soon(formula)}
    return dict.fromkeys(formulas, LACKS) | (_values(soon) if soon else {})


def _is_soon(formula: str) -> bool:
    return not _WHOLE_COLUMNS.search(formula) or calls_in(formula) <= _SOON_THROUGH_COLUMNS


def _values(formulas: dict[int, str]) -> dict[int, object]:
    column = [formulas.get(row, "1") for row in range(FIRST, max(formulas) + 1)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "batch.xlsx")
        as_book(column).save(path)
        try:
            shown = saved_values(convert(path, "xlsx", Path(folder, "recomputed"), SECONDS))
            return {row: shown.get(f"S!{COLUMN}{row}") for row in formulas}
        except AssertionError:
            pass
    if len(formulas) == 1:
        return dict.fromkeys(formulas, LACKS)
    rows, values = list(formulas), {}
    size = -(-len(rows) // PARTS)
    for start in range(0, len(rows), size):
        values |= _values({row: formulas[row] for row in rows[start : start + size]})
    return values
