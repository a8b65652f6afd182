"""What a person calls a cell: the nearest text on its left and the nearest above, as Solver names cells."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from xlcicf.formula.address import Area
from xlcicf.formula.snapshot import ExcelError, Snapshot

LONGEST = 30  # letters of each of the two texts
REACH = 12  # a heading has at most so many cells between itself and the block that it heads


def headings(book: Snapshot, changing: Sequence[Area]) -> list[str]:
    """The label of each of a problem's changing cells, "" where the texts are too far off to head the block
    that these cells make, as beside a picture of weights."""
    places = [Area(a.sheet, row, col, row, col) for a in changing for row, col in a.cells()]
    labels = CellLabels(book, places)
    return [labels.of(place) for place in places]


class CellLabels:
    """The labels of a book's cells.

    block  cells that belong together: only texts within REACH of them head them; without it all do
    """

    def __init__(self, book: Snapshot, block: Iterable[Area] = ()):
        self._book = book
        self._sheets: dict[str, _Texts] = {}
        self._block = {(cell.sheet, cell.top, cell.left) for cell in block}

    def of(self, cell: Area) -> str:
        """ "Chairs, hours": the text on the left and the one above; "" where there is neither."""
        if cell.sheet not in self._sheets:
            self._sheets[cell.sheet] = _Texts(self._book, cell.sheet)
        left, above = self._sheets[cell.sheet].near(cell.top, cell.left)
        found = (
            text for place, text in (left, above) if text and (not self._block or self._is_near(cell, place))
        )
        return ", ".join(dict.fromkeys(found))

    def _is_near(self, cell: Area, place: tuple[int, int]) -> bool:
        row, col = place
        between = [(row, c) for c in range(col + 1, cell.left)] + [(r, col) for r in range(row + 1, cell.top)]
        return sum((cell.sheet, *at) not in self._block for at in between) <= REACH


class _Texts:
    """The texts on a sheet, row by row and column by column."""

    def __init__(self, book: Snapshot, sheet: str):
        self._across: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self._down: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (row, col), value in sorted(book.held(sheet).values.items()):
            if isinstance(value, str) and not isinstance(value, ExcelError) and value.strip():
                self._across[row].append((col, value))
                self._down[col].append((row, value))

    def near(self, row: int, col: int) -> tuple[tuple[tuple[int, int], str], ...]:
        """The nearest text on the left and the nearest above, each as (its row and column, the text)."""
        across, left = _before(self._across.get(row, []), col)
        down, above = _before(self._down.get(col, []), row)
        return ((row, across), left), ((down, col), above)


def _before(texts: list[tuple[int, str]], place: int) -> tuple[int, str]:
    """(where it stands, the text); (0, "") where there is none."""
    found = bisect_left(texts, place, key=lambda at: at[0])
    if not found:
        return 0, ""
    at, text = texts[found - 1][0], " ".join(texts[found - 1][1].split()).rstrip(":")
    return at, text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
