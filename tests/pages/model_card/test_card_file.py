"""The card's file: its mark, and that nothing is lost which xlcicf did not write."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from hypothesis import example, given
from hypothesis import strategies as st

from xlcicf.errors import BookError
from xlcicf.ooxml import replacing
from xlcicf.pages.model_card import card_file
from xlcicf.pages.model_card.card_file import path_beside, require_ours, write_card

TEXT = "---\nlibrary_name: xlcicf\n---\n\n# Model Card for net\n\nwords  \nmore words\n"
WAY_OUT = "choose another file with --out, or delete it"


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "net-card.md"


def left_alone(path: Path, why: str) -> None:
    """Both refuse, naming the file and the way out, and nothing else is left beside it."""
    before = sorted(os.listdir(path.parent))
    for attempt in (require_ours, lambda path: write_card(path, TEXT)):
        with pytest.raises(BookError) as refused:
            attempt(path)
        assert str(refused.value) == f"{path} {why} and stays as it is; {WAY_OUT}"
    assert sorted(os.listdir(path.parent)) == before


# ---- ours ------------------------------------------------------------------------------------------------


def test_the_name_is_the_books_own_beside_it():
    assert path_beside("books/titanic.xlsx") == Path("books/titanic-card.md")
    assert path_beside("a.b.xlsm") == Path("a.b-card.md")


def test_a_card_holds_the_text_and_a_mark_that_no_reader_shows(path):
    write_card(path, TEXT)
    text, _, mark = path.read_text(encoding="utf-8").rpartition("\n\n")
    assert f"{text}\n" == TEXT
    assert mark.startswith("<!-- written by xlcicf card") and mark.endswith(" -->\n")
    assert ModelCard.load(path).data.to_dict() == {"library_name": "xlcicf"}


def test_a_card_of_ours_is_renewed_and_keeps_its_mode(path):
    write_card(path, TEXT)
    path.chmod(0o640)
    require_ours(path)
    write_card(path, "# Another\n")
    assert path.read_text(encoding="utf-8").startswith("# Another\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == [path.name]


def test_other_line_ends_and_a_byte_order_mark_are_no_edit(path):
    write_card(path, TEXT)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    write_card(path, TEXT)
    assert b"\r" not in path.read_bytes()


def test_a_text_that_looks_like_a_mark_is_text(path):
    write_card(path, TEXT)
    quoting = path.read_text(encoding="utf-8") + "\nmore"
    write_card(path, quoting)
    require_ours(path)


@given(text=st.text(st.characters(blacklist_categories=["Cs"])))
@example(text="\ufeff\ufeff# Card")
def test_a_card_with_any_text_is_known_again(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("card") / "card.md"
    write_card(path, text.replace("\r", ""))
    require_ours(path)


# ---- not ours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "# My own notes\n", "\x00\xff", "<!-- xlcicf card -->\n"])
def test_a_file_that_another_wrote_is_left_alone(path, content):
    path.write_text(content, encoding="latin-1")
    left_alone(path, "was not written by xlcicf")
    assert path.read_text(encoding="latin-1") == content


EDITS = {
    "a word changed": lambda text: text.replace("words", "deeds", 1),
    "a line added above": lambda text: "note\n" + text,
    "a line added below": lambda text: text + "note\n",
    "spaces taken off a line's end": lambda text: text.replace("  \n", "\n"),
    "the mark's hash changed": lambda text: text.replace("above: ", "above: 0")[:-6] + " -->\n",
}


@pytest.mark.parametrize("how", EDITS)
def test_a_card_that_a_person_edited_is_left_alone(path, how):
    write_card(path, TEXT)
    edited = EDITS[how](path.read_text(encoding="utf-8"))
    path.write_text(edited, encoding="utf-8")
    left_alone(path, "was edited after xlcicf wrote it")
    assert path.read_text(encoding="utf-8") == edited


def test_a_card_without_its_mark_is_left_alone(path):
    write_card(path, TEXT)
    path.write_text(path.read_text(encoding="utf-8").partition("<!--")[0], encoding="utf-8")
    left_alone(path, "was not written by xlcicf")


def test_a_folder_is_left_alone(path):
    path.mkdir()
    left_alone(path, "is a folder")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BookError, match="there is no folder .*none; make it first, or choose another file"):
        write_card(tmp_path / "none" / "card.md", TEXT)


@pytest.mark.parametrize("target", ["ours.md", "nothing.md", "."])
def test_a_link_is_left_alone_wherever_it_leads(path, target):
    ours = path.with_name("ours.md")
    write_card(ours, TEXT)
    before = ours.read_bytes()
    path.symlink_to(path.with_name(target) if target != "." else path.parent)
    left_alone(path, "is a link")
    assert path.is_symlink() and ours.read_bytes() == before


def test_a_read_only_card_is_left_alone(path):
    write_card(path, TEXT)
    path.chmod(0o444)
    left_alone(path, "is read-only")


def test_a_file_that_may_not_be_read_is_left_alone(path):
    path.write_text("secret")
    path.chmod(0)
    if os.access(path, os.R_OK):
        left_alone(path, "is read-only")  # to root nothing is secret
    else:
        left_alone(path, "cannot be read (Permission denied)")


def test_a_file_too_large_for_a_card_is_not_read(path):
    with path.open("wb") as file:
        file.truncate(card_file.MAX_BYTES + 1)
    left_alone(path, "was not written by xlcicf")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_left_alone_without_waiting_for_it(path):
    os.mkfifo(path)
    left_alone(path, "is no ordinary file")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its sockets elsewhere")
def test_a_socket_and_a_device_are_left_alone(path, monkeypatch):
    monkeypatch.chdir(path.parent)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
        with pytest.raises(BookError, match=WAY_OUT):
            write_card(path, TEXT)
    with pytest.raises(BookError, match="is no ordinary file"):
        write_card("/dev/null", TEXT)


# ---- while another writes --------------------------------------------------------------------------------


def test_a_file_that_comes_into_being_meanwhile_is_not_overwritten(path, monkeypatch):
    flushed = os.fsync

    def and_then_another_writes(descriptor):
        flushed(descriptor)
        path.write_text("theirs")

    monkeypatch.setattr(os, "fsync", and_then_another_writes)
    with pytest.raises(BookError, match="came into being this moment"):
        write_card(path, TEXT)
    assert path.read_text() == "theirs" and os.listdir(path.parent) == [path.name]


def test_an_edit_saved_meanwhile_is_not_overwritten(path, monkeypatch):
    write_card(path, TEXT)
    flushed = os.fsync

    def and_then_another_writes(descriptor):
        flushed(descriptor)
        path.write_text("theirs")

    monkeypatch.setattr(os, "fsync", and_then_another_writes)
    with pytest.raises(BookError, match="was changed this moment by another program"):
        write_card(path, "# Another\n")
    assert path.read_text() == "theirs" and os.listdir(path.parent) == [path.name]


def test_on_a_disk_without_links_a_new_card_is_written_all_the_same(path, monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write_card(path, TEXT)
    require_ours(path)
    path.write_text("theirs")
    with pytest.raises(FileExistsError):
        replacing.create_file(path, b"ours")
    assert path.read_text() == "theirs"


KILLED = """
import os, signal, sys
from xlcicf.pages.model_card.card_file import write_card
calls = int(sys.argv[2])
def counted(function):
    def call(*arguments, **options):
        global calls
        calls -= 1
        if calls < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call
for name in ("fsync", "chmod", "replace", "link", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
write_card(sys.argv[1], "# Another\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("there", [True, False], ids=["over a card", "a new card"])
def test_a_kill_at_any_moment_leaves_the_old_card_or_the_new_one(path, there):
    seen = set()
    for moment in range(8):
        path.unlink(missing_ok=True)
        if there:
            write_card(path, TEXT)
        old = path.read_bytes() if there else None
        run = subprocess.run([sys.executable, "-c", KILLED, str(path), str(moment)])
        now = path.read_bytes() if path.exists() else None
        assert now == old or now.startswith(b"# Another\n")
        if now is not None:
            require_ours(path)
        seen.add((run.returncode, now == old))
    assert {(-signal.SIGKILL, True), (0, False)} <= seen
