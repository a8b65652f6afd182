"""What changes a document: cells, names, sheets, looks, charts and pictures; a step is undone at once."""

# pyright: reportMissingImports=false

import base64
import os
import tempfile

import uno
from com.sun.star.awt import Point, Rectangle, Size
from com.sun.star.beans import PropertyValue
from com.sun.star.document import EmptyUndoStackException
from com.sun.star.table import CellAddress, CellRangeAddress

NOTHING = ""  # what empties a cell
ERROR_FORMULAS = {
    "#N/A": "=NA()",
    "#DIV/0!": "=1/0",
    "#VALUE!": '=1+"a"',
    "#REF!": "=#REF!",
    "#NUM!": "=SQRT(-1)",
}
POINT = 2540 / 72  # hundredths of a millimetre


# ---- steps of Undo ---------------------------------------------------------------------------------------


class Steps:
    """The steps that are being made, and in which documents."""

    def __init__(self):
        self._open = {}  # document's ID -> its steps: [title, whether something was changed in it]

    def begin(self, id, title):
        self._open.setdefault(id, []).append([title, False])

    def end(self, id):
        if self._open.get(id):
            self._open[id].pop()

    def forget(self, id):
        self._open.pop(id, None)

    def change(self, document, change):
        """Makes a change: the first one of a step is an entry in the document's Undo, others go with it."""
        steps, undo = self._open.get(document.RuntimeUID), document.UndoManager
        if not steps:
            return change()
        step = steps[0]  # what is pressed during a run and refused changes nothing
        try:
            if step[1]:
                undo.enterHiddenUndoContext()
            else:
                undo.enterUndoContext("Neural Net: " + step[0])
        except EmptyUndoStackException:  # the person has undone all there was
            undo.enterUndoContext("Neural Net: " + step[0])
        step[1] = True
        try:
            return change()
        finally:
            undo.leaveUndoContext()


# ---- cells -----------------------------------------------------------------------------------------------


def write(document, cells, rows, grammar):
    """Contents into a rectangle of cells: numbers and texts in one call, then formulas and truth values."""
    if any(len(row) != len(rows[0]) for row in rows):
        raise ValueError("rows of different lengths")
    plain = tuple(tuple(_plain(cell) for cell in row) for row in rows)
    document.lockControllers()
    try:
        cells.setDataArray(plain)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if isinstance(cell, (dict, list, bool)):
                    _put(cells.getCellByPosition(j, i), cell, grammar)
    finally:
        document.unlockControllers()


def _plain(cell):
    if cell is None or isinstance(cell, (dict, list, bool)):
        return NOTHING
    return cell if isinstance(cell, str) else float(cell)


def _put(cell, content, grammar):
    if isinstance(content, dict):
        cell.setFormula(grammar.to_office(content["formula"]))
    elif isinstance(content, list):
        cell.setFormula(ERROR_FORMULAS.get(content[0], "=NA()"))
    else:
        cell.setFormula("=TRUE()" if content else "=FALSE()")  # as it opens those of an .xlsx file


def write_array(cells, formula, grammar):
    cells.setArrayFormula(grammar.to_office(formula))


# ---- names and sheets ------------------------------------------------------------------------------------


def define(holder, name, text, grammar):
    """A name of a document or of a sheet, made or given another meaning."""
    content = grammar.to_office("=" + text)[1:]
    if holder.hasByName(name):
        holder.getByName(name).setContent(content)
    else:
        # No name of Calc's own has a full stop: it is let in by another one.
        first = name.replace(".", "_")
        while first != name and holder.hasByName(first):
            first += "_"
        holder.addNewByName(first, content, CellAddress(), 0)
        if first != name:
            holder.getByName(first).setName(name)


def add_sheet(document, name, behind):
    names = document.Sheets.ElementNames
    document.Sheets.insertNewByName(name, names.index(behind) + 1)


def fit_rows(sheet, first, last):
    sheet.getCellRangeByPosition(0, first - 1, 0, last - 1).Rows.OptimalHeight = True


# ---- charts ----------------------------------------------------------------------------------------------

# What xlwings' names of types begin with -> a diagram of LibreOffice's; the longest that fits counts.
DIAGRAMS = {"line": "Line", "column": "Bar", "bar": "Bar", "area": "Area", "xy_scatter": "XY", "pie": "Pie"}


