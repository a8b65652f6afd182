"""The card's two pages: what stands where, what is a formula, and what a person may type into."""

import pytest

from tests.pages.model_card.test_sections import PUBLISHED
from xlcicf.formula.address import Area
from xlcicf.pages.model_card.content import Content
from xlcicf.pages.model_card.sections import ASKED, FIELDS
from xlcicf.pages.model_card.sheets import HEADER, LOG, NAMES, card_page, ethics_page
from xlcicf.pages.model_card.trained_book import Groups
from xlcicf.solve.fingerprints import Fingerprint

RESULTS = Groups(
    ("group", "passengers", "accuracy"), Area("G", 6, 2, 7, 4), (("women", 314.0, 0.825), ("men", 577.0, 0.8))
)


def column(page, letter: str) -> list:
    return [cell.value for address, cell in page.cells.items() if address.rstrip("0123456789") == letter]


def test_the_sheet_has_the_sections_in_order_and_each_variable_once():
    page = card_page(Content({}))
    shown = [cell.value for a, cell in page.cells.items() if a[0] == "A" and cell.style == "Section"]
    assert [text.partition(". ")[2].removesuffix(" (optional)") for text in shown] == list(PUBLISHED)
    assert column(page, NAMES)[1:] == list(FIELDS)


def test_every_question_stands_on_data_ethics_once_with_two_cells_to_type_into():
    page = ethics_page(Content({}))
    assert column(page, NAMES)[1:] == [question.name for question in ASKED]
    assert sum(cell.style == "Setting" and bool(cell.hint) for cell in page.cells.values()) == 2 * len(ASKED)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_only_what_is_marked_so_is_a_formula(text):
    page = card_page(Content({"software": text}, {"license": text}))
    cells = [cell for cell in page.cells.values() if cell.value == text]
    assert len(cells) == 2 and not any(cell.formula for cell in cells)


def test_what_the_run_log_knows_is_written_anew_and_what_a_person_types_never():
    page = card_page(Content({"software": "torch"}, {"license": "mit"}))
    rows = {cell.value: address[1:] for address, cell in page.cells.items() if address[0] == NAMES}
    known, typed = (
        [page.cells[f"{letter}{rows[name]}"] for letter in "CD"] for name in ("software", "license")
    )
    assert [(cell.value, cell.fact) for cell in known] == [(LOG, True), ("torch", True)]
    assert [(cell.value, cell.fact) for cell in typed] == [("you", False), ("mit", False)]
    assert typed[1].hint and not known[1].hint


def test_results_by_group_are_formulas_that_show_the_books_own_cells():
    page = card_page(Content({}, results=RESULTS))
    cells = {a: cell for a, cell in page.cells.items() if str(cell.value).startswith("=G!")}
    assert [cell.value for cell in cells.values()] == ["=G!B6", "=G!C6", "=G!D6", "=G!B7", "=G!C7", "=G!D7"]
    assert all(cell.formula and cell.fact for cell in cells.values())
    assert [cell.number_format for cell in cells.values()][:3] == [None, "0", "0.0%"]


def test_each_area_of_data_and_weights_has_its_number_now_and_then():
    data = Fingerprint(Area("G", 1, 1, 9, 1), "=SUM(G!$A$1:$A$9)", 45.0)
    weights = Fingerprint(Area("G", 1, 3, 1, 3), "=G!$C$1", 2.0)
    cells = card_page(Content({}, data=(data,), weights=(weights,), results=RESULTS)).cells
    table = [[cells[f"{letter}{HEADER + row}"].value for letter in "HIJK"] for row in (1, 2)]
    assert table == [["G!A1:A9", "data", "=SUM(G!$A$1:$A$9)", 45.0], ["G!C1", "weights", "=G!$C$1", 2.0]]


def test_an_answer_with_a_formula_as_evidence_is_live():
    cells = ethics_page(Content({}, answers={ASKED[3].name: ("yes", "=A1")})).cells.values()
    assert [cell.formula for cell in cells if cell.value == "=A1"] == [True]
