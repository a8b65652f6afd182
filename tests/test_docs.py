"""The pages that `xlcicf help` shows say what the code has."""

import re
from pathlib import Path

import pytest

from tests import oracles
from xlcicf import cli, docs, words
from xlcicf.lessons import LESSONS
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


# --- for teachers ---------------------------------------------------------------------------------------

TEACHERS = docs.page("teachers")
WORKBOOKS = Path(__file__).parents[1] / "workbooks"

# What the page says, and where the book shows it
FIGURES = [
    ("From 0.000397, 2 divided by", "gradient_descent", "'Too fast'!E8", "{:.6f}"),
    ("curvature, 5,032.6:", "gradient_descent", "'Too fast'!E6", "{:,.1f}"),
    ("by -0.00111 for each", "titanic", "Gradient!D8", "{:.5f}"),
    ("right on 711 of 891", "titanic", "Compare!D8", "{:.0f}"),
    ("Solver's net on 713", "titanic", "Compare!D7", "{:.0f}"),
    ("trained by xlcicf on 736", "titanic", "Compare!D11", "{:.0f}"),
    ("why is a's grad 6?", "micrograd", "Nodes!H26", "{:.0f}"),
    ("98.2% of MNIST's 2,038", "mnist_basics", "simple_net!B8", "{:.1%}"),
    ("208: eight kernels of 25", "convolutions", "'Stride and padding'!I16", "{:.0f}"),
    ("learns 30,282", "convolutions", "'Stride and padding'!I21", "{:,.0f}"),
    ("on 4 of 45", "looking_inside", "Confusion!H9", "{:.0f}"),
    ("10.3% and 7.4%", "visualizing_mnist", "PCA!B13", "{:.1%}"),
    ("10.3% and 7.4%", "visualizing_mnist", "PCA!B14", "{:.1%}"),
    ("right on 61.5% of them", "model_card", "Groups!H16", "{:.1%}"),
    ("36.9% survived", "model_card", "Groups!E16", "{:.1%}"),
    ("of 23.0%", "model_card", "Groups!F16", "{:.1%}"),
]


@pytest.mark.parametrize(("said", "book", "cell", "form"), FIGURES, ids=lambda value: str(value))
def test_a_figure_for_teachers_is_the_books(said, book, cell, form):
    assert said in " ".join(TEACHERS.split())
    value = oracles.saved_values(WORKBOOKS / f"{book}.xlsx")[cell]
    assert form.format(value) in said


def test_teachers_find_every_book_in_order_with_minutes_and_a_question():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", TEACHERS, re.M)
    assert [book for book, _ in rows] == list(LESSONS)
    asked = re.findall(r"^- `(\w+)`:.*\*\*.+\?", TEACHERS.split("## What to ask")[1], re.M)
    assert asked == list(LESSONS)


def test_the_exercises_are_as_many_as_teachers_are_told():
    assert {len(lesson.exercises) for lesson in LESSONS.values()} <= set(range(4, 8))
    assert "four to seven formulas" in TEACHERS


RESOURCES = """
https://github.com/fastai/course22/blob/master/05-linear-model-and-neural-net-from-scratch.ipynb
https://github.com/fastai/fastbook/blob/master/04_mnist_basics.ipynb
https://github.com/fastai/fastbook/blob/master/13_convolutions.ipynb
https://www.youtube.com/watch?v=tIeHLnjs5U8
https://github.com/karpathy/micrograd/blob/master/demo.ipynb
https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/micrograd/micrograd_lecture_first_half_roughly.ipynb
https://course.fast.ai/
https://ethics.fast.ai/
https://huggingface.co/docs/hub/en/model-card-annotated
https://colah.github.io/posts/2014-10-Visualizing-MNIST/
https://www.kaggle.com/code/jhoward/how-does-a-neural-net-really-work
https://ml4a.github.io/ml4a/looking_inside_neural_nets/
https://blog.mdturp.ch/posts/2024-04-05-visual_guide_to_vision_transformer.html
""".split()


def test_every_resource_of_the_lesson_is_a_link():
    assert re.findall(r"^\| \[.+\]\((\S+)\) \|", TEACHERS, re.M) == RESOURCES


# --- help -----------------------------------------------------------------------------------------------


def test_help_shows_the_page(capsys):
    assert cli.main(["help", "solving"]) == 0
    assert capsys.readouterr().out == SOLVING
    assert cli.main(["help"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in listed] == docs.topics()
    assert listed[-2].split(maxsplit=3)[3] == docs.title(docs.topics()[-2])
