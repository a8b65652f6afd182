"""A page as a sheet of a workbook that is being made, of openpyxl's."""

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from xlcicf.formula.address import column_letters
from xlcicf.sheet.chart import line_chart
from xlcicf.sheet.page import add_page, allow, put
from xlcicf.sheet.page_value import Page, PageCell
from xlcicf.sheet.style import LOOKS, VERDICTS, tint_when

ZOOM = 90
_LONG = {"type": "textLength", "operator": "lessThanOrEqual", "formula1": "3000"}
_WRAPPED = Alignment(horizontal="left", vertical="center", wrap_text=True, indent=1)


def write_page(workbook: Workbook, page: Page) -> Worksheet:
    """Adds the page's sheet to a workbook in the house's styles."""
    last = page.printed or column_letters(page.area.right)
    ws = add_page(
        workbook,
        page.name,
        page.title,
        page.note,
        widths=" ".join(f"{letter}={width}" for letter, width in page.widths.items()),
        print_area=f"A1:{last}{page.area.bottom}",
        frozen=page.frozen,
        zoom=ZOOM,
    )
    for address, cell in page.cells.items():
        _write(ws, address, cell)
    _set_heights(ws, page)
    for tint in page.tints:
        tint_when(ws, tint.cells, tint.condition, tint.good)
    for block in page.blocks:
        block.define(workbook)
    for chart in page.charts:
        line_chart(ws, chart.corner, chart.size, chart.name, chart.alt, *chart.points)
    return ws


def _write(ws: Worksheet, address: str, cell: PageCell) -> None:
    verdict = VERDICTS.get(cell.style)
    put(ws, address, cell.value, "Label" if verdict else cell.style, cell.number_format)
    target = ws[address]
    if isinstance(cell.value, str) and not cell.formula:
        target.data_type = "s"
    if verdict:
        target.font = Font(name="Arial", size=verdict.size, bold=verdict.bold, color=verdict.colour)
    if cell.wrap:
        look = LOOKS[cell.style]
        size = look.size - 1 if cell.style == "Page note" else look.size
        target.alignment = _WRAPPED
        target.font = Font(name="Arial", size=size, color=look.colour)  # lines of bold letters read badly
    if cell.hint:
        allow(ws, address, cell.hint, _LONG)


def _set_heights(ws: Worksheet, page: Page) -> None:
    """Each row as high as the longest of its texts needs; notes are short, and may be cut."""
    for address, cell in page.cells.items():
        if cell.wrap and cell.style != "Page note":
            target = ws[address]
            room = page.widths[target.column_letter] * 1.15
            text = "" if cell.formula else str(cell.value or "")
            lines = 2 if cell.formula else sum(1 + int(len(line) / room) for line in text.split("\n"))
            height = max(ws.row_dimensions[target.row].height or 15, 4 + 13 * lines)
            ws.row_dimensions[target.row].height = height
