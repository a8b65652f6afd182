"""The model card of an open book: made or brought up to date as two sheets, and written as a README.md."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from xlcicf.errors import AddressError, NotPossibleHeadless, TrainingError
from xlcicf.formula.address import parse_cell
from xlcicf.pages.model_card import sections
from xlcicf.pages.model_card.content import content
from xlcicf.pages.model_card.readme import write_readme
from xlcicf.pages.model_card.sections import CARD, ETHICS, FIELDS, NAMES, Cell, Content, Page
from xlcicf.pages.model_card.trained_book import TrainedBook, trained_book
from xlcicf.solve import History

_BLUE, _GREY = (0, 114, 178), (95, 107, 118)
# cell style -> font properties, fill
_LOOKS = {
    "Page title": ({"size": 16, "bold": True, "color": _BLUE}, None),
    "Page note": ({"color": _GREY}, None),
    "Section": ({"size": 11, "bold": True, "color": _BLUE}, None),
    "Column header": ({"bold": True}, (238, 241, 244)),
    "Setting": ({}, (255, 246, 184)),
    "Data": ({}, (214, 232, 245)),
    "Good": ({"bold": True, "color": (0, 158, 115)}, None),
    "Bad": ({"bold": True, "color": (213, 94, 0)}, None),
}


@dataclass(frozen=True)
class Card:
    """A trained book and what its card says."""

    trained: TrainedBook
    content: Content


def collect(book, history: History) -> Card:
    """The card of an open book: from its last run, and from what people typed into its card's sheets.

    Raises TrainingError where no run is recorded, or where data or weights changed since; AddressError where
    a sheet of that name is no card.
    """
    trained = trained_book(book, history)
    typed, answers = _typed(book), _answers(book)
    changed = [*trained.changed, *_changed_since_card(book, trained)]
    if changed:
        shown = ", ".join(dict.fromkeys(changed))
        raise TrainingError(
            f"{shown} changed after the last run, so its card would not be true; train again, or put back "
            "what stood there (xlcicf undo takes a whole run back)"
        )
    return Card(trained, content(trained, typed, answers))


def readme(made: Card, path: Path | str) -> None:
    """Writes the card as a README.md. Raises BookError where it cannot be written."""
    texts = {variable: made.content.text(variable) for variable in ("model_id", "license", "language")}
    write_readme(path, sections.markdown(made.content), made.trained, texts)


def show(book, made: Card) -> None:
    """The sheets *Model card* and *Data ethics*: added where the book has none, else brought up to date.

    What people typed stays; what the run log knows is written anew.
    """
    is_new = CARD not in _sheets(book)
    page = sections.card_page(made.content)
    if is_new:
        _add(book, page)
    else:
        _renew(book, page)
    if ETHICS not in _sheets(book):
        _add(book, sections.ethics_page(made.content))
    book.sheets[CARD].activate()


# ---- read ------------------------------------------------------------------------------------------------


def _sheets(book) -> list[str]:
    return [sheet.name for sheet in book.sheets]


def _rows_by_name(book, sheet: str) -> dict[str, tuple[int, dict[str, object]]]:
    """Name in the column of names -> (row, column letter -> what the cell shows), of a sheet of the card."""
    if sheet not in _sheets(book):
        return {}
    cells = book.sheets[sheet][f"A1:{NAMES}{book.sheets[sheet].used_range.last_cell.row}"]
    rows = cells.options(ndim=2, err_to_str=True).value
    found = {}
    for number, row in enumerate(rows, 1):
        if isinstance(row[-1], str):
            found[row[-1]] = number, dict(zip("ABCDEF", row, strict=True))
    return found


def _typed(book) -> dict[str, str]:
    rows = _rows_by_name(book, CARD)
    if CARD in _sheets(book) and not FIELDS.keys() <= rows.keys():
        missing = next(name for name in FIELDS if name not in rows)
        raise AddressError(
            f"the sheet {CARD} has no row for {missing} in column {NAMES}; rename that sheet, and a new "
            "one is made"
        )
    return {
        name: str(rows[name][1][sections.TEXT]).strip()
        for name in FIELDS
        if name in rows and rows[name][1][sections.TEXT] is not None
    }


def _answers(book) -> dict[str, tuple[str | None, str | None]]:
    rows = _rows_by_name(book, ETHICS)
    return {
        question.name: (
            _text(rows[question.name][1][sections.ANSWER]),
            _text(rows[question.name][1][sections.EVIDENCE]),
        )
        for question in sections.ASKED
        if question.name in rows
    }


def _text(value: object) -> str | None:
    return None if value is None or not str(value).strip() else str(value).strip()


def _changed_since_card(book, trained: TrainedBook) -> list[str]:
    """Cells whose number is not the one that the card notes; not asked where the history knows the data."""
    if trained.has_history or CARD not in _sheets(book):
        return []
    now = {one.area.address: one.value for one in (*trained.prints, *trained.weight_prints)}
    near = sections.NEAR
    return [
        cells
        for cells, then in _noted(book).items()
        if cells not in now or abs(now[cells] - then) > near * max(1, abs(then))
    ]


def _noted(book) -> Mapping[str, float]:
    """Address -> its number when trained, as the card notes them."""
    sheet = book.sheets[CARD]
    last = sheet.used_range.last_cell.row
    rows = sheet[f"H{sections.HEADER + 1}:K{last}"].options(ndim=2, err_to_str=True).value
    noted = {}
    for cells, what, _, then in rows:
        if what not in ("data", "weights"):
            break
        noted[cells] = then
    return noted


# ---- written ---------------------------------------------------------------------------------------------


def _add(book, page: Page) -> None:
    """A new sheet behind the last one. Widths need a running Excel; without one texts stay in one line."""
    sheet = book.sheets.add(page.name, after=book.sheets[-1])
    sheet["A1"].value, sheet["A2"].value = page.title, page.note
    _dress(sheet["A1"], "Page title")
    _dress(sheet["A2"], "Page note")
    _write_all(sheet, page, "A", sections.HEADER - 4)
    for cells, style in _runs(page, lambda cell: cell.style):
        _dress(sheet[cells], style)
    _set_formats(sheet, page)
    with suppress(NotPossibleHeadless):
        for letter, width in page.widths.items():
            sheet[f"{letter}:{letter}"].column_width = width
        sheet[f"C8:E{page.bottom}"].wrap_text = True


def _renew(book, page: Page) -> None:
    """What the run log says, the numbers of data and weights, and the status; nothing that people type."""
    sheet, rows = book.sheets[page.name], _rows_by_name(book, page.name)
    for name, row in _rows_of(page).items():
        if page.cells[f"C{row}"].value == sections.LOG:
            for letter in ("C", sections.TEXT):
                _write(sheet, f"{letter}{rows[name][0]}", page.cells[f"{letter}{row}"])
    wide = "".join(letter for letter in page.widths if letter >= sections.CHECKS)
    last = max(sheet.used_range.last_cell.row, page.bottom)
    sheet[f"{wide[0]}{sections.HEADER + 1}:{wide[-1]}{last}"].clear_contents()
    _write_all(sheet, page, wide[0], sections.HEADER + 1)
    for address in (sections.GOOD, sections.BAD):
        _write(sheet, address, page.cells[address])
    _set_formats(sheet, page)


def _rows_of(page: Page) -> dict[str, int]:
    """Variable -> its row on the page."""
    cells = {address: cell.value for address, cell in page.cells.items() if address[0] == NAMES}
    return {str(value): parse_cell(address)[0] for address, value in cells.items() if value in FIELDS}


def _write_all(sheet, page: Page, left: str, top: int) -> None:
    """The page's cells from there to the right and down, in one write: each write computes the book anew."""
    letters = [letter for letter in page.widths if letter >= left]
    rows = [
        [_content(page.cells.get(f"{letter}{row}")) for letter in letters]
        for row in range(top, page.bottom + 1)
    ]
    sheet[f"{left}{top}"].resize(len(rows), len(letters)).value = rows


