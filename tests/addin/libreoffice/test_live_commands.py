"""The ribbon's commands in a live LibreOffice: what they do there is what they do on a copy of the file."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import xlcicf
from tests.addin.libreoffice.office import PressedOffice, running, until
from xlcicf.addin import commands
from xlcicf.addin.ribbon import CONTROLS
from xlcicf.host.headless.person import person_at
from xlcicf.solve import History

pytestmark = pytest.mark.libreoffice

BOOKS = Path(__file__).parents[3] / "workbooks"
SHEET, WEIGHTS, LOSS = "Sum of ReLUs", "F5:M7", "P7"  # of how_a_net_works


@pytest.fixture
def office():
    return running()


class Scene:
    """A copy of a lesson in front of the person, and the same one as a file."""

    def __init__(self, office: PressedOffice, folder: Path, name: str):
        self.office, self.path = office, folder / f"{name}.xlsx"
        shutil.copy(BOOKS / self.path.name, self.path)
        self.copy = shutil.copy(self.path, folder / "copy.xlsx")
        names = openpyxl.load_workbook(self.path).defined_names
        self.settings = {
            n: names[n].attr_text.replace("$", "").rsplit("!", 1) for n in names if n.startswith("train.")
        }
        office.open(self.path)

    def set(self, **settings) -> None:
        for name, value in settings.items():
            sheet, cell = self.settings[f"train.{name}"]
            self.office.write(self.path, sheet.strip("'"), cell, [[value]])

    def press(self, control: str, text: str | None = None) -> None:
        self.office.press(self.path, control, *([text] if text is not None else []))

    def values(self, sheet: str, address: str) -> np.ndarray:
        return np.array(self.office.values(self.path, sheet, address))

    def loss(self) -> float:
        return self.office.values(self.path, SHEET, LOSS)[0][0]

    def weights(self) -> list:
        return self.office.values(self.path, SHEET, WEIGHTS)

    def history(self) -> History:
        return History.beside(self.path)

    def is_idle(self) -> bool:
        return self.office.is_enabled(self.path, "train") and not self.office.is_enabled(self.path, "stop")

    def ended(self) -> None:
        until(self.is_idle, what="the run has not ended")

    def long_run(self) -> None:
        """A run that nobody wants to wait for, once it has written something."""
        self.set(optimizer="adam", steps=10_000_000, lr=1e-4)
        before = self.weights()
        self.press("train")
        until(lambda: self.weights() != before, what="nothing was written")
        until(lambda: self.office.is_enabled(self.path, "stop"), what="Stop stayed grey")

    def box(self) -> list:
        until(self.office.has_box, what="no box was shown")
        time.sleep(0.3)  # it is drawn by then
        return self.office.box()

    def answered(self, button: str) -> str:
        """What a box said, which is gone by then."""
        texts, buttons = self.box()
        assert button in buttons, (texts, buttons)
        assert self.office.answer(button)
        until(lambda: not self.office.has_box(), what="the box stayed")
        return " ".join(texts)


@pytest.fixture
def scene(office, tmp_path, request):
    scene = Scene(office, tmp_path, getattr(request, "param", "how_a_net_works"))
    yield scene
    if office.is_there and str(scene.path) in office.open_paths():
        while office.has_box():
            scene.answered(scene.box()[1][0])
        office.close(scene.path)


def headless(scene: Scene, control: str, text: str = ""):
    """The same on the copy; the book."""
    book = xlcicf.open_book(scene.copy)
    said = commands.run(book, control, text)
    assert not person_at(book).alerts, said
    return book


# ---- training --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", ["titanic"], indirect=True)
def test_a_run_finds_what_it_finds_in_the_file(scene):
    scene.press("train")
    until(lambda: len(scene.history().runs) == 1 and scene.history().was is None, what="no run is recorded")
    scene.ended()
    book = headless(scene, "train")
    for sheet, address in (("Net", "C5:M6"), ("Net", "P5:P5"), ("Training", "B19:L20")):
        here = np.array(book.sheets[sheet][address].options(ndim=2).value, dtype=float)
        assert scene.values(sheet, address).astype(float) == pytest.approx(here, rel=1e-9, abs=1e-9)
    live, file = scene.history().runs[0], History.beside(scene.copy).runs[0]
    assert live.title == file.title
    assert [loss for _, loss in live.losses] == pytest.approx([loss for _, loss in file.losses], rel=1e-9)
    assert scene.office.text(scene.path, "Net", "R7").startswith("formulas and torch agree")
    assert scene.office.undo_titles(scene.path)[0] == "Neural Net: Train"


def test_step_undo_redo_and_reset_move_the_weights_to_and_fro(scene):
    start = scene.weights()
    scene.press("step")
    until(lambda: scene.weights() != start)
    scene.ended()
    trained = scene.weights()
    until(lambda: scene.office.is_enabled(scene.path, "undo"))
    scene.press("undo")
    until(lambda: scene.weights() == start)
    until(lambda: scene.office.is_enabled(scene.path, "redo"))
    scene.press("redo")
    until(lambda: scene.weights() == trained)
    scene.press("reset")
    until(lambda: scene.weights() == start)


def test_librecalcs_own_undo_takes_a_whole_run_back(scene):
    start, entries = scene.weights(), len(scene.office.undo_titles(scene.path))
    scene.press("solve", "adam")
    until(lambda: scene.weights() != start)
    scene.ended()
    assert len(scene.office.undo_titles(scene.path)) == entries + 1
    scene.office.undo(scene.path)
    assert scene.weights() == start


def test_stop_ends_a_run_within_a_second_and_typing_goes_on(scene, measured):
    scene.long_run()
    waits = []
    for i in range(20):
        began = time.monotonic()
        scene.office.write(scene.path, "Read me", "H30", [[float(i)]])
        assert scene.office.values(scene.path, "Read me", "H30") == [[float(i)]]
        waits.append(time.monotonic() - began)
    began = time.monotonic()
    scene.press("stop")
    scene.ended()
    stopped = time.monotonic() - began
    measured("LibreOffice: from a key to its cell during a run, longest of 20", f"{max(waits):.2f} s")
    measured("LibreOffice: Stop until the controls are free", f"{stopped:.2f} s")
    until(lambda: len(scene.history().runs) == 1)
    assert scene.loss() < scene.history().runs[0].losses[0][1] + 1e-12


@pytest.mark.parametrize("button", ["Yes", "No", "Cancel"])
def test_an_edit_during_a_run_is_asked_about(scene, button):
    start = scene.weights()
    scene.long_run()
    typed = [[7.0] + list(scene.weights()[0][1:]), *scene.weights()[1:]]
    scene.office.write(scene.path, SHEET, "F5", [[7.0]])
    assert "F5 changed while training ran" in scene.answered(button)
    assert "F5 changed while training ran; " in scene.answered("OK")
    scene.ended()
    now = scene.weights()
    if button == "No":
        assert now == start
    elif button == "Cancel":
        assert now[0][0] == 7.0
    else:
        assert now != start and now[0][0] != 7.0
    assert typed[0][0] == 7.0


def test_inserted_rows_end_a_run_and_nothing_more_is_written(scene):
    scene.long_run()
    scene.office.insert_rows(scene.path, SHEET, 6, 2)
    assert "changed while training ran" in scene.answered("OK")
    scene.ended()


def test_a_protected_sheet_is_told(scene):
    start = scene.weights()
    scene.office.protect(scene.path, SHEET)
    scene.press("train")
    assert "LibreOffice refuses" in scene.answered("OK")
    scene.ended()
    assert scene.weights() == start
    scene.office.unprotect(scene.path, SHEET)


def test_a_second_press_during_a_run_is_refused(scene):
    scene.long_run()
    scene.press("train")
    assert "is being trained already" in scene.answered("OK")
    scene.press("stop")
    scene.ended()


def test_a_document_that_is_closed_ends_its_run_and_keeps_the_best(scene):
    scene.long_run()
    scene.office.close(scene.path)
    until(lambda: not any("trainer" in p for p in _training(scene.office)), seconds=20)
    (run,) = scene.history().runs
    assert run.losses
    scene.office.open(scene.path)


def _training(office) -> list[str]:
    """Trainers that take steps: they use the processor."""

    def used(entry: str) -> float:
        fields = Path(f"/proc/{entry.split()[0]}/stat").read_text().rsplit(")", 1)[1].split()
        return float(fields[11]) + float(fields[12])

    before = {p: used(p) for p in office.processes() if "trainer" in p}
    time.sleep(0.5)
    now = set(office.processes())
    return [p for p, ticks in before.items() if p in now and used(p) > ticks + 5]


@pytest.mark.parametrize("who", ["trainer", "command_process"])
def test_a_killed_process_loses_nothing(scene, who):
    scene.long_run()
    for process in scene.office.processes():
        if who in process:
            os.kill(int(process.split()[0]), signal.SIGKILL)
    start = scene.history().runs[0].changes[0].before
    if who == "trainer":
        scene.ended()
    until(lambda: not _training(scene.office), what="a trainer goes on")
    scene.press("undo")
    until(lambda: [list(row) for row in scene.weights()] == start, what="Undo did not bring the weights back")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_and_loses_nothing(office, small_disk):
    scene = Scene(office, small_disk, "how_a_net_works")
    start, rest = scene.weights(), small_disk / "rest"
    with contextlib.suppress(OSError), rest.open("wb") as file:
        while True:
            file.write(bytes(4096))
    scene.press("step")
    assert re.search("cannot be written .*; free some", scene.answered("OK"))
    scene.ended()
    assert scene.weights() == start
    rest.unlink()
    scene.press("step")
    until(lambda: scene.history().runs and scene.history().was is None)
    scene.ended()
    assert scene.weights() != start
    office.close(scene.path)


def test_a_killed_libreoffice_leaves_no_process_behind(tmp_path):
    office = PressedOffice()
    try:
        scene = Scene(office, tmp_path, "how_a_net_works")
        scene.long_run()
        assert office.processes()
        os.killpg(office.process.pid, signal.SIGKILL)
        office.process.wait()
        until(lambda: not office.processes(), seconds=20, what="a process of ours outlived LibreOffice")
        assert scene.history().runs[0].losses
    finally:
        office.end()


# ---- every other control ---------------------------------------------------------------------------------

SAYS = {
    "read_solver": "as low as possible, by changing",
    "gradient": "Its exact derivative by",
    "parity": "formulas on the way to the objective",
    "help": "Press Train",
    "doctor": "Python",
}


@pytest.mark.parametrize("control", SAYS)
def test_what_is_asked_for_is_shown_in_a_box(scene, control):
    scene.office.select(scene.path, SHEET, "F5")
    scene.press(control)
    assert SAYS[control] in scene.answered("OK")


def test_a_problem_is_set_up_by_selecting(scene):
    def saved(name: str, text: str) -> bool:
        return text in scene.office.saved(scene.path, SHEET, name)

    scene.office.select(scene.path, SHEET, "P8")
    scene.press("set_objective")
    until(lambda: saved("solver_opt", "$P$8"))
    scene.office.select(scene.path, SHEET, "F5:G7")
    scene.press("set_changing")
    until(lambda: saved("solver_adj", "$G$7"))
    scene.press("subject_to", "<= 2")
    scene.press("read_solver")
    said = scene.answered("OK")
    assert "F5:G7" in said and "<= 2" in said


def test_pages_are_added_to_the_document(scene):
    scene.press("step")
    until(lambda: scene.history().runs and scene.history().was is None)
    scene.ended()
    scene.press("report")
    until(lambda: "Report" in scene.office.sheets(scene.path))
    scene.press("weights_picture")
    until(lambda: "Neural Net" in scene.office.sheets(scene.path))
    scene.press("model_card")
    until(lambda: "Model card" in scene.office.sheets(scene.path))
    scene.press("loss_chart")
    scene.press("set_steps", "77")
    sheet, cell = scene.settings["train.steps"]
    until(lambda: scene.office.values(scene.path, sheet.strip("'"), cell) == [[77.0]])


def test_controls_are_grey_where_they_can_do_nothing(scene):
    until(lambda: not scene.office.is_enabled(scene.path, "undo"))
    enabled = {name: scene.office.is_enabled(scene.path, name) for name in CONTROLS}
    assert not any(enabled[name] for name in ("stop", "undo", "redo", "reset"))
    assert all(enabled[name] for name in ("train", "step", "gradient", "help", "set_objective"))


# ---- to and fro ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scene", ["titanic"], indirect=True)
def test_a_book_goes_to_and_fro_between_the_window_and_the_file(scene):
    scene.press("step")
    until(lambda: scene.history().runs and scene.history().was is None)
    scene.ended()
    assert scene.office.text(scene.path, "Net", "R7").startswith("formulas and torch agree")
    scene.office.save(scene.path)
    scene.office.close(scene.path)
    book = xlcicf.open_book(scene.path)
    said = commands.run(book, "step")
    assert not person_at(book).alerts, said
    assert str(book.sheets["Net"]["R7"].value).startswith("formulas and torch agree")
    trained = book.sheets["Net"]["P5"].value
    book.save()
    scene.office.open(scene.path)
    assert scene.office.values(scene.path, "Net", "P5")[0][0] == pytest.approx(trained, rel=1e-12)
    assert scene.office.text(scene.path, "Net", "R7").startswith("formulas and torch agree")


# ---- by mouse and keys -----------------------------------------------------------------------------------


def test_a_person_works_with_mouse_and_keys(scene):
    office, path = scene.office, scene.path

    def click(label: str, is_done) -> None:
        """Until it has come to that: without a window manager a window may take its first click to come forward."""
        for _ in range(5):
            assert office.click(path, label), f"there is no {label} to be clicked"
            until_then = time.monotonic() + 10
            while time.monotonic() < until_then:
                if is_done():
                    return
                time.sleep(0.1)
        raise AssertionError(f"{label} did nothing")

    def saved(name: str, text: str) -> bool:
        return text in office.saved(path, SHEET, name)

    def enabled(control: str) -> None:
        until(lambda: office.is_enabled(path, control), what=f"{control} stayed grey")

    start = scene.weights()
    office.select(path, SHEET, "F5")
    click("Gradient of the selected cell", office.has_box)
    assert "Its exact derivative by" in office.box()[0][0]
    click("OK", lambda: not office.has_box())
    click("Step", lambda: scene.history().runs and scene.history().was is None)
    enabled("undo")
    stepped = scene.weights()
    click("Undo", lambda: scene.weights() == start)
    enabled("redo")
    click("Redo", lambda: scene.weights() == stepped)
    enabled("reset")
    click("Reset weights", lambda: scene.weights() == start)
    enabled("train")

    scene.set(optimizer="adam", steps=10_000_000, lr=1e-4)
    click("Train", lambda: scene.weights() != start)
    office.keys(path, SHEET, "F6", "7")  # while it runs, over a weight
    assert "F6 changed while training ran" in scene.box()[0][0]
    click("Cancel", lambda: office.has_box() and "left as they are" in office.box()[0][0])
    click("OK", scene.is_idle)
    assert scene.weights()[1][0] == 7.0

    before = scene.weights()
    click("Train", lambda: scene.weights() != before)
    office.keys(path, SHEET, "R30", "12")
    assert office.values(path, SHEET, "R30") == [[12.0]]
    click("Stop", scene.is_idle)
    office.select(path, SHEET, "P8")
    click("Set Objective", lambda: saved("solver_opt", "$P$8"))
    office.select(path, SHEET, "F5:G7")
    click("By Changing Variable Cells", lambda: saved("solver_adj", "$G$7"))
