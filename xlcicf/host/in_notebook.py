"""A range of cells as a notebook shows it."""

import xlwings

from xlcicf import notebook


def show_ranges() -> None:
    """From now on a notebook shows an xlwings Range as a picture of its cells; elsewhere nothing changes."""
    notebook.show_as_html(xlwings.Range, picture)


def picture(cells: xlwings.Range) -> str:
    """The cells as a table in HTML, each number in a colour."""
    seen = cells.resize(
        min(cells.rows.count, notebook.MOST_ROWS), min(cells.columns.count, notebook.MOST_COLUMNS)
    )
    rows, beyond = seen.options(ndim=2).value, ""
    if seen.shape != cells.shape:
        beyond = f", the first {seen.shape[0]} rows and {seen.shape[1]} columns"
    return notebook.picture(rows, f"{cells.sheet.name}!{cells.address.replace('$', '')}{beyond}")
