"""A small workbook to solve: two changing cells, an objective, a log, some of it by name."""

import openpyxl
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table

from xlcicf.ooxml.openpyxl_book import save_generated

NAMES = {
    "hidden.weight": "Net!$B$1:$B$2",
    "train.init": "Net!$B$8",
    "train.optimizer": "Net!$E$1",
    "train.steps": "Net!$E$2",
    "train.lr": "Net!$E$3",
    "train.restarts": "Net!$E$4",
    "train.seed": "Net!$E$5",
    "log": "'The log'!$A$1:$C$4",
}


def save_small(path, cells=()):
    """B3 = (B1 - 1)^2 + (B2 + 2)^2, from B1 = 4 and B2 = 4; `cells` are set on sheet Net beside that."""
    book = openpyxl.Workbook()
    net = book.active
    net.title = "Net"
    net["B1"], net["B2"], net["B3"], net["B8"] = 4, 4, "=(B1-1)^2+(B2+2)^2", 0.5
    net["G1"], net["G2"], net["G3"] = "w", 4, 5
    net.add_table(Table(displayName="Weights", ref="G1:G3"))
    for cell, value in dict(cells).items():
        net[cell] = value
    log = book.create_sheet("The log")
    log["A1"], log["B1"], log["C1"] = "text", "=1+1", True
    log["A2"] = "0123"
    log["A3"] = "=A1"
    log["A3"].data_type = "s"  # text that looks like a formula
    for name, target in NAMES.items():
        book.defined_names[name] = DefinedName(name, attr_text=target)
    save_generated(book, path)
    return path
