"""What has been read of a document's formulas, kept for as long as nobody has changed the document.

Calc tells a listener of every change of a document, and of no mere calculation. Texts of formulas, which it
makes anew whenever they are asked for, are therefore read again only after a change that was not our own.
"""

# pyright: reportMissingImports=false

from contextlib import contextmanager

import unohelper
from com.sun.star.util import XModifyListener
from xlcicf_agent.reading import FORMULA, Cells, is_within, used_area
from xlcicf_agent.truths import CONSTANTS, Truths


class Changes(unohelper.Base, XModifyListener):
    """Counts the changes of a document, those apart that are made while they are `ours`; calls `gone` when it
    is closed."""

    def __init__(self, gone):
        self.count, self.are_ours, self._gone = 0, False, gone

    def modified(self, _event):
        self.count += not self.are_ours

    def disposing(self, _event):
        self._gone()


class Kept:
    """A document's cells as they were last read.

    gone    is called when the document is closed
    truths  of these cells, None where they are not known
    """

    def __init__(self, document, gone=lambda: None):
        self._changes = Changes(gone)
        document.addModifyListener(self._changes)
        self._cells, self._seen, self.truths = {}, None, None
        self._found, self._asked = {}, None
        self._writes = 0  # of ours, those apart that a watch allows
        self._told, self._count = {}, 0  # sheet's name -> (number, print, rows) of the values last told

    def revision(self, document):
        """What is another one after any change that is not ours; None while Calc is told to tell nobody."""
        return self._changes.count if document.isSetModifiedEnabled() else None

    def cells_are_as(self, document):
        """What is another one after any change that no watch allows; None as above."""
        revision = self.revision(document)
        return None if revision is None else (revision, self._writes)

    def forget(self):
        """Nothing counts from now on: Calc may be in the middle of a change of which it has yet to tell."""
        self._seen = self._asked = None

    def once(self, document, what, find):
        """find(), which is called again after a change only."""
        revision = self.revision(document)
        if revision is None or revision != self._asked:
            self._found, self._asked = {}, revision
        if what not in self._found:
            self._found[what] = find()
        return self._found[what]

    def sheets(self, document):
        """The used cells of all sheets; `truths` tells them apart from now on."""
        revision = self.revision(document)
        if revision is None or revision != self._seen:
            self._cells, self.truths = {}, None
        sheets = [document.Sheets.getByIndex(i) for i in range(document.Sheets.Count)]
        found = [self._cells_of(sheet, used_area(sheet)) for sheet in sheets]
        if self.truths is None or any(cells is not self._cells.get(cells.name) for cells in found):
            self.truths = Truths(document)
            for cells in found:
                self.truths.look_in(cells)
        self._cells, self._seen = {cells.name: cells for cells in found}, revision
        return found

    def _cells_of(self, sheet, area):
        kept = self._cells.get(sheet.Name)
        return kept if kept is not None and kept.area == area else Cells(sheet, area)

    def values(self, cells, known, now):
        """Of a whole sheet the rows of values, or where they are known those that have become others.

        known  (print, number) of the sheet and of its values as they were last told, None where they were not
        now    its print
        """
        rows, told = cells.values(self.truths), self._told.get(cells.name)
        self._count += 1
        self._told[cells.name] = self._count, now, rows
        if told is None or known != (told[1], told[0]) or told[1] != now:
            return {"told": self._count, "values": rows}
        others = [[at, row] for at, (row, then) in enumerate(zip(rows, told[2])) if row is not then]
        return {"told": self._count, "others": others}

    def cells(self, document, name, area):
        """An area of a sheet, and who tells truths in it."""
        revision = self.revision(document)
        is_known = revision is not None and revision == self._seen and self.truths is not None
        kept = self._cells.get(name) if is_known else None
        if kept is not None and is_within(area, kept.area):
            return kept.part(area), self.truths
        cells, truths = Cells(document.Sheets.getByName(name), area), Truths(document)
        truths.look_in(cells)
        return cells, truths

    @contextmanager
    def writing(self, name, cells, area, is_allowed):
        """While something of ours is written into cells. Where no formula stands there before or after, the
        document's formulas are still those that are kept.

        is_allowed  whether a watch asks no questions about it"""
        self._writes += not is_allowed
        had_formulas = _has_formulas(cells)
        self._changes.are_ours = True
        try:
            yield
        finally:
            self._changes.are_ours = False
            if had_formulas or _has_formulas(cells):
                self._changes.count += 1
            elif name in self._cells and is_within(area, self._cells[name].area):
                was, now = self._cells[name].put(area, cells.getFormulaArray())
                if not CONSTANTS.isdisjoint(was) or not CONSTANTS.isdisjoint(now):
                    self.truths = None


def _has_formulas(cells):
    return bool(cells.queryContentCells(FORMULA).RangeAddresses)
