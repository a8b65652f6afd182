"""The model card of an open book: what it says by now, with what people typed into it, and its two sheets."""

from dataclasses import dataclass

from xlcicf.errors import AddressError, TrainingError
from xlcicf.pages.model_card import sheets
from xlcicf.pages.model_card.content import Answers, Content, content_of
from xlcicf.pages.model_card.sections import ASKED, FIELDS
from xlcicf.pages.model_card.sheets import CARD, ETHICS, HEADER, NAMES, NEAR
from xlcicf.pages.model_card.trained_book import TrainedBook, trained_book
from xlcicf.sheet.page_in_open_book import sheet_of, show_page
from xlcicf.solve import History


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
    return Card(trained, content_of(trained, typed, answers))


def show(book, content: Content) -> None:
    """The sheets *Model card* and *Data ethics*: added where the book has none, else brought up to date.

    What people typed stays; what the run log knows is written anew.
    """
    card = show_page(book, sheets.card_page(content))
    show_page(book, sheets.ethics_page(content))
    card.activate()


def _typed(book) -> dict[str, str]:
    """Variable -> what its field says."""
    rows = _rows_by_name(book, CARD)
    if rows is None:
        return {}
    if missing := [name for name in FIELDS if name not in rows]:
        raise AddressError(
            f"the sheet {CARD} has no row for {missing[0]} in column {NAMES}; rename that sheet, and a new "
            "one is made"
        )
    found = {name: _text(rows[name][sheets.TEXT]) for name in FIELDS}
    return {name: text for name, text in found.items() if text is not None}


def _answers(book) -> Answers:
    rows = _rows_by_name(book, ETHICS) or {}
    return {
        name: (_text(rows[name][sheets.ANSWER]), _text(rows[name][sheets.EVIDENCE]))
        for name in (question.name for question in ASKED)
        if name in rows
    }


def _rows_by_name(book, name: str) -> dict[str, dict[str, object]] | None:
    """Field or question -> column -> what the cell in its row shows; None where the book lacks the sheet."""
    sheet = sheet_of(book, name)
    if sheet is None:
        return None
    rows = sheet[f"A1:{NAMES}{_last_row(sheet)}"].options(ndim=2, err_to_str=True).value
    return {row[-1]: dict(zip("ABCDEF", row, strict=True)) for row in rows if isinstance(row[-1], str)}


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip() or None


def _changed_since_card(book, trained: TrainedBook) -> list[str]:
    """Cells whose number is not the one that the card notes; not asked where the history knows the data."""
    sheet = sheet_of(book, CARD)
    if trained.has_history or sheet is None:
        return []
    now = {one.area.address: one.value for one in (*trained.prints, *trained.weight_prints)}
    return [
        cells
        for cells, then in _noted(sheet).items()
        if cells not in now or abs(now[cells] - then) > NEAR * max(1, abs(then))
    ]


def _noted(sheet) -> dict[str, float]:
    """Address -> its number when trained, as the card notes them."""
    rows = sheet[f"H{HEADER + 1}:K{_last_row(sheet)}"].options(ndim=2, err_to_str=True).value
    noted = {}
    for cells, what, _, then in rows:
        if what not in ("data", "weights"):
            break
        noted[cells] = then
    return noted


def _last_row(sheet) -> int:
    return sheet.used_range.last_cell.row
