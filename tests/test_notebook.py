"""What a notebook shows: ranges, functions and runs as pictures; and workbooks/lesson.ipynb, cell by cell."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import xlcicf
from tests.small import save_small
from xlcicf import notebook
from xlcicf.host import in_notebook

ROOT = Path(__file__).parents[1]
LESSON = ROOT / "workbooks" / "lesson.ipynb"
MOST_SECONDS = 60  # of the processor: a busy machine takes longer by the clock
needs_ipython = pytest.mark.skipif(
    not find_spec("IPython"), reason='IPython is not installed: pip install "xlcicf[test]"'
)


@pytest.fixture
def small(tmp_path):
    save_small(tmp_path / "small.xlsx")
    return xlcicf.open_book(tmp_path / "small.xlsx")


def colours(html: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, found.split(","))) for found in re.findall(r"background:rgb\(([\d,]+)\)", html)]


# ---- pictures --------------------------------------------------------------------------------------------


def test_numbers_are_blue_below_zero_and_orange_above():
    below, zero, above = colours(notebook.picture([[-2, 0, 1.0]], "weights"))
    assert below == notebook.BLUE and zero == (255, 255, 255)
    assert above[0] > above[1] > above[2], "half of orange"


def test_where_nothing_is_below_zero_a_picture_is_ink_on_paper():
    paper, grey, ink = colours(notebook.picture([[0, 0.5, 1]], "digit"))
    assert paper == (255, 255, 255) and ink == notebook.GREY and len(set(grey)) == 1


def test_a_wide_block_shows_colours_alone():
    wide = notebook.picture([list(range(28))], "digit")
    assert len(colours(wide)) == 28 and not re.search(r">\d", wide)


def test_what_cells_hold_is_text_not_html():
    html = notebook.picture([["<b>", None, True, "=1+1", float("nan")]], "<i>")
    assert "<b>" not in html and "<i>" not in html and "&lt;b&gt;" in html and ">True<" in html


def test_a_range_is_shown_with_its_address_and_cut_off_where_it_is_large(small):
    sheet = small.sheets["Net"]
    assert "Net!B1:B3<" in in_notebook.picture(sheet["B1:B3"])
    large = in_notebook.picture(sheet["A1:CV300"])
    assert large.count("<tr>") == 60 and "the first 60 rows and 60 columns" in large


def test_a_function_is_shown_with_values_and_slopes(small):
    f = xlcicf.differentiate(small, xlcicf.Problem("Net!B3", "Net!B1:B2"))
    html = f._repr_html_()
    assert html.count("<table") == 2 and "values of Net!B1:B2" in html and "slopes of Net!B1:B2" in html
    assert f"{f.gradient(f.start)[0]:.4g}" in html


def test_a_curve_is_short_and_the_same_each_time():
    losses = [(1 / (n + 1), 1 / (n + 1)) for n in range(100_000)]
    drawn = notebook.curve(losses, "Net!B3", "it converged")
    assert drawn == notebook.curve(losses, "Net!B3", "it converged") and len(drawn) < 40_000
    assert "Net!B3: 1e-05 after 100,000 steps; it converged" in drawn
    height = [
        float(y) for _, y in (point.split(",") for point in re.search('points="([^"]+)"', drawn)[1].split())
    ]
    assert height == sorted(height), "the best only falls"


@pytest.mark.parametrize(
    "losses", [[(2.0, 2.0)], [(1.0, 1.0)] * 3, [(0.0, 0.0)] * 2, [(5.0, 5.0), (9e99, 5.0)]]
)
def test_a_curve_of_hardly_anything_is_drawn_too(losses):
    assert "nan" not in notebook.curve(losses, "x") and "inf" not in notebook.curve(losses, "x")


# ---- without IPython nothing changes ---------------------------------------------------------------------


def test_in_a_plain_python_a_run_is_a_plain_generator(small):
    if "IPython" in sys.modules:
        pytest.skip("IPython is loaded here")
    f = xlcicf.differentiate(small, xlcicf.Problem("Net!B3", "Net!B1:B2"))
    run = xlcicf.train(f, steps=3)
    assert notebook.shell() is None and run.gi_code.co_name == "_run"
    run.close()


# ---- the lesson's notebook -------------------------------------------------------------------------------


def test_the_notebook_is_as_jupyter_writes_it_and_holds_no_outputs():
    kept = json.loads(LESSON.read_text(encoding="utf-8"))
    assert (kept["nbformat"], kept["nbformat_minor"]) == (4, 5)
    assert LESSON.read_text(encoding="utf-8") == json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    cells = kept["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
    books = {path.name for path in LESSON.parent.glob("*.xlsx")}
    named = set(re.findall(r"[a-z_]+\.xlsx", LESSON.read_text(encoding="utf-8")))
    assert {"titanic.xlsx", "convolutions.xlsx"} <= named <= books


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, dict]:
    """What each cell of the lesson's notebook shows, run once in a folder with the workbooks."""
    folder = tmp_path_factory.mktemp("lesson")
    for name in ("titanic.xlsx", "convolutions.xlsx"):
        shutil.copy(LESSON.parent / name, folder)
    command = [sys.executable, "-m", "tests.notebook_cells", str(LESSON)]
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    began = sum(os.times()[2:4])
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths, "IPYTHONDIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert sum(os.times()[2:4]) - began < MOST_SECONDS
    return {cell["id"]: cell for cell in json.loads(done.stdout)}


@needs_ipython
def test_every_cell_runs(shown):
    assert {name: cell["error"] for name, cell in shown.items() if cell["error"]} == {}
    assert len(shown) > 10


@needs_ipython
def test_it_shows_the_lessons_figures(shown):
    assert shown["slope-code"]["value"] == "tensor(6.)"
    assert float(shown["torch-code"]["value"]) == pytest.approx(0.366001374, abs=5e-10)
    slope, nudge = map(float, re.findall(r"-?\d\.\d+(?:e-\d+)?", shown["nudge"]["text"]))
    assert slope == pytest.approx(nudge, abs=1e-8)
    before, after = map(float, re.findall(r"\d\.\d+", shown["step-code"]["text"]))
    assert before == pytest.approx(0.26424450270227445, abs=1e-12) and after < before
    loss, right = re.search(r"loss (\S+) right (\S+)%", shown["accuracy-code"]["text"]).groups()
    assert float(loss) < 0.1428 and float(right) > 80


@needs_ipython
def test_ranges_and_the_function_are_pictures(shown):
    for name, cells in (
        ("data-code", 110),
        ("net-code", 22),
        ("loss-code", 44),
        ("digit-code", 784),
        ("map", 144),
    ):
        assert len(colours(shown[name]["value"])) == cells, name
    ink = np.array(colours(shown["digit-code"]["value"])).reshape(28, 28, 3)
    assert (ink[0] == 255).all() and (ink < 100).any(), "a digit on white paper"


@needs_ipython
def test_the_loss_of_the_run_is_one_curve_that_ends_with_the_reason(shown):
    (curve,) = shown["train-code"]["pictures"]
    assert "<polyline" in curve and shown["train-code"]["value"].strip("'") in curve
