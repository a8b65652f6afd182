"""Pages for the tests of both their writers, and texts that programs like to compute."""

from dataclasses import replace

from xlcicf.sheet.block import Block
from xlcicf.sheet.page_value import Page, PageCell, PageChart, Tint

LONG = "a text of many words " * 5
TEXTS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "'=1",
    "#N/A",
    "TRUE",
    "1e5",
    "2024-01-02",
    " 3 ",
    "a\nb",
]

PAGE = Page(
    "A page",
    "What it is",
    "What it is for",
    {"A": 20, "B": 30, "C": 12, "D": 12, "E": 8, "F": 8, "G": 12},
    {
        "A4": PageCell("field", "Column header"),
        "B4": PageCell("yours", "Column header"),
        "C4": PageCell("known", "Column header"),
        "D4": PageCell("twice", "Column header"),
        "A5": PageCell("first", "Label"),
        "B5": PageCell(LONG, "Setting", wrap=True, hint="Whatever you like."),
        "C5": PageCell(1.5, "Data", "0.00", fact=True),
        "D5": PageCell("=2*C5", "Formula", formula=True),
        "A6": PageCell("second", "Label"),
        "C6": PageCell("=text", "Data", fact=True),
        "F8": PageCell("number", "Column header", fact=True),
        "G8": PageCell(2.0, "Data", "0.000", fact=True),
        "G9": PageCell("=SUM(G8,C5)", "Good", formula=True, fact=True),
    },
    tints=(Tint("C5", "C5>1", good=True),),
    key="A",
    ours="F8",
    frozen="A5",
    printed="D",
)
CHARTED = replace(
    PAGE,
    blocks=(Block("page.log", "A page", "C4", 4, 2),),
    charts=(
        PageChart(
            "Loss", "A line that shows how it fell.", "I4", (480, 320), Block("log", "A page", "C4", 4, 2)
        ),
    ),
)


def page_with(cell: PageCell) -> Page:
    return Page("A page", "What it is", "What it is for", {}, {"A4": cell})
