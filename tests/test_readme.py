"""The README: short enough to be read, its links lead somewhere, and what it says of each book is true of it."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from xlcicf import docs
from xlcicf.host import open_book, read_snapshot
from xlcicf.lessons import LESSONS
from xlcicf.pages.model_card.sections import ASKED, SECTIONS
from xlcicf.solve import place
from xlcicf.solve.solver_names import saved_problems

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {"README.md": README} | {f"xlcicf/docs/{topic}.md": docs.page(topic) for topic in docs.topics()}


def test_it_has_fewer_than_1500_words():
    assert len(README.split()) < 1500


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)\s]+)\)", PAGES[page])
    for target in targets:
        if not target.startswith("https://"):
            path, _, anchor = target.partition("#")
            assert not path or (ROOT / page).parent.joinpath(path).is_file(), target
            headings = re.findall(r"^#+ (.+)$", PAGES[page], re.M)
            assert not anchor or anchor in [
                re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
            ]


def test_every_page_is_linked_and_named():
    for topic in docs.topics():
        assert f"(xlcicf/docs/{topic}.md)" in README, topic


def test_the_command_that_ci_takes_stands_on_one_line():
    assert len(re.findall(r"^python3 -m venv .* \.venv/bin/pytest.*$", README, re.M)) == 1


# --- the table of books ---------------------------------------------------------------------------------


def rows() -> dict[str, tuple[str, str]]:
    """Book -> (what one sees, without the picture, what is trained)."""
    section = README.split("## The books\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| \[`(\w+)`\]\(workbooks/\1\.xlsx\) \| (.*) \| (.*) \|$", section, re.M)
    return {book: (seen.partition("<br>")[0], trained) for book, seen, trained in found}


class Shown:
    """A shipped book, asked about."""

    def __init__(self, book: str):
        self.snapshot = read_snapshot(open_book(ROOT / "workbooks" / f"{book}.xlsx"))

    def sheets(self, *names: str) -> bool:
        return set(names) <= set(self.snapshot.sheets)

    def says(self, sheet: str, pattern: str) -> bool:
        """Whether a text on the sheet matches."""
        texts = (value for value in self.snapshot.sheets[sheet].values.values() if isinstance(value, str))
        return any(re.search(pattern, text) for text in texts)

    def computes(self, *sheets: str) -> bool:
        """Whether each of the sheets is one of formulas."""
        return all(len(self.snapshot.sheets[sheet].formulas) > 20 for sheet in sheets)

    def changing(self) -> dict[str, int]:
        """Sheet of each problem that Solver saved -> how many cells it changes."""
        placed = [place(self.snapshot, problem) for problem in saved_problems(self.snapshot)]
        return {problem.objective.sheet: problem.variables for problem in placed}


@cache
def shown(book: str) -> Shown:
    return Shown(book)


Check = Callable[[Shown], bool]

# All words of a row, in their order: each claim with what makes it true.
CLAIMS: dict[str, dict[str, Check]] = {
    "how_a_net_works": {
        "a quadratic": lambda b: b.computes("Quadratic"),
        "its error and slope": lambda b: b.says("Quadratic", "loss") and b.says("Quadratic", "slope"),
        "ReLUs": lambda b: b.computes("ReLU"),
        "a sum of eight ReLUs that training fits to a curve": lambda b: b.changing() == {"Sum of ReLUs": 8 * 3},
    },
    "gradient_descent": {
        "a line found row by row": lambda b: b.computes("One row at a time"),
        "five optimisers side by side": lambda b: all(
            b.says("Optimisers", f"^{name}$") for name in ("SGD", "momentum", "RMSProp", "Adam", "Adagrad")
        ),
        "a learning rate that explodes": lambda b: b.computes("Too fast"),
    },
    "titanic": {
        "who survived": lambda b: b.says("Net", "Survived"),
        "how much the loss follows each weight": lambda b: b.computes("Gradient"),
        "for whom each ReLU fires": lambda b: b.says("Look inside", "For whom each ReLU fires"),
    },
    "basic_neural_network": {
        "the notebook in cells": lambda b: b.sheets("Net", "Columns"),
        "a derivative": lambda b: b.computes("Derivative"),
        "one step": lambda b: b.computes("One step"),
        "ten steps": lambda b: b.computes("Ten steps"),
        "the slip that broadcasts": lambda b: b.computes("Broadcasting"),
        "fast.ai's notebook 05": lambda b: b.sheets("Notebook 05"),
        "every printed loss by formulas": lambda b: b.says("Notebook 05", "every printed loss, proved by formulas"),
    },
    "micrograd": {
        "back-propagation as a table of formulas": lambda b: b.computes("Nodes"),
        "a net that tells two moons apart": lambda b: b.computes("Moons", "Boundary"),
    },
    "mnist_basics": {
        "is it a three or a seven": lambda b: b.says("Read me", "Is it a three or a seven"),
        "Pixel similarity": lambda b: b.computes("Similarity"),
        "the seven steps of learning": lambda b: b.says("Seven steps", "in seven steps"),
        "a layer whose 28×28 weights you may train or paint": lambda b: b.changing() == {"Linear": 28 * 28 + 1},
    },
    "convolutions": {
        "windows that slide over pixels": lambda b: b.says("Edges", "window slides"),
        "every layer of a trained net as formulas": lambda b: b.computes("Layer 1", "Layer 2", "Layer 3", "Layer 4", "Output"),
        "max-pool and dropout on one canvas": lambda b: b.computes("One canvas")
        and b.says("One canvas", "(?i)max-?pool")
        and b.says("One canvas", "(?i)dropout"),
        "28×28 cells to draw in": lambda b: b.says("Draw", "yellow cells are your paper"),
        "its picture stands at the top": lambda b: README.index("workbooks/convolutions.png") < README.index("## "),
    },
    "looking_inside": {
        "what a net that reads digits looks for": lambda b: b.computes("Templates", "Hidden"),
        "what it takes for what": lambda b: b.computes("Confusion"),
        "which pixels decided": lambda b: b.computes("Saliency"),
        "the same for a passenger": lambda b: b.computes("A passenger"),
    },
    "visualizing_mnist": {
        "digits on a map": lambda b: b.sheets("Digits"),
        "two pixels": lambda b: b.computes("Two pixels"),
        "PCA": lambda b: b.computes("PCA"),
        "distances kept by training, MDS and Sammon": lambda b: b.changing().keys() == {"MDS", "Sammon"},
        "nearest neighbours": lambda b: b.computes("Neighbours"),
        "t-SNE in twelve frames": lambda b: b.says("t-SNE", "twelve frames"),
    },
    "vision_transformer": {
        "a digit as sixteen patches": lambda b: b.says("Patches", "16 patches"),
        "embedding": lambda b: b.computes("Embedding"),
        "queries": lambda b: b.says("Attention 1", "query|queries"),
        "keys": lambda b: b.says("Attention 1", "keys?"),
        "values": lambda b: b.says("Attention 1", "values?"),
        "who looks at whom": lambda b: b.computes("Where it looks"),
        "every stage a sheet of formulas": lambda b: b.computes(
            "Patches", "Embedding", "Attention 1", "Layers 1", "Attention 2", "Layers 2", "Class"
        ),
    },
    "model_card": {
        "what a stranger should know before trusting a net": lambda b: b.says("Read me", "stranger know before trusting"),
        "sixteen sections": lambda b: len(SECTIONS) == 16 and b.says("Model card", "Sixteen sections"),
        "filled from the run log": lambda b: b.says("Model card", "run log fills"),
        "sixteen questions of ethics": lambda b: len(ASKED) == 16 and b.says("Data ethics", "sixteen questions"),
    },
}  # fmt: skip


def test_every_book_stands_in_the_table_in_the_order_of_the_lesson():
    assert list(rows()) == list(LESSONS) == list(CLAIMS)


@pytest.mark.parametrize("book", CLAIMS)
def test_every_word_of_a_row_is_a_claim_that_is_true(book):
    rest = rows()[book][0]
    for claim, is_true in CLAIMS[book].items():
        before, found, rest = rest.partition(claim)
        assert found and not re.search(r"\w", before), f"{before!r} before {claim!r}"
        assert is_true(shown(book)), claim
    assert not re.search(r"\w", rest), rest


@pytest.mark.parametrize("book", CLAIMS)
def test_what_is_trained_is_what_solver_has_saved_in_the_book(book):
    trained, changing = rows()[book][1], shown(book).changing()
    if not changing:
        assert re.fullmatch(r"nothing: its nets? (is|are) trained", trained)
        assert shown(book).says("Model card", "shipped weights")
    elif len(changing) == 1:
        assert trained in [
            f"{count} {noun}" for count in changing.values() for noun in ("weights", "numbers")
        ]
    else:
        sheets = ", ".join(f"`--sheet {sheet}`" for sheet in changing)
        assert trained == f"two maps of {set(changing.values()).pop()} numbers: {sheets}"
        assert (len(changing), len(set(changing.values()))) == (2, 1)


def test_the_readme_counts_the_books():
    words = {11: "eleven", 12: "twelve", 13: "thirteen"}
    assert f"xlcicf is {words[len(LESSONS)]} such workbooks" in README
