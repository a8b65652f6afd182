"""The pages that `xlcicf help` shows say what the code has."""

import re

from xlcicf import cli, docs, words
from xlcicf.optim import METHODS
from xlcicf.words import SETTINGS

SOLVING = docs.page("solving")
ENDINGS = {words.FOUND, words.CONVERGED, words.LOCAL, words.STOPPED} | {
    words.UNBOUNDED, words.INFEASIBLE, words.TARGET, words.FLAT
}  # fmt: skip


def first_cells(heading: str) -> list[list[str]]:
    """What stands in code in the first cell of each row of the table below a heading."""
    section = SOLVING.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [re.findall("`([^`]+)`", row) for row in rows]


def test_every_method_stands_in_the_page_on_solving_and_no_other():
    named = [name for row in first_cells("Methods") for name in row]
    assert sorted(named) == sorted(METHODS)


def test_every_status_stands_there_with_its_exit_code():
    section = SOLVING.split("## How a run ends\n")[1]
    rows = {status: line for line in section.splitlines() for status in re.findall(r"^\| `(\w+)`", line)}
    assert rows.keys() == ENDINGS
    for status, line in rows.items():
        ended = "| 0 | written |" if status in words.WORTH_HAVING else "| 1 | as it was |"
        assert line.endswith(ended), status


def test_settings_are_named_there():
    assert all(f"`{name}`" in SOLVING for name in SETTINGS)
    assert "--subject-to" in SOLVING


def test_help_shows_the_page(capsys):
    assert cli.main(["help", "solving"]) == 0
    assert capsys.readouterr().out == SOLVING
    assert cli.main(["help"]) == 0
    assert "xlcicf help solving" in capsys.readouterr().out
