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
    """Counts the changes of a document, those apart that are made while they are `ours`."""

    def __init__(self):
        self.count, self.are_ours = 0, False

    def modified(self, _event):
        self.count += not self.are_ours

    def disposing(self, _event):
        """The document is closed."""


class Kept:
    """A document's cells as they were last read.

    truths  of these cells
    """

    def __init__(self, document):
        self._changes = Changes()
        document.addModifyListener(self._changes)
        self._cells, self._seen, self.truths = {}, None, None

    def revision(self, document):
        """What is another one after any change that is not ours; None while Calc is told to tell nobody."""
        return self._changes.count if document.isSetModifiedEnabled() else None

    def sheets(self, document):
        """The used cells of all sheets."""
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

    def cells(self, document, name, area):
        """An area of a sheet."""
        kept, sheet = self._cells.get(name), document.Sheets.getByName(name)
        is_known = self._seen is not None and self._seen == self.revision(document)
        return kept.part(area) if is_known and kept and is_within(area, kept.area) else Cells(sheet, area)

    @contextmanager
    def writing(self, name, cells, area):
        """While something of ours is written into cells. Where no formula stands there before and after, the
        document's formulas are still those that are kept."""
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
