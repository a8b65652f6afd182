"""A lesson book: the place that all of them go through, for what every sheet of every book has."""

from collections.abc import Callable, Iterable

from openpyxl import Workbook

from xlcicf.sheet.block import Block, Blocks
from xlcicf.sheet.front import Front
from xlcicf.sheet.page import sheets_of
from xlcicf.sheet.style import TABS, WORKING


def book_of(
    front: Front, pages: Iterable[Callable[[Workbook], None]], blocks: Iterable[Block | Blocks]
) -> Workbook:
    """A lesson book: *Read me*, then the sheets that each function adds, the tab of each in its colour."""
    workbook = sheets_of((front.write, *pages), blocks)
    mark_kinds(workbook, front)
    return workbook


def mark_kinds(workbook: Workbook, front: Front) -> None:
    """Gives each sheet's tab the colour of its kind. Working sheets stand last."""
    kinds = [front.kind(ws.title) for ws in workbook.worksheets[1:]]
    assert kinds == sorted(kinds, key=lambda kind: kind == WORKING), "a working sheet stands before others"
    for ws, kind in zip(workbook.worksheets[1:], kinds, strict=True):
        ws.sheet_properties.tabColor = TABS[kind][0]
