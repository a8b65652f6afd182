"""The operations of the protocol (xlcicf.host.remote.protocol), each on the documents that are open."""

# pyright: reportMissingImports=false

from collections import OrderedDict

import uno
from com.sun.star.beans import PropertyValue
from xlcicf_agent import looks, reading, writing
from xlcicf_agent.kept import Kept
from xlcicf_agent.noted import Noted
from xlcicf_agent.settings import FUNCTIONS, SERVICE
from xlcicf_agent.windows import Windows

XLSX = "Calc MS Excel 2007 XML"  # a filter of LibreOffice's
SPREADSHEET = "com.sun.star.sheet.SpreadsheetDocument"
MOST_NOTED = 32  # as many functions as the process keeps, and those that it has let go meanwhile


class Closed(Exception):
    """The document is no longer there."""


_made = []


def operations_of(context):
    """Those of this LibreOffice, for both processes: what has been translated once is known to either."""
    if not _made:
        _made.append(Operations(context))
    return _made[0]


class Operations:
    """What the processes of xlcicf ask for."""

    def __init__(self, context):
        self.context = context
        self.steps, self.windows = writing.Steps(), Windows(context)
        self.shown = lambda id, can_be_pressed, texts: None  # set by who draws the controls
        manager = context.ServiceManager
        self._desktop = manager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        self._grammar, self._watched, self._kept = None, {}, {}
        self._noted = OrderedDict()

    def do(self, name, arguments):
        """The result of an operation, as JSON has it."""
        return getattr(self, "_" + name)(*arguments)

    def is_busy(self, _error):
        """Calc takes every operation while a cell is edited or a box is open."""
        return False

    # --- documents

    def documents(self):
        found, walk = [], self._desktop.Components.createEnumeration()
        while walk.hasMoreElements():
            component = walk.nextElement()
            if component.supportsService(SPREADSHEET):
                found.append(component)
        return found

    def document(self, id):
        for document in self.documents():
            if document.RuntimeUID == id:
                return document
        raise Closed("the document was closed")

    def grammar(self, document):
        if self._grammar is None:
            ours = {SERVICE + "." + method: one["name"] for method, one in FUNCTIONS.items()}
            self._grammar = reading.grammar_of(document, ours)
        names = self.kept(document).once(document, "own", lambda: reading.names_of_sheets(document))
        self._grammar.in_book(names)
        return self._grammar

    def kept(self, document):
        """What is kept of a document's cells."""
        id = document.RuntimeUID
        if id not in self._kept:
            self._kept[id] = Kept(document, lambda: self._forget(id))
        return self._kept[id]

    def _forget(self, id):
        self._kept.pop(id, None)
        self._watched = {key: watched for key, watched in self._watched.items() if key[0] != id}
        self._noted = OrderedDict((key, noted) for key, noted in self._noted.items() if key[0] != id)

    def _change(self, id, change):
        document = self.document(id)
        return self.steps.change(document, lambda: change(document))

    # --- which books are open, and what is in front

    def _books(self):
        front = self._desktop.getCurrentComponent()
        listed = [[d.RuntimeUID, d.Title, path_of(d)] for d in self.documents()]
        return [listed, getattr(front, "RuntimeUID", None)]

    def _open(self, path):
        self._desktop.loadComponentFromURL(uno.systemPathToFileUrl(path), "_default", 0, ())
        return next(d.RuntimeUID for d in self.documents() if path_of(d) == path)

    def _save(self, id, path):
        document = self.document(id)
        if path is None:
            document.store()
        else:
            document.storeAsURL(uno.systemPathToFileUrl(path), properties(FilterName=XLSX, Overwrite=True))

    def _close(self, id):
        document = self.document(id)
        document.setModified(False)
        document.close(True)

    def _sheets(self, id):
        return reading.sheets(self.document(id))

    def _activate(self, id, sheet):
        document = self.document(id)
        document.CurrentController.setActiveSheet(document.Sheets.getByName(sheet))

    def _selection(self, id):
        document = self.document(id)
        selected = document.CurrentController.Selection
        if hasattr(selected, "RangeAddress"):
            addresses = [selected.RangeAddress]
        elif hasattr(selected, "RangeAddresses"):
            addresses = list(selected.RangeAddresses)
        else:  # a picture, say
            return None
        areas = [[a.StartRow + 1, a.StartColumn + 1, a.EndRow + 1, a.EndColumn + 1] for a in addresses]
        return [document.Sheets.getByIndex(addresses[0].Sheet).Name, areas] if areas else None

    def _select(self, id, sheet, area):
        document = self.document(id)
        document.CurrentController.select(cells_of(document, sheet, area))

    # --- read

    def _snapshot(self, id, known, waiting, anew):
        document = self._read_from(id, anew)
        return reading.snapshot(document, self.grammar(document), self.kept(document), known, waiting)

    def _outline(self, id, anew):
        document = self._read_from(id, anew)
        return reading.outline(document, self.grammar(document), self.kept(document))

    def _read_from(self, id, anew):
        document = self.document(id)
        if anew:
            self.kept(document).forget()
        return document

    def _used(self, id, sheet):
        return reading.used(self.document(id), sheet)

    def _read(self, id, areas):
        document = self.document(id)
        grammar, kept = self.grammar(document), self.kept(document)
        return [reading.read(document, grammar, kept, sheet, area) for sheet, area in areas]

    def _formulas(self, id, sheet, area):
        document = self.document(id)
        return reading.formulas(document, self.grammar(document), self.kept(document), sheet, area)

    def _numbers(self, id, areas):
        document = self.document(id)
        held = (cells_of(document, sheet, area).getDataArray() for sheet, area in areas)
        return [[[x if isinstance(x, float) else None for x in row] for row in rows] for rows in held]

    def _watch(self, id, name, areas):
        document = self.document(id)
        self._watched[id, name] = reading.Watched(document, self.kept(document), areas)

    def _changes(self, id, name):
        document = self.document(id)
        return self._watched[id, name].changes(document, self.grammar(document))

    def _note(self, id, name, areas, own, results):
        document = self.document(id)
        self._noted[id, name] = Noted(document, self.kept(document), areas, own, results)
        if len(self._noted) > MOST_NOTED:
            self._noted.popitem(last=False)

    def _unchanged(self, id, name):
        if (id, name) not in self._noted:
            return None
        self._noted.move_to_end((id, name))
        return self._noted[id, name].values(self.document(id))

    # --- changed

    def _begin(self, id, title):
        self.steps.begin(id, title)

    def _end(self, id):
        self.steps.end(id)

    def _write(self, id, sheet, area, rows, watch):
        def write(document):
            cells = cells_of(document, sheet, area)
            with self.kept(document).writing(sheet, cells, area, watch is not None):
                writing.write(document, cells, rows, self.grammar(document))

        if watch is None:
            self._change(id, write)
            return True
        if self._changes(id, watch):
            return False
        self._change(id, write)
        self._watched[id, watch].look_again(self.document(id))
        return True

    def _write_array(self, id, sheet, area, formula):
        def write(document):
            writing.write_array(cells_of(document, sheet, area), formula, self.grammar(document))

        self._change(id, write)

    def _calculate(self, id, anew):
        document = self.document(id)
        document.calculateAll() if anew else document.calculate()

    def _define(self, id, sheet, name, text, _hidden):
        def define(document):
            holder = document.NamedRanges if sheet is None else document.Sheets.getByName(sheet).NamedRanges
            writing.define(holder, name, text, self.grammar(document))

        self._change(id, define)

    def _add_sheet(self, id, name, behind):
        self._change(id, lambda document: writing.add_sheet(document, name, behind))

    def _remove_sheet(self, id, name):
        self._change(id, lambda document: document.Sheets.removeByName(name))

    def _dress(self, id, sheet, area, wanted):
        self._change(id, lambda document: looks.dress(document, cells_of(document, sheet, area), wanted))

    def _look(self, id, sheet, area, name):
        document = self.document(id)
        return looks.look(document, cells_of(document, sheet, area), name)

    def _fit_rows(self, id, sheet, first, last):
        self._change(id, lambda document: writing.fit_rows(document.Sheets.getByName(sheet), first, last))

    def _charts(self, id, sheet):
        return writing.charts_of(self.document(id).Sheets.getByName(sheet))

    def _add_chart(self, id, sheet, made):
        self._change(id, lambda d: writing.add_chart(d, d.Sheets.getByName(sheet), made))

    def _set_chart(self, id, sheet, name, changes):
        self._change(id, lambda d: writing.set_chart(d, d.Sheets.getByName(sheet), name, changes))

    def _pictures(self, id, sheet):
        return writing.pictures_of(self.document(id).Sheets.getByName(sheet))

    def _add_picture(self, id, sheet, name, corner, data):
        def add(document):
            writing.add_picture(self.context, document, document.Sheets.getByName(sheet), name, corner, data)

        self._change(id, add)

    def _rename_picture(self, id, sheet, name, other):
        writing.rename_picture(self.document(id).Sheets.getByName(sheet), name, other)

    def _place_of(self, id, sheet, area):
        return writing.place_of(cells_of(self.document(id), sheet, area))

    # --- the person in front of it

    def _status(self, id, text):
        self.windows.status(self.document(id), text)

    def _ask(self, id, text, title, buttons, is_bad):
        return self.windows.ask(self.document(id), text, title, buttons, is_bad)

    def _controls(self, id, can_be_pressed, texts):
        self.shown(id, can_be_pressed, texts)


def cells_of(document, sheet, area):
    top, left, bottom, right = area
    return document.Sheets.getByName(sheet).getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1)


def path_of(document):
    """Where a document lies: a path, a web address, or nothing."""
    url = document.URL
    return uno.fileUrlToSystemPath(url) if url.startswith("file:") else url


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())
