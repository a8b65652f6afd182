"""What an exercise copy that is open in LibreOffice says to answers. Asked through `tests.libreoffice`."""

from answers import judgements
from uno_office import opened


class LibreOffice:
    """A book open in LibreOffice, as `answers.judgements` asks for it."""

    def __init__(self, document):
        self._sheets = document.Sheets

    def _range(self, area):
        sheet, _, ref = area.rpartition("!")
        return self._sheets.getByName(sheet.strip("'")).getCellRangeByName(ref)

    def formulas(self, area):
        return [list(row) for row in self._range(area).getFormulaArray()]

    def values(self, area):
        return [list(row) for row in self._range(area).getDataArray()]

    def write(self, area, rows):
        numbers = not isinstance(rows[0][0], str)
        if numbers:
            self._range(area).setDataArray(tuple(map(tuple, rows)))
        else:
            self._range(area).setFormulaArray(tuple(tuple(map(_typed, row)) for row in rows))

    def says(self, cell):
        return self._range(cell).getDataArray()[0][0]


def _typed(answer):
    return answer if isinstance(answer, str) else repr(answer)


def answer(context, book, exercises, changes):
    """[judgements before the changes, after them] of a book at a URI.

    exercises  [[[areas, state cell], ...], ...], in groups of which none waits for another
    changes    {cell: number or text}
    """
    program = LibreOffice(opened(context, book))
    before = judgements(program, exercises)
    for cell, value in changes.items():
        program.write(cell, [[value]])
    return before, judgements(program, exercises)