def _write(sheet, address: str, cell: Cell) -> None:
    sheet[address].value = _content(cell)


def _content(cell: Cell | None) -> str | float | None:
    """What to assign. Text never becomes a formula, whatever it begins with."""
    if cell is None or not isinstance(cell.value, str):
        return None if cell is None else cell.value
    return cell.value if cell.formula else f"'{cell.value}"


def _set_formats(sheet, page: Page) -> None:
    for cells, number_format in _runs(page, lambda cell: cell.number_format):
        sheet[cells].number_format = number_format


def _runs(page: Page, look: Callable[[Cell], str | None]) -> Iterator[tuple[str, str]]:
    """(address, look) of cells below each other that look alike."""
    for letter in page.widths:
        rows = range(1, page.bottom + 1)
        cells = [page.cells.get(f"{letter}{row}") for row in rows]
        looks = [None if cell is None else look(cell) for cell in cells]
        for found, group in groupby(zip(rows, looks, strict=True), key=lambda pair: pair[1]):
            alike = [row for row, _ in group]
            if found:
                yield f"{letter}{alike[0]}:{letter}{alike[-1]}", found


def _dress(cells, style: str) -> None:
    font, fill = _LOOKS.get(style, ({}, None))
    for name, value in font.items():
        setattr(cells.font, name, value)
    if fill:
        cells.color = fill
