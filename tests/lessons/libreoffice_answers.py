"""Asks an exercise copy in LibreOffice about answers: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_answers.py PROFILE_URI BOOK_URI < PLAN

PLAN is JSON: {"exercises": [[[areas, state cell], ...], ...], "changes": {cell: number or text}}: exercises in
groups of which none waits for another. Prints, as JSON, the judgements before the changes and after them.
"""

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from answers import judgements  # noqa: E402  a script finds only its own folder
from uno_office import office, opened  # noqa: E402


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


def main(profile, book):
    plan = json.load(sys.stdin)
    with office(profile) as context:
        program = LibreOffice(opened(context, book))
        before = [judgements(program, group) for group in plan["exercises"]]
        for cell, value in plan["changes"].items():
            program.write(cell, [[value]])
        after = [judgements(program, group) for group in plan["exercises"]]
        print(json.dumps([before, after]))


if __name__ == "__main__":
    main(*sys.argv[1:])
