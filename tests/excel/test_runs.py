"""One run a book: claims, the wish to stop, and what a killed process leaves behind."""

import signal
import subprocess
import sys

import pytest

from xlcicf.errors import BookError, TrainingError
from xlcicf.excel import runs


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.xlsx"
    path.touch()
    return path


def test_a_book_is_held_by_one_run_and_free_after_it(book):
    assert not runs.running(book)
    with runs.claim(book):
        assert runs.running(book)
        with pytest.raises(TrainingError, match=r"book.xlsx is being trained already \(process \d+\)"):
            with runs.claim(book):
                pass
        assert runs.running(book)
    assert not runs.running(book)


def test_a_link_to_a_book_is_the_same_book_and_another_book_is_not(book, tmp_path):
    link = tmp_path / "link.xlsx"
    link.symlink_to(book)
    with runs.claim(book):
        assert runs.running(link) and not runs.running(tmp_path / "other.xlsx")


def test_stop_is_asked_of_the_run_that_is_on_and_of_no_later_one(book):
    assert runs.stop(book) is False
    with runs.claim(book) as claim:
        assert not claim.is_stop_wanted
        assert runs.stop(book) is True
        assert claim.is_stop_wanted
    with runs.claim(book) as claim:
        assert not claim.is_stop_wanted


def test_nothing_is_left_where_runs_are_noted(book):
    with runs.claim(book):
        runs.stop(book)
        assert len(list(runs.folder().iterdir())) == 2
    assert list(runs.folder().iterdir()) == []


HOLDER = "import sys; from xlcicf.excel import runs\nwith runs.claim(sys.argv[1]): print('held', flush=True); input()"


def test_a_killed_run_blocks_nobody(book):
    command = [sys.executable, "-c", HOLDER, str(book)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert runs.running(book) and runs.stop(book)
        holder.send_signal(signal.SIGKILL)
    assert not runs.running(book)
    with runs.claim(book) as claim:
        assert not claim.is_stop_wanted


def test_a_state_folder_that_cannot_be_written_is_named(book, tmp_path):
    (tmp_path / "state").write_text("a file, no folder")
    with pytest.raises(BookError, match="state.* cannot be written .* where runs are noted"):
        with runs.claim(book):
            pass
