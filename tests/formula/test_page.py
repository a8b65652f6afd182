"""The page of functions is the table, and `xlcicf help` shows it."""

from xlcicf import docs
from xlcicf.cli import main
from xlcicf.formula.functions import FUNCTIONS
from xlcicf.formula.functions.page import page


def test_the_page_of_functions_is_made_from_the_table():
    """Written anew by: python -c "from xlcicf.formula.functions.page import page; print(page(), end='')" """
    made = page()
    assert docs.page("functions") == made
    assert all(f"| {name} |" in made for name in FUNCTIONS)


def test_help_lists_the_pages_and_shows_one(capsys):
    assert main(["help"]) == 0 and "xlcicf help functions" in capsys.readouterr().out
    assert main(["help", "functions"]) == 0 and "| XIRR |" in capsys.readouterr().out
    assert main(["help", "nothing"]) == 1 and "functions" in capsys.readouterr().err
