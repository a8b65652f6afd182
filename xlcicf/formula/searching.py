"""The place of a value among cells, as MATCH, VLOOKUP and their kind look for it; places count from 0."""

from bisect import bisect_left, bisect_right
from itertools import takewhile
from typing import Any

from xlcicf.formula.collation import order_key
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.criteria import equals
from xlcicf.formula.grid import BLANK, BOOL, ERROR, NUMBER, TEXT, kind_of
from xlcicf.formula.plain import NOWHERE, Alike, Cells


def place_of(wanted: object, cells: Cells) -> int:
    """The first place of an equal value; letters' case is ignored, * and ? stand for others.

    Raises Fails("#N/A") where there is none."""
    wanted = 0.0 if wanted is None else wanted
    found = cells.remembered((type(wanted), wanted), equals(wanted))
    if not len(found):
        raise Fails("#N/A", "looks for a value that is not among the cells")
    return int(found[0])


def place_up_to(wanted: object, cells: Cells) -> int:
    """The last place of the largest value that is not above `wanted`, in cells that ascend.

    Values of other kinds are passed over. In cells that do not ascend it is where halving them leads, as in
    Excel. Raises Fails("#N/A") where there is none."""
    key, alike = _key(wanted), _alike(wanted, cells)
    if alike.ascends:
        count = bisect_right(alike.values, key)
        found = alike.places[count - 1] if count else None
    else:
        found = _by_halving(key, alike, len(cells))
        if cells.beyond and found != _by_halving(key, alike, len(cells) + cells.beyond):
            raise Misused(
                "goes by halves through whole columns or rows out of order; name those that hold data"
            )
    if found is None:
        raise Fails("#N/A", "looks for a value that is below all of the cells")
    return found


def place_down_to(wanted: object, cells: Cells) -> int:
    """The last place before all values below `wanted`: in cells that descend, of the smallest that is not.

    Microsoft's page of MATCH has #N/A of 40 among 25, 38, 40, 41, which do not descend. Raises Fails("#N/A")
    where there is none."""
    key, alike = _key(wanted), _alike(wanted, cells)
    before = list(takewhile(lambda pair: pair[1] >= key, zip(alike.places, alike.values, strict=True)))
    if not before:
        raise Fails("#N/A", "looks for a value that is above all of the cells")
    equal = next((i for i, (_, value) in enumerate(before) if value == key), len(before))
    same = takewhile(lambda pair: pair[1] == key, before[equal:])
    return max((place for place, _ in same), default=before[-1][0])


def place_asked(wanted: object, cells: Cells, how: int, order: int) -> int:
    """The first place of an equal value (the last where `order` is -1); where there is none and `how` is -1
    or 1, of the next smaller or larger one. Texts are above numbers, TRUE and FALSE above both, blanks above
    all. With order 2 or -2 it is where halves lead of cells that are held to ascend or descend. With how 2 *
    and ? stand for other letters. What is wanted may be blank, as the first blank cell is.

    Raises Fails("#N/A") where there is none."""
    if abs(order) == 2:
        return _place_by_halves(wanted, cells, how, order)
    if wanted is None:
        found = cells.blanks()
    elif how == 2 or not isinstance(wanted, str):
        found = cells.remembered((type(wanted), wanted), equals(wanted))
    else:
        found = cells.folded.get(wanted.casefold(), NOWHERE)
    last = order < 0
    if not len(found) and how in (-1, 1):
        found = _nearest(wanted, cells, how)
    if not len(found):
        raise Fails("#N/A", "looks for a value that is not among the cells")
    return int(found[-1 if last else 0])


_KINDS = (NUMBER, TEXT, BOOL, ERROR, BLANK)  # the larger ones last


def _place_by_halves(wanted: object, cells: Cells, how: int, order: int) -> int:
    """The first of equal cells, or the last where they descend; or else the one beside it."""
    key, size = _rank(wanted), len(cells)
    first, last = 0, size - 1
    while first <= last:
        at = (first + last) // 2
        rank = _rank(cells.values[at])
        if rank == key:
            step = -1 if order > 0 else 1
            while 0 <= at + step < size and _rank(cells.values[at + step]) == key:
                at += step
            return at
        if (rank < key) == (order > 0):
            first = at + 1
        else:
            last = at - 1
    beside = first if (how > 0) == (order > 0) else first - 1
    if not how or not 0 <= beside < size:
        raise Fails("#N/A", "looks for a value that is not among the cells")
    return beside


def _rank(value: object) -> tuple[int, Any]:
    """By which values of all kinds are in order."""
    kind = kind_of(value)  # type: ignore[arg-type]
    return _KINDS.index(kind), 0 if value is None else str(value) if kind == ERROR else _key(value)


def _nearest(wanted: object, cells: Cells, how: int) -> list[int]:
    """The places of the values next to the one wanted, below it (-1) or above it (1)."""
    at = _KINDS.index(kind_of(wanted))  # type: ignore[arg-type]
    kinds = [kind for kind in _KINDS if kind in (NUMBER, TEXT, BOOL)]
    others = reversed(kinds[:at]) if how < 0 else kinds[at + 1 :]
    beside = [] if wanted is None else _beside(_key(wanted), cells.alike(_KINDS[at]), how)
    further = (_beside(None, cells.alike(kind), how) for kind in others)
    return beside or next(filter(None, further), [])


def _beside(key: Any, alike: Alike, how: int) -> list[int]:
    """The places of the values next to a key, or to all of another kind."""
    beside = [value for value in alike.values if key is None or (value < key if how < 0 else value > key)]
    if not beside:
        return []
    nearest = max(beside) if how < 0 else min(beside)
    return [place for place, value in zip(alike.places, alike.values, strict=True) if value == nearest]


def _key(wanted: object) -> Any:
    return order_key(wanted) if isinstance(wanted, str) else 0.0 if wanted is None else wanted


def _alike(wanted: object, cells: Cells) -> Alike:
    return cells.alike(kind_of(0.0 if wanted is None else wanted))  # type: ignore[arg-type]


def _by_halving(key, alike: Alike, count: int) -> int | None:
    """Where the halves of cells (count,) lead that are taken by whether their middle is above the key."""
    places, values = alike.places, alike.values
    first, last, found = 0, count - 1, None
    while first <= last:
        middle = (first + last) // 2
        at = bisect_left(places, middle)  # the first value from the middle on
        if at == len(places) or places[at] > last or values[at] > key:
            last = middle - 1
        elif values[at] == key:  # found, and as many cells further as show the same
            while at + 1 < len(places) and places[at + 1] == places[at] + 1 and values[at + 1] == key:
                at += 1
            return places[at]
        else:
            first, found = places[at] + 1, places[at]
    return found
