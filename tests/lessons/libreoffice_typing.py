"""Types into a book that is open in LibreOffice, and reads. Asked through `tests.libreoffice`."""

from libreoffice_answers import LibreOffice
from uno_office import opened


def answer(context, book, typed, read):
    """The values of the areas `read` after each of `typed`, one after another: [[area, rows], ...]."""
    program, found = LibreOffice(opened(context, book)), []
    for area, rows in typed:
        program.write(area, rows)
        found.append([program.values(wanted) for wanted in read])
    return found
