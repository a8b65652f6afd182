"""What only a real Excel can show: steps and expected sight of each, for a person at Windows or a Mac.

docs/checklist.md lists these; `xlcicf doctor --selftest` walks through them and writes a report. What a live
LibreOffice shows of the same code is tested there (tests/addin/libreoffice) and asked of nobody.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

WINDOWS, MAC, BOTH = "Windows", "Mac", "Windows and Mac"


@dataclass(frozen=True)
class Check:
    """One thing to confirm: what to do, and what should be seen."""

    name: str
    steps: str
    expected: str
    system: str = BOTH


CHECKS = (
    Check(
        "book",
        "Run `xlcicf build titanic`, open titanic.xlsx and press F9; open Data > Solver.",
        "No repair message; Net!P5 shows 0.264 and the parity cell stays as it was. Set Objective reads"
        " $P$5, By Changing Variable Cells reads $C$5:$M$6, Min is chosen.",
    ),
    Check(
        "stranger",
        "Run `xlcicf train BOOK --report-sheet` on a copy of a book of yours with charts, slicers or"
        " macros; open it.",
        "No repair message, nothing missing, the changing cells are new, a sheet Report says why; `xlcicf"
        " undo` takes both back.",
    ),
    Check(
        "install",
        "Run `xlcicf addin install`, then start Excel and open titanic.xlsx.",
        "A tab Neural Net with the groups Model, Train, Look, Lessons, Help; each button has a picture."
        " Train can be pressed; Stop, Undo and Redo are grey; Optimiser and Steps show what the book says;"
        " each choice of Solve says what it is for.",
    ),
    Check(
        "train",
        "Set Restarts to 200 and press Train; type into an empty cell, press F2 in another, wait ten"
        " seconds, press Esc.",
        "Excel takes the typing, the status bar counts steps before F2 and after Esc, no error; Solve and"
        " Subject to are grey meanwhile; the loss on Net falls below 0.13, the parity cell is green in the"
        " end.",
    ),
    Check(
        "undo",
        "Choose adam, set Steps to 100000, press Train, then Stop; press Undo, then Redo; save, close and"
        " open the book; press Undo.",
        "The run ends within a second. The weights go back, come again, and go back once more; F2 on a"
        " weight shows all its digits.",
    ),
    Check(
        "edit",
        "During a run of 100000 adam steps change a passenger's age, and answer the question with No.",
        "A box in front of Excel asks whether to keep what was found; after No the weights are those from"
        " before the run.",
    ),
    Check(
        "close",
        "During such a run close the book, then quit Excel; look into the task list. Start Excel, train"
        " titanic.xlsx, wait for the end, quit Excel; look again.",
        "No python process is left after a few seconds.",
    ),
    Check(
        "solver settings",
        "In a book of yours select a formula, press Set Objective; select a few inputs, hold Ctrl and"
        " select more elsewhere on the sheet, press By Changing Variable Cells; open Data > Solver.",
        "The status bar and Solver's dialog name the formula and all areas, in the order of the clicks.",
    ),
    Check(
        "subject to",
        "Select one of these cells, type <= 40; int into Subject to and press Enter; select another, type"
        " <= SUM(A1:A3); select the first again and type <= 50; open Data > Solver.",
        "The box shows of each cell what was typed, the sum with its sheet's name; Solver's list shows"
        " the first cell <= 50 and no integer, and the other with the same three cells wherever the"
        " selection is.",
    ),
    Check(
        "pages",
        "After a run in a book of yours press Loss chart, Weights picture, Report and Model card; save,"
        " close and open it.",
        "Each adds a sheet, with a falling line, a picture in blue and orange, columns wide enough for"
        " their texts; no repair message.",
    ),
    Check(
        "functions",
        "In a new book type =NN_SOFTMAX({1,2,3}), and below it =NN_RELU(\"a\") and =NN_LASTERROR(); open"
        " the function wizard, category Neural Net.",
        "0.0900, 0.2447, 0.6652 spill to the right; #VALUE! and a sentence that names the argument,"
        " without a message box; the wizard shows each argument's meaning.",
        WINDOWS,
    ),
    Check(
        "derivative",
        "In titanic.xlsx type =NN_DERIVATIVE(Net!P5,Net!C5:M6) where there is room; change a weight.",
        "Two rows of eleven numbers, equal to the sheet Gradient; they follow the weight.",
        WINDOWS,
    ),
    Check(
        "macro book",
        "Run `xlcicf addin build titanic`; open titanic.xlsm, enable macros, press the button Train on"
        " its first sheet.",
        "No repair message; the button trains as the ribbon does.",
    ),
    Check(
        "uninstall",
        "Quit Excel, run `xlcicf addin uninstall`, start Excel.",
        "The tab is gone, no message about a missing file.",
    ),
)  # fmt: skip


def selftest(
    system: str, ask: Callable[[str], str], say: Callable[[str], None], facts: Iterable[str]
) -> list[tuple[Check, str]]:
    """Walks a person through the checks of their system: (check, answer) for each, an answer "" is a yes.

    ask  shows a question and returns what was typed
    """
    for line in facts:
        say(line)
    answers = []
    mine = [check for check in CHECKS if system in check.system]
    for number, check in enumerate(mine, start=1):
        say(f"\n{number} of {len(mine)}: {check.name}\n  do:     {check.steps}\n  expect: {check.expected}")
        answers.append((check, ask("Enter if so; s to skip; else what you saw: ").strip()))
    return answers


def report(system: str, facts: Iterable[str], answers: list[tuple[Check, str]]) -> str:
    """The report's text, Markdown: the machine's facts, then a line a check."""
    lines = [f"# xlcicf in Excel on {system}, {dt.date.today().isoformat()}", "", "```", *facts, "```", ""]
    lines += ["| check | seen |", "|---|---|"]
    lines += [f"| {check.name} | {_seen(answer)} |" for check, answer in answers]
    return "\n".join(lines) + "\n"


def _seen(answer: str) -> str:
    return {"": "as expected", "s": "skipped"}.get(answer, answer.replace("|", "/"))
