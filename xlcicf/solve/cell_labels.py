"""What a person calls a cell: the nearest text on its left and the nearest above, as Solver names cells."""

from bisect import bisect_left
from collections import defaultdict

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Snapshot

LONGEST = 30  # letters of each of the two texts


class CellLabels:
    """The labels of a book's cells."""

    def __init__(self, book: Snapshot):
        self._book = book
        self._sheets: dict[str, _Texts] = {}

    def of(self, cell: Area) -> str:
        """ "Chairs, hours": the text on the left and the one above; "" where there is neither."""
        if cell.sheet not in self._sheets:
            self._sheets[cell.sheet] = _Texts(self._book, cell.sheet)
        found = self._sheets[cell.sheet].near(cell.top, cell.left)
        return ", ".join(dict.fromkeys(text for text in found if text))


class _Texts:
    """The texts on a sheet, row by row and column by column."""

    def __init__(self, book: Snapshot, sheet: str):
        self._across: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self._down: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (row, col), value in sorted(book.held(sheet).values.items()):
            if isinstance(value, str) and not isinstance(value, ExcelError) and value.strip():
                self._across[row].append((col, value))
                self._down[col].append((row, value))

    def near(self, row: int, col: int) -> tuple[str, str]:
        """The nearest text on the left, and the nearest above."""
        return _before(self._across.get(row, []), col), _before(self._down.get(col, []), row)


def _before(texts: list[tuple[int, str]], place: int) -> str:
    found = bisect_left(texts, place, key=lambda at: at[0])
    if not found:
        return ""
    text = " ".join(texts[found - 1][1].split()).rstrip(":")
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
