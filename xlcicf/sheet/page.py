"""What every sheet of a lesson book looks like: title, explanation, columns, frozen panes, printing; and how
cells are filled."""

from collections.abc import Callable, Iterable
from copy import copy
from weakref import WeakKeyDictionary

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters, column_number
from xlcicf.sheet.block import Block, Blocks
from xlcicf.sheet.style import add_styles

# Dressing a cell costs openpyxl far more than its value does, so each look is put together once a workbook.
_LOOKS: WeakKeyDictionary[Workbook, dict[tuple, object]] = WeakKeyDictionary()


def sheets_of(pages: Iterable[Callable[[Workbook], None]], blocks: Iterable[Block | Blocks]) -> Workbook:
    """A workbook in the house's styles: each function adds its sheets, then the blocks get their names."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    add_styles(workbook)
    for write in pages:
        write(workbook)
    for block in blocks:
        block.define(workbook)
    return workbook


def add_page(
    workbook: Workbook,
    name: str,
    title: str,
    note: str,
    *,
    widths: str,
    print_area: str,
    frozen: str | None = None,
    header: int | None = None,
    zoom: int = 100,
) -> Worksheet:
    """A new sheet with its title in A1 and its explanation in A2.

    widths      of columns or runs of columns in characters: "A=8 C:M=10.5"
    print_area  what is printed: on one page, or one page wide where rows repeat on each
    frozen      the first cell that scrolls; the rows above repeat
    header      where nothing is frozen: the header of a long table, which repeats
    """
    ws = workbook.create_sheet(name)
    ws.sheet_view.showGridLines = False
    ws.sheet_view.zoomScale = zoom
    for columns, width in (entry.split("=") for entry in widths.split()):
        for letter in _letters(columns):
            ws.column_dimensions[letter].width = float(width)
    put(ws, "A1", title, "Page title")
    put(ws, "A2", note, "Page note", None, "left")
    ws.row_dimensions[1].height = 26
    ws.freeze_panes = frozen
    _set_up_printing(ws, print_area, header)
    return ws


def put(
    ws: Worksheet,
    cell: str,
    value,
    style: str,
    number_format: str | None = None,
    align: str | None = None,
) -> None:
    """One cell: value or formula, its style, its number format, "left", "center" or "right"."""
    target = ws[cell]
    target.value = value
    if value is None:
        target.data_type = "f"  # else openpyxl writes t="n", and IronCalc takes the empty cell for a 0
    assert ws.parent is not None
    looks = _LOOKS.setdefault(ws.parent, {})
    look = (style, number_format, align)
    if look in looks:
        target._style = copy(looks[look])
        return
    target.style = style
    if number_format:
        target.number_format = number_format
    if align:
        target.alignment = Alignment(horizontal=align, vertical="center")
    looks[look] = copy(target._style)


def put_link(ws: Worksheet, cell: str, text, target: str, *look: str | None) -> None:
    """A link to a web address, or to a cell of the book: "#'Layer 1'!B7". `look` as in `put`."""
    ws[cell].hyperlink = target
    put(ws, cell, text, "Link", *look)  # after the link, since openpyxl dresses its cell in a way of its own


def put_row(ws: Worksheet, corner: str, values: Iterable, style: str, *look: str | None) -> None:
    """Values or formulas beside each other, from `corner` to the right. `look` as in `put`."""
    start = ws[corner]
    for col, value in enumerate(values, start.column):
        put(ws, f"{column_letters(col)}{start.row}", value, style, *look)


def put_column(ws: Worksheet, corner: str, values: Iterable, style: str, *look: str | None) -> None:
    """Values, formulas or lines of explanation below each other, from `corner` down. `look` as in `put`."""
    start = ws[corner]
    for row, value in enumerate(values, start.row):
        put(ws, f"{start.column_letter}{row}", value, style, *look)


def put_over(ws: Worksheet, block: Block, value, style: str = "Column header", *look: str | None) -> None:
    """Text or a formula in the row above a block, as wide as the block. `look` as in `put`."""
    row, area = block.area.top - 1, block.area
    put(ws, f"{block.letters}{row}", value, style, *look)
    ws.merge_cells(start_row=row, end_row=row, start_column=area.left, end_column=area.right)


def fill(ws: Worksheet, block: Block, values, style: str, *look: str | None) -> None:
    """A block of values, rows of columns; None leaves a cell empty, though dressed. `look` as in `put`."""
    assert block.sheet == ws.title, block
    for i, row in enumerate(values):
        put_row(ws, block.cell(i, 0).corner, row, style, *look)


def fill_down(ws: Worksheet, column: Block, formula: str, style: str, *look: str | None) -> None:
    """One relative formula in each cell of a column; {row} stands for the cell's row. `look` as in `put`.

    `fill_down(ws, relu, "=MAX(0,N{row})", "Formula")`
    """
    assert column.sheet == ws.title and column.cols == 1, column
    for row in range(column.area.top, column.area.bottom + 1):
        put(ws, f"{column.letters}{row}", formula.format(row=row), style, *look)


def put_setting(ws: Worksheet, cell: str, value, hint: str, rule: dict, *look: str | None) -> None:
    """A cell that a person may type into, and what. `look` as in `put`, the rest as in `allow`."""
    put(ws, cell, value, "Setting", *look)
    allow(ws, cell, hint, rule)


def break_page(ws: Worksheet, row: int) -> None:
    """Begins a page with that row; a sheet that would stand on one page gets one more."""
    ws.row_breaks.append(Break(row - 1))
    if ws.page_setup.fitToHeight:
        ws.page_setup.fitToHeight += 1


def allow(ws: Worksheet, cell: str, hint: str, rule: dict) -> None:
    """What may be typed into a cell (`choices`, `between`) and the hint shown there."""
    validation = DataValidation(
        **rule,
        allow_blank=True,
        showInputMessage=True,
        promptTitle="Yours to type in",
        prompt=hint,
        showErrorMessage=True,
        errorTitle="That does not fit here",
        error=hint,
    )
    ws.add_data_validation(validation)
    validation.add(cell)


def choices(*values) -> dict:
    """The rule of a drop-down list, for `allow`."""
    return {"type": "list", "formula1": '"' + ",".join(map(str, values)) + '"'}


def between(low, high, whole: bool = False) -> dict:
    """The rule of a number from low to high, for `allow`."""
    return {
        "type": "whole" if whole else "decimal",
        "operator": "between",
        "formula1": f"{low:.10G}",
        "formula2": f"{high:.10G}",
    }


def _letters(columns: str) -> list[str]:
    """ "C:E" -> ["C", "D", "E"]."""
    first, _, last = columns.partition(":")
    return [column_letters(col) for col in range(column_number(first), column_number(last or first) + 1)]


def _set_up_printing(ws: Worksheet, print_area: str, header: int | None) -> None:
    ws.print_area = print_area
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = ws.PAPERSIZE_A4
    ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    ws.page_setup.fitToWidth, ws.page_setup.fitToHeight = 1, 1
    if ws.freeze_panes or header:
        ws.page_setup.fitToHeight = 0
        ws.print_title_rows = f"{header}:{header}" if header else f"1:{ws[str(ws.freeze_panes)].row - 1}"
    margins = ws.page_margins
    margins.left = margins.right = margins.top = 0.4
    margins.bottom = 0.75
    assert ws.oddFooter is not None  # openpyxl gives every sheet one
    ws.oddFooter.center.text = "&A, page &P of &N"
