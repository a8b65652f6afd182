"""What only a real Excel can show: steps and expected sight of each, for a person at Windows or a Mac.

The README lists these; `xlcicf doctor --selftest` walks through them and writes a report.
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
        "Run `xlcicf build titanic --out .` and open titanic.xlsx; press F9.",
        "No repair message; Net!P5 shows 0.264 and the parity cell stays as it was.",
    ),
    Check(
        "solver",
        "In titanic.xlsx open Data > Solver.",
        "Set Objective reads $P$5, By Changing Variable Cells reads $C$5:$M$6, Min is chosen.",
    ),
    Check(
        "stranger",
        "Run `xlcicf train` on a copy of a book of yours with charts, slicers or macros; open it.",
        "No repair message, nothing missing, the changing cells are new, Undo (`xlcicf undo`) restores them.",
    ),
    Check(
        "install",
        "Run `xlcicf addin install`, then start Excel.",
        "A tab Neural Net with the groups Model, Train, Look, Lessons, Help; each button has a picture.",
    ),
    Check(
        "enabled",
        "Open titanic.xlsx, look at the tab Neural Net before the first run.",
        "Train can be pressed; Stop, Undo and Redo are grey; Optimiser and Steps show what the book says.",
    ),
    Check(
        "train",
        "Set Restarts to 200 and press Train; type into an empty cell meanwhile.",
        "Excel takes the typing, the status bar counts steps, the loss on Net falls below 0.13, the parity"
        " cell is green in the end.",
    ),
    Check(
        "stop",
        "Choose adam, set Steps to 100000, press Train, then Stop.",
        "The run ends within a second, the best weights so far stay, Undo can be pressed.",
    ),
    Check(
        "undo",
        "Press Undo, then Redo; save, close and open the book; press Undo.",
        "The weights go back, come again, and go back once more; F2 on a weight shows all its digits.",
    ),
    Check(
        "edit",
        "During a run of 100000 adam steps change a passenger's age, and answer the question with No.",
        "A box asks whether to keep what was found; after No the weights are those from before the run.",
    ),
    Check(
        "busy",
        "During such a run press F2 in an empty cell, wait ten seconds, press Esc.",
        "No error; the run goes on after Esc.",
    ),
    Check(
        "close",
        "During such a run close the book, then quit Excel; look into the task list. Start Excel, train"
        " titanic.xlsx, wait for the end, quit Excel; look again.",
        "No python process is left after a few seconds.",
    ),
    Check(
        "gradient",
        "Select Net!C5 and press Gradient of the selected cell.",
        "A box says the derivative that the sheet Gradient shows for that weight.",
    ),
    Check(
        "solver settings",
        "In a book of yours select a formula, press Set Objective, select inputs, press By Changing Variable"
        " Cells; open Data > Solver.",
        "Solver's dialog shows these cells.",
    ),
    Check(
        "ctrl-click",
        "Select a few inputs, hold Ctrl and select more elsewhere on the sheet; press By Changing Variable"
        " Cells; open Data > Solver.",
        "The status bar and Solver's dialog name all areas, in the order of the clicks.",
    ),
    Check(
        "subject to",
        "Select one of these cells, type <= 40; int into Subject to and press Enter; select another, then"
        " the first again; type <= 50 instead; open Data > Solver.",
        "The box is blank for the other cell and shows <= 40; int for the first; the status bar then says"
        " what holds now and what no longer does; Solver's list shows the cell <= 50 and no integer.",
    ),
    Check(
        "subject to a formula",
        "Type <= SUM(A1:A3) for such a cell, select another cell, then this one again; open Data > Solver;"
        " empty the box.",
        "The box shows the sum with the sheet's name, Solver's list with the same three cells wherever the"
        " selection is; after emptying the constraint is gone from both.",
    ),
    Check(
        "solve",
        "In titanic.xlsx open Solve and choose adam; press Undo; set Restarts to 200 and press Train; look at"
        " Solve and Subject to.",
        "Each choice says what it is for; the first run is adam's while the box Optimiser stays; Undo takes"
        " it back; both controls are grey during the second run.",
    ),
    Check(
        "pictures",
        "After a run in a book of yours press Loss chart and Weights picture.",
        "A sheet Neural Net with a falling line and a picture in blue and orange.",
    ),
    Check(
        "report",
        "In a Solver model of yours press Solve, auto, then Report; change a right side on your sheet and"
        " back; press Undo.",
        "A new sheet Report with Answer, Sensitivity and Limits; its slack follows the right side; Undo puts"
        " the cells back and takes the sheet away.",
    ),
    Check(
        "model card",
        "In titanic.xlsx press Train, then Model card; change a passenger's age; press Model card again.",
        "Two new sheets; on Model card a red line says that the data changed; the second press says so too.",
    ),
    Check(
        "functions",
        "In a new book type =NN_SOFTMAX({1,2,3}) and =NN_LASTERROR(); open the function wizard, category"
        " Neural Net.",
        "0.0900, 0.2447, 0.6652 spill to the right; the wizard shows each argument's meaning.",
        WINDOWS,
    ),
    Check(
        "derivative",
        "In titanic.xlsx type =NN_DERIVATIVE(Net!P5,Net!C5:M6) where there is room; change a weight.",
        "Two rows of eleven numbers, equal to the sheet Gradient; they follow the weight.",
        WINDOWS,
    ),
    Check(
        "error",
        "Type =NN_RELU(\"a\") and, beside it, =NN_LASTERROR().",
        "#VALUE!, and a sentence that names the argument; no traceback and no message box.",
        WINDOWS,
    ),
    Check(
        "macro book",
        "Run `xlcicf addin build --out .` and, for a macro book, `xlcicf addin build titanic --out .`; open"
        " titanic.xlsm, enable macros, press the button Train on its first sheet.",
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
