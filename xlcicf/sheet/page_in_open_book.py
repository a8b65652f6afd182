"""A page as a sheet of a book that a person has open, an xlwings Book on any engine: added, or renewed.

Text never becomes a formula, whatever it begins with. What xlwings has no words for, such as tints and hints,
is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from xlcicf.errors import AddressError
from xlcicf.formula.address import Area, area_around, cell_address, column_letters, column_number
from xlcicf.sheet.block import place
from xlcicf.sheet.page_value import Page, PageCell, PageChart
from xlcicf.sheet.style import INK, LOOKS, VERDICTS, rgb

_BODY = 10  # points of most of our letters; a person's book has a size of its own for these
_POINTS_A_PIXEL = 0.75

Cells = Mapping[str, PageCell]


def sheet_of(book, name: str):
    """The book's sheet of that name, in capitals or not; None where it has none."""
    return next((sheet for sheet in book.sheets if sheet.name.casefold() == name.casefold()), None)


def show_page(book, page: Page):
    """The page's sheet: added behind the last one, or renewed where the book has it.

    What is renewed is the page's facts; what a person typed, moved or dressed stays.
    """
    sheet = sheet_of(book, page.name)
    if sheet is None:
        return _add(book, page)
    _renew(sheet, page)
    return sheet


def add_to_page(book, page: Page) -> None:
    """The page's cells, names and charts on the sheet that the book has of that name, or else on a new one.

    Raises AddressError, before anything is written, where such a cell, or one to be named, holds something.
    """
    sheet = sheet_of(book, page.name)
    if sheet is None:
        _add(book, page)
    else:
        for area in (page.area, *(block.area for block in page.blocks)):
            _require_empty(sheet, area)
        _write(sheet, page.cells)
        _add_names_and_charts(book, sheet, page)


# ---- added -----------------------------------------------------------------------------------------------


def _add(book, page: Page):
    sheet = book.sheets.add(page.name, after=book.sheets[-1])
    head = {"A1": PageCell(page.title, "Page title"), "A2": PageCell(page.note, "Page note")}
    for letter, width in page.widths.items():
        sheet[f"{letter}:{letter}"].column_width = width
    cells = {**head, **page.cells}
    _write(sheet, cells)
    written = _range(sheet, area_around(sheet.name, map(place, cells)))
    written.vertical_alignment = "center"
    written.rows.autofit()
    _add_names_and_charts(book, sheet, page)
    return sheet


def _add_names_and_charts(book, sheet, page: Page) -> None:
    for block in page.blocks:
        book.names.add(block.name, f"={replace(block, sheet=sheet.name).ref}")  # in the sheet's own capitals
    for chart in page.charts:
        _add_chart(sheet, chart)


def _add_chart(sheet, chart: PageChart) -> None:
    width, height = (_POINTS_A_PIXEL * pixels for pixels in chart.size)
    sheet.charts.add(
        width=width,
        height=height,
        chart_type=chart.type,
        source=_range(sheet, chart.data.area),
        name=chart.name,
        anchor=sheet[chart.corner],
    )


def _require_empty(sheet, area: Area) -> None:
    texts = _range(sheet, area).formula
    rows = [texts] if isinstance(texts, str) else texts
    shown = (text for row in rows for text in ([row] if isinstance(row, str) else row))
    for cell, text in zip(area.cells(), shown, strict=True):
        if text:
            raise AddressError(
                f"{cell_address(sheet.name, *cell)} holds something already; empty it, or give the sheet "
                "another name and a new one is made"
            )


# ---- renewed ---------------------------------------------------------------------------------------------


def _renew(sheet, page: Page) -> None:
    facts = {address: cell for address, cell in page.cells.items() if cell.fact}
    ours = {address: cell for address, cell in facts.items() if _is_ours(address, page)}
    rows = _rows_now(sheet, page) if facts else {}
    for address, cell in facts.items():
        if address not in ours:
            row, col = place(address)
            sheet[f"{column_letters(col)}{rows.get(row, row)}"].value = _content(cell)
    if page.ours:
        _emptied(sheet, page, page.ours).clear_contents()
        _write(sheet, ours)


def _is_ours(address: str, page: Page) -> bool:
    if page.ours is None:
        return False
    return all(here >= corner for here, corner in zip(place(address), place(page.ours), strict=True))


def _emptied(sheet, page: Page, corner: str):
    """All the cells, to the end of page and sheet, that are xlcicf's alone."""
    top, left = place(corner)
    bottom = max(page.area.bottom, sheet.used_range.last_cell.row)
    right = max(map(column_number, page.widths))
    return _range(sheet, Area(sheet.name, top, left, bottom, right))


def _rows_now(sheet, page: Page) -> dict[int, int]:
    """The page's row of each key -> the row where that key stands on the sheet."""
    if page.key is None:
        return {}
    keys = {place(a): cell.value for a, cell in page.cells.items() if a.rstrip("0123456789") == page.key}
    bottom = sheet.used_range.last_cell.row
    found = sheet[f"{page.key}1:{page.key}{bottom}"].options(ndim=1, err_to_str=True).value
    now = {text: row for row, text in enumerate(found, 1) if text is not None}
    return {row: now[text] for (row, _), text in keys.items() if text in now}


# ---- cells -----------------------------------------------------------------------------------------------


def _write(sheet, cells: Cells) -> None:
    """Contents in one write, since Excel computes the book after each; then looks, by runs down a column."""
    if not cells:
        return
    by_place = {place(address): cell for address, cell in cells.items()}
    area = area_around(sheet.name, by_place)
    contents = [_content(by_place.get(at)) for at in area.cells()]
    _, across = area.shape
    rows = [contents[i : i + across] for i in range(0, len(contents), across)]
    _range(sheet, area).value = rows
    for run, cell in _runs(by_place):
        _dress(sheet[run], cell)


def _content(cell: PageCell | None):
    """What to assign. A leading ' lets text be text."""
    if cell is None or not isinstance(cell.value, str):
        return None if cell is None else cell.value
    return cell.value if cell.formula else f"'{cell.value}"


def _runs(cells: Mapping[tuple[int, int], PageCell]) -> Iterator[tuple[str, PageCell]]:
    """(address, one of them) of cells below each other that look alike."""

    def alike(counted: tuple[int, tuple[int, int]]) -> tuple:
        """Of rows below each other the difference from their numbers is the same."""
        number, (row, col) = counted
        cell = cells[row, col]
        return col, row - number, cell.style, cell.wrap, cell.number_format

    down = sorted(cells, key=lambda at: (at[1], at[0]))
    for (col, *_), group in groupby(enumerate(down), key=alike):
        rows = [row for _, (row, _) in group]
        yield f"{column_letters(col)}{rows[0]}:{column_letters(col)}{rows[-1]}", cells[rows[0], col]


def _dress(cells, like: PageCell) -> None:
    """The look of `like`; font and size of its letters are the book's own, but for titles."""
    look = LOOKS.get(like.style) or VERDICTS[like.style]
    if look.size > _BODY:
        cells.font.size = look.size
    if look.bold and not like.wrap:
        cells.font.bold = True
    if look.colour != INK:
        cells.font.color = rgb(look.colour)
    if look.fill:
        cells.color = rgb(look.fill)
    if like.number_format:
        cells.number_format = like.number_format
    if like.wrap or look.stands.wrap_text:
        cells.wrap_text = True
    if look.stands.horizontal == "center" and not like.wrap:
        cells.horizontal_alignment = "center"


def _range(sheet, area: Area):
    return sheet.range((area.top, area.left), (area.bottom, area.right))
