"""The sheet *Model card* of the books with shipped weights: the figures are those of the weights' own files."""

from pathlib import Path

import openpyxl
import pytest

from xlcicf.learn import vision
from xlcicf.lessons import weights_card

SHIPPED = Path(__file__).parents[2] / "workbooks"
CARDS = {
    "mnist_basics": ("linear_3_7", "simple_net"),
    "convolutions": ("cnn",),
    "looking_inside": ("linear", "hidden"),
    "vision_transformer": ("vit",),
}


@pytest.mark.parametrize("book", CARDS)
def test_the_card_says_what_is_known_of_the_books_nets(book):
    ws = openpyxl.load_workbook(SHIPPED / f"{book}.xlsx", read_only=True)[weights_card.SHEET]
    rows = {row[0]: row[1:] for row in ws.iter_rows(min_row=4, max_row=13, values_only=True)}
    for col, name in enumerate(CARDS[book]):
        known = vision.facts(name)
        assert rows[None][col] == name
        assert rows["right"][col] == float(known["accuracy"])
        assert rows["numbers learned"][col] == int(known["parameters"])
        assert rows["numbers learned"][col] == vision.parameters(vision.trained(name))
        assert (rows["times it saw each of them"][col], rows["seed"][col]) == (
            int(known["epochs"]),
            int(known["seed"]),
        )


def test_every_shipped_net_of_a_book_reaches_what_was_asked_of_it():
    reached = {name: float(vision.facts(name)["accuracy"]) for names in CARDS.values() for name in names}
    asked = {"cnn": 0.99, "simple_net": 0.98, "vit": 0.97, "linear": 0.9}
    assert {name: reached[name] for name in asked if reached[name] < asked[name]} == {}
