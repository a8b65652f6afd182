"""The calls of our functions that stand in a document's formulas.

LibreOffice hands over cells only where an argument must be given. Where one may be left out, as the changing
cells of NN_PARITY, it hands over what is in them; which cells they are is read from the formulas that do so.
"""

# pyright: reportMissingImports=false

import re

from xlcicf_agent.settings import SERVICE

FORMULA = "FORMULA"  # com.sun.star.table.CellContentType
_PIECE = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[(){};]|[^"\'(){};]+|.')


class Unclear(Exception):
    """It cannot be seen which cells are meant."""


def formula_cells(document, text, exactly=False):
    """Each cell whose formula, as it is typed, contains a text; `exactly` minds capitals."""
    for number in range(document.Sheets.Count):
        sheet = document.Sheets.getByIndex(number)
        search = sheet.createSearchDescriptor()
        search.SearchString, search.SearchCaseSensitive = text, exactly
        found = sheet.findAll(search)
        for cells in found or ():
            for row in range(cells.Rows.Count):
                for column in range(cells.Columns.Count):
                    cell = cells.getCellByPosition(column, row)
                    if cell.Type.value == FORMULA:
                        yield cell


def argument_as_cells(document, name, method, place, first, given):
    """The cells at a place of the call whose first argument are the cells `first`; they hold what is `given`.

    Raises Unclear where no formula says it, or formulas say different cells.
    """
    found = {}
    for cell in formula_cells(document, name + "("):
        for arguments in arguments_of(cell.Formula, SERVICE.upper() + "." + method.upper()):
            if len(arguments) <= place:
                continue
            started, meant = _cells(cell, arguments[0]), _cells(cell, arguments[place])
            if started is not None and started.AbsoluteName != first.AbsoluteName:
                continue
            if meant is None:
                found[arguments[place]] = None
            elif _holds(meant, given):
                found[meant.AbsoluteName] = meant
    if len(found) == 1 and None not in found.values():
        return next(iter(found.values()))
    raise Unclear("LibreOffice hands over numbers, not cells; which cells are meant cannot be seen")


def arguments_of(formula, called):
    """The texts of the arguments of each call of a function in a formula."""
    pieces = _PIECE.findall(formula)
    for start, piece in enumerate(pieces):
        if pieces[start + 1 : start + 2] == ["("] and _ends_with(piece, called):
            yield _arguments(pieces[start + 2 :])


def _ends_with(piece, called):
    before, found, after = piece.upper().rpartition(called)
    return bool(found) and not after and not re.search(r"[\w.]$", before)


def _arguments(pieces):
    arguments, depth = [""], 0
    for piece in pieces:
        if piece in ("(", "{"):
            depth += 1
        elif piece in (")", "}"):
            depth -= 1
            if depth < 0:
                return [argument.strip() for argument in arguments]
        if piece == ";" and not depth:
            arguments.append("")
        else:
            arguments[-1] += piece
    return arguments


def _cells(cell, text):
    """What a reference or a name in a cell's formula refers to; None for anything else."""
    try:
        return cell.Spreadsheet.getCellRangeByName(text)
    except Exception:  # LibreOffice says no more than that it is none
        return None


def _holds(cells, given):
    """Whether these are the numbers in them; a blank cell alone comes as 0."""
    held = cells.getDataArray()
    if not isinstance(given, tuple):
        return len(held) == len(held[0]) == 1 and (held[0][0] or 0) == (given or 0)
    return held == given
