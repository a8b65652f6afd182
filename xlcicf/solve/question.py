"""What another process is asked, as a line of JSON: a snapshot of the book, what to change, and how."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from xlcicf.formula.address import Area
from xlcicf.formula.limits import Limit
from xlcicf.formula.snapshot import Calculation, ExcelError, Sheet, Snapshot, Table, WhatIf

if TYPE_CHECKING:  # who reads a question here loads neither problems nor hosts
    from xlcicf.solve import PlacedProblem


def question_line(problem: "PlacedProblem", settings: dict) -> bytes:
    """A line out of a problem in its place and the arguments of `xlcicf.optim.train`. Raises what
    `PlacedProblem.question` raises."""
    question = problem.question
    content = question | {
        "book": _snapshot_content(question["book"]),
        "objective": asdict(question["objective"]),
        "changing": [asdict(area) for area in question["changing"]],
        "lower": question["lower"].tolist(),
        "upper": question["upper"].tolist(),
        "constraints": [asdict(limit) for limit in question["constraints"]],
        "whole": question["whole"].tolist(),
        "orders": [order.tolist() for order in question["orders"]],
    }
    return json.dumps([content, settings]).encode() + b"\n"


def question_of(line: bytes) -> tuple[dict, dict]:
    """The arguments of `xlcicf.formula.differentiate` and of `xlcicf.optim.train`."""
    content, settings = json.loads(line)
    question = content | {
        "book": _snapshot(content["book"]),
        "objective": Area(**content["objective"]),
        "changing": tuple(Area(**area) for area in content["changing"]),
        "lower": np.array(content["lower"], dtype=np.float64),
        "upper": np.array(content["upper"], dtype=np.float64),
        "constraints": [_limit(limit) for limit in content["constraints"]],
        "orders": [np.array(order) for order in content["orders"]],
    }
    return question, settings


def _limit(content: dict) -> Limit:
    left, right = (
        tuple(Area(**area) for area in side) if isinstance(side, list) else side
        for side in (content["left"], content["right"])
    )
    return Limit(content["text"], left, content["relation"], right, content["formula"])


def _snapshot_content(book: Snapshot) -> dict:
    return {
        "sheets": [_sheet_content(sheet) for sheet in book.sheets.values()],
        "names": [[*key, text] for key, text in book.names.items()],
        "tables": [asdict(table) for table in book.tables.values()],
        "calculation": asdict(book.calculation),
        "elsewhere": [_sheet_content(sheet) for sheet in book.elsewhere.values()],
    }


def _snapshot(content: dict) -> Snapshot:
    sheets, others = ([_sheet(sheet) for sheet in content[key]] for key in ("sheets", "elsewhere"))
    tables = [
        Table(**table | {"area": Area(**table["area"]), "columns": tuple(table["columns"])})
        for table in content["tables"]
    ]
    return Snapshot(
        sheets={sheet.name: sheet for sheet in sheets},
        names={(name, scope): text for name, scope, text in content["names"]},
        tables={table.name.casefold(): table for table in tables},
        calculation=Calculation(**content["calculation"]),
        elsewhere={sheet.name.casefold(): sheet for sheet in others},
    )


def _sheet_content(sheet: Sheet) -> dict:
    return {
        "name": sheet.name,
        "formulas": [[*cell, text] for cell, text in sheet.formulas.items()],
        "values": [[*cell, isinstance(value, ExcelError), value] for cell, value in sheet.values.items()],
        "arrays": [asdict(area) for area in sheet.arrays.values()],
        "data_tables": [
            [asdict(area), asked.row_input, asked.column_input] for area, asked in sheet.data_tables.items()
        ],
        "hidden": sorted(sheet.hidden),
        "filtered": [asdict(area) for area in sheet.filtered],
        "spilling": sorted(sheet.spilling),
    }


def _sheet(content: dict) -> Sheet:
    arrays = [Area(**area) for area in content["arrays"]]
    return Sheet(
        content["name"],
        formulas={(row, col): text for row, col, text in content["formulas"]},
        values={
            (row, col): ExcelError(value) if is_error else value
            for row, col, is_error, value in content["values"]
        },
        arrays={(area.top, area.left): area for area in arrays},
        data_tables={
            Area(**area): WhatIf(*(cell and tuple(cell) for cell in inputs))
            for area, *inputs in content["data_tables"]
        },
        hidden=set(content["hidden"]),
        filtered=[Area(**area) for area in content["filtered"]],
        spilling={(row, col) for row, col in content["spilling"]},
    )
