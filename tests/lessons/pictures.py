"""Draws the pictures of a lesson book that the README shows, through LibreOffice and poppler.

    python -m tests.lessons.pictures BOOK PNG [SHEET] [SHARE] [PAGE]

SHEET is "Net" unless told, SHARE how much of its first printed page, or of another, is kept, from the top (0.6).
workbooks/titanic.png is drawn of the book that `xlcicf demo` trains:

    xlcicf demo --out DIR
    python -m tests.lessons.pictures DIR/titanic.xlsx workbooks/titanic.png
    python -m tests.lessons.pictures DIR/titanic.xlsx workbooks/titanic_net.png Net 0.7 3

and workbooks/how_a_net_works.png of the book that `xlcicf train DIR/how_a_net_works.xlsx` trained, with the
sheet "Sum of ReLUs" and the share 0.85; workbooks/micrograd.png likewise, with "Boundary" and 0.86.
Those of the other books are drawn of the shipped ones, or of one that `xlcicf train` trained (*), with

    basic_neural_network  "Notebook 05" 0.82      looking_inside      "Hidden" 0.9
    convolutions          "Draw" 0.62             visualizing_mnist   "t-SNE" 0.64
    mnist_basics*         "Linear" 0.8            vision_transformer  "Where it looks" 0.82
    model_card            "Model card"             gradient_descent    "Optimisers" 0.9
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import libreoffice

DPI = 130
LANDSCAPE_A4 = 11.69, 8.27  # inches


def draw(book: Path, png: Path, sheet: str = "Net", share: float = 0.6, nth: float = 1) -> None:
    """The top of a sheet's first printed page, or of its nth, as a picture."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = libreoffice.convert(book, "pdf", Path(folder))
        page = str(first_page(pdf, sheet) + int(nth) - 1)
        width, height = (round(DPI * inches) for inches in LANDSCAPE_A4)
        crop = ["-x", "0", "-y", "30", "-W", str(width), "-H", str(round(share * height))]
        target = ["-singlefile", str(pdf), str(png.with_suffix(""))]
        subprocess.run(
            ["pdftoppm", "-png", "-r", str(DPI), "-f", page, "-l", page, *crop, *target], check=True
        )


def first_page(pdf: Path, sheet: str) -> int:
    """The first page whose footer names the sheet, counted from 1."""
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    for number, page in enumerate(text.stdout.split("\f"), 1):
        if re.search(rf"^\s*{re.escape(sheet)}, page \d+ of \d+\s*$", page, re.MULTILINE):
            return number
    raise SystemExit(f"no page of {pdf.name} has a footer that names the sheet {sheet}")


if __name__ == "__main__":
    book, png, *rest = sys.argv[1:]
    draw(Path(book), Path(png), *rest[:1], *map(float, rest[1:]))