def add_chart(document, sheet, made):
    """A chart of cells: headers in the first row, names or x in the first column where there are two."""
    charts, name = sheet.Charts, made["name"]
    if charts.hasByName(name):
        charts.removeByName(name)
    left, top, width, height = (round(points * POINT) for points in made["box"])
    areas, columns = _areas(document, sheet, made)
    charts.addNewByName(name, Rectangle(left, top, width, height), areas, True, columns > 1)
    chart = charts.getByName(name).EmbeddedObject
    kind = made["type"]
    starts = sorted(DIAGRAMS, key=len, reverse=True)
    diagram = next(DIAGRAMS[start] for start in starts if kind.startswith(start))
    chart.setDiagram(chart.createInstance(f"com.sun.star.chart.{diagram}Diagram"))
    _style(chart, kind, columns)
    if made["title"]:
        chart.HasMainTitle = True
        chart.Title.String = made["title"]
    chart.HasLegend = columns > 2


def set_chart(document, sheet, name, changes):
    """Other cells, or its first series as dots."""
    table_chart = sheet.Charts.getByName(name)
    if changes.get("data"):
        areas, _ = _areas(document, sheet, changes)
        table_chart.setRanges(areas)
    for number in range(changes.get("dots", 0)):
        series = table_chart.EmbeddedObject.Diagram.getDataRowProperties(number)
        series.Lines = False
        series.SymbolType = number


def _areas(document, sheet, made):
    if not made.get("data"):
        return (), 0
    top, left, bottom, right = made["data"]
    number = document.Sheets.ElementNames.index(made.get("sheet") or sheet.Name)
    return (CellRangeAddress(number, left - 1, top - 1, right - 1, bottom - 1),), right - left + 1


def _style(chart, kind, columns):
    diagram = chart.Diagram
    if kind.startswith("bar"):
        diagram.Vertical = True
        diagram.YAxis.ReverseDirection = False
        diagram.XAxis.ReverseDirection = True  # the first one on top, as in the table
    if "stacked" in kind:
        diagram.Stacked = True
        diagram.Percent = kind.endswith("_100")
    if kind.startswith(("xy_scatter", "line")):
        has_lines, has_markers = kind != "xy_scatter", "no_markers" not in kind and kind != "line"
        for number in range(max(columns - 1, 0)):
            series = diagram.getDataRowProperties(number)
            if kind.startswith("xy_scatter"):
                series.Lines = has_lines
            series.SymbolType = number if has_markers else -3  # com.sun.star.chart.ChartSymbolType.NONE


def charts_of(sheet):
    page = sheet.DrawPage
    boxes = {}
    for i in range(page.Count):
        shape = page.getByIndex(i)
        if hasattr(shape, "PersistName"):
            boxes[shape.PersistName] = _box(shape)
    return [[name, boxes.get(name, [0, 0, 0, 0])] for name in sheet.Charts.ElementNames]


# ---- pictures --------------------------------------------------------------------------------------------


def pictures_of(sheet):
    return [[shape.Name, _box(shape)] for shape in _pictures(sheet)]


def add_picture(context, document, sheet, name, corner, data):
    """A picture in its own size, in place of one of that name; kept inside the document."""
    for shape in _pictures(sheet):
        if shape.Name == name:
            corner = _box(shape)[:2]
            sheet.DrawPage.remove(shape)
    graphic = _graphic(context, data)
    shape = document.createInstance("com.sun.star.drawing.GraphicObjectShape")
    sheet.DrawPage.add(shape)
    shape.Graphic, shape.Name = graphic, name
    size = graphic.SizePixel
    shape.setSize(Size(round(size.Width * 2540 / 96), round(size.Height * 2540 / 96)))
    shape.setPosition(Point(*(round(points * POINT) for points in corner)))


def rename_picture(sheet, name, other):
    next(shape for shape in _pictures(sheet) if shape.Name == name).Name = other


def _pictures(sheet):
    page = sheet.DrawPage
    shapes = [page.getByIndex(i) for i in range(page.Count)]
    return [shape for shape in shapes if shape.supportsService("com.sun.star.drawing.GraphicObjectShape")]


def _graphic(context, data):
    descriptor, path = tempfile.mkstemp(suffix=".png")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64decode(data))
        provider = context.ServiceManager.createInstanceWithContext(
            "com.sun.star.graphic.GraphicProvider", context
        )
        return provider.queryGraphic((PropertyValue(Name="URL", Value=uno.systemPathToFileUrl(path)),))
    finally:
        os.unlink(path)


def _box(shape):
    at, size = shape.Position, shape.Size
    return [at.X / POINT, at.Y / POINT, size.Width / POINT, size.Height / POINT]


def place_of(cells):
    return _box(cells)
