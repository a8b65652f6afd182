"""One run a book: claims, the wish to stop, and what a killed process leaves behind."""

import signal
import subprocess
import sys

import pytest

from xlcicf.addin import claims
from xlcicf.errors import BookError, TrainingError


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.xlsx"
    path.touch()
    return path


def test_a_book_is_held_by_one_run_and_free_after_it(book):
    assert not claims.running(book)
    with claims.claim(book):
        assert claims.running(book)
        with pytest.raises(TrainingError, match=r"book.xlsx is being trained already \(process \d+\)"):
            with claims.claim(book):
                pass
        assert claims.running(book)
    assert not claims.running(book)


def test_a_link_to_a_book_is_the_same_book_and_another_book_is_not(book, tmp_path):
    link = tmp_path / "link.xlsx"
    link.symlink_to(book)
    with claims.claim(book):
        assert claims.running(link) and not claims.running(tmp_path / "other.xlsx")


def test_stop_is_asked_of_the_run_that_is_on_and_of_no_later_one(book):
    assert claims.stop(book) is False
    with claims.claim(book) as claim:
        assert not claim.is_stop_wanted
        assert claims.stop(book) is True
        assert claim.is_stop_wanted
    with claims.claim(book) as claim:
        assert not claim.is_stop_wanted


def test_nothing_is_left_where_runs_are_noted(book):
    with claims.claim(book):
        claims.stop(book)
        assert len(list(claims.folder().iterdir())) == 2
    assert list(claims.folder().iterdir()) == []


HOLDER = "import sys; from xlcicf.addin import claims\nwith claims.claim(sys.argv[1]): print('held', flush=True); input()"


def test_a_killed_run_blocks_nobody(book):
    command = [sys.executable, "-c", HOLDER, str(book)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        assert claims.running(book) and claims.stop(book)
        holder.send_signal(signal.SIGKILL)
    assert not claims.running(book)
    with claims.claim(book) as claim:
        assert not claim.is_stop_wanted


def test_a_state_folder_that_cannot_be_written_is_named(book, tmp_path):
    (tmp_path / "state").write_text("a file, no folder")
    with pytest.raises(BookError, match="state.* cannot be written .* where runs are noted"):
        with claims.claim(book):
            pass
