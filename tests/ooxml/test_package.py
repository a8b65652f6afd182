"""The file: what is refused and how it is said, and that a save is whole or did not happen."""

import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import strangers
from xlcicf.errors import BookError, XlcicfError
from xlcicf.host import open_book, read_snapshot
from xlcicf.ooxml import package
from xlcicf.ooxml.package import Package, package_from_bytes, read_package, save_package


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def with_part(part: str, old: bytes, new: bytes) -> bytes:
    book = strangers.plain()
    assert old in book[part]
    return book.replace({part: book[part].replace(old, new)}).to_bytes()


def two_of_one_name() -> bytes:
    one, other = zipped(("a.xml", b"1"), ("b.xml", b"2")), b"b.xml"
    return one.replace(other, b"a.xml")


def with_a_password() -> bytes:
    data = bytearray(strangers.plain().to_bytes())
    directory = data.index(b"PK\x01\x02")
    data[6] |= 1  # the flag for encryption, before the member and in the directory
    data[directory + 8] |= 1
    return bytes(data)


ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet'
BOMB = b"<row/>" * 2_000_000

# what the file is -> its bytes, and words of the sentence
HOSTILE = {
    "an empty file": (b"", "no .xlsx"),
    "a text file": (b"a,b\n1,2\n", "no .xlsx"),
    "an encrypted book": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "encrypted"),
    "a zip with a password": (with_a_password(), "encrypted"),
    "half a zip": (strangers.plain().to_bytes()[:2000], "damaged"),
    "a zip of something else": (zipped(("readme.txt", b"hello")), "no workbook"),
    "two parts of one name": (two_of_one_name(), "two parts of one name"),
    "a zip bomb": (zipped(("xl/worksheets/sheet1.xml", BOMB)), "suspicious size"),
    "twenty thousand parts": (zipped(*[(f"{i}.xml", b"") for i in range(20_001)]), "parts"),
    "entities": (with_part(strangers.SHEET, b"<worksheet", ENTITY), "entities"),
    "UTF-16": (
        strangers.plain().replace({strangers.BOOK: "<workbook/>".encode("utf-16")}).to_bytes(),
        "not UTF-8",
    ),
    "broken XML": (with_part(strangers.SHEET, b"</row>", b"</raw>"), "damaged"),
    "a cell out of place": (with_part(strangers.SHEET, b'r="A2"', b'r="A77"'), "damaged at A77"),
    "a cell beyond the sheet": (with_part(strangers.SHEET, b'r="A2"', b'r="ZZZZ2"'), "damaged at ZZZZ2"),
    "a number that is none": (with_part(strangers.SHEET, b"<v>2</v>", b"<v>two</v>"), "damaged at"),
    "an infinite number": (with_part(strangers.SHEET, b"<v>2</v>", b"<v>1e999</v>"), "damaged at"),
    "a book without sheets": (with_part(strangers.BOOK, b"<sheet ", b"<nothing "), "no worksheet"),
    "an array formula for all cells": (
        with_part(strangers.SHEET, b"<f>A1*2</f>", b'<f t="array" ref="B1:XFD1048576">A1*2</f>'),
        "array formulas",
    ),
    "a missing sheet": (with_part("xl/_rels/workbook.xml.rels", b"sheet1", b"sheet7"), "Model"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_no_workbook_is_refused_in_one_sentence(kind, tmp_path):
    data, words = HOSTILE[kind]
    path = tmp_path / "book.xlsx"
    path.write_bytes(data)
    with pytest.raises(BookError, match=words) as refusal:
        read_snapshot(open_book(path))
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == data


def test_a_missing_file_and_a_folder_are_refused_by_their_path(tmp_path):
    for path in (tmp_path / "none.xlsx", tmp_path):
        with pytest.raises(BookError, match=str(path)):
            open_book(path)


@pytest.mark.parametrize("name", ["a\0b.xlsx", "x" * 300 + ".xlsx", ""], ids=["nul", "long", "empty"])
def test_a_path_that_is_none_is_refused(name):
    with pytest.raises(BookError):
        open_book(name)


def test_a_file_with_the_longest_name_is_read(tmp_path):
    path = tmp_path / ("x" * 250 + ".xlsx")  # "~$" before it is too long for a lock file
    path.write_bytes(strangers.plain().to_bytes())
    assert open_book(path).sheets["Model"]["A1"].value == 1


@pytest.mark.parametrize("lock, program", [("~$book.xlsx", "Excel"), (".~lock.book.xlsx#", "LibreOffice")])
def test_a_book_that_is_open_elsewhere_is_neither_read_nor_written(lock, program, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    book = open_book(path)
    (tmp_path / lock).touch()
    for attempt in (lambda: open_book(path), book.save):
        with pytest.raises(BookError, match=f"open in {program}"):
            attempt()


def test_a_declared_sheet_of_all_cells_takes_no_memory(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(with_part(strangers.SHEET, b'ref="A1:B6"', b'ref="A1:XFD1048576"'))
    tracemalloc.start()
    book = open_book(path)
    book.sheets["Model"]["XFD1048576"].value = 1
    assert book.sheets["Model"].used_range.shape == (1_048_576, 16_384)
    book.save()
    assert open_book(path).sheets["Model"]["XFD1048576"].value == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_the_caps_are_not_met_by_a_large_honest_sheet():
    rows = b"".join(b'<row r="%d"><c r="A%d"/></row>' % (i, i) for i in range(400_000))
    assert len(rows) > package.RATIO_FROM
    assert package_from_bytes(zipped(("sheet1.xml", rows)))["sheet1.xml"] == rows


# ---- saving


def test_equal_parts_give_equal_bytes():
    one, other = strangers.plain(), strangers.plain()
    assert one is not other
    assert one.to_bytes() == other.to_bytes()


def test_a_save_keeps_every_part_and_their_order(tmp_path):
    before = strangers.pivot_tables()
    save_package(before, tmp_path / "book.xlsx")
    after = read_package(tmp_path / "book.xlsx")
    assert list(after.items()) == list(before.items())


@pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX matters")
def test_a_save_keeps_the_files_mode_and_follows_a_link(tmp_path):
    path, link = tmp_path / "book.xlsx", tmp_path / "link.xlsx"
    path.write_bytes(strangers.plain().to_bytes())
    path.chmod(0o640)
    link.symlink_to(path)
    save_package(strangers.charts(), link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert dict(read_package(path)) == dict(strangers.charts())


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX matters")
def test_a_new_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "other").touch()
    save_package(strangers.plain(), tmp_path / "book.xlsx")
    assert (tmp_path / "book.xlsx").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_read_only_file_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(before := strangers.plain().to_bytes())
    path.chmod(0o444)
    with pytest.raises(BookError, match="read-only"):
        save_package(strangers.charts(), path)
    assert path.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(BookError, match="no folder"):
        save_package(strangers.plain(), tmp_path / "nowhere" / "book.xlsx")


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "book.xlsx"
    path.write_bytes(before := strangers.plain().to_bytes())

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BookError, match="No space left"):
        save_package(strangers.charts(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["book.xlsx"]


# ---- what escapes the reader


def everything(data: bytes, path: Path) -> None:
    """Opens a book, reads it, writes and adds to it, saves it."""
    path.write_bytes(data)
    book = open_book(path)
    read_snapshot(book)
    sheet = book.sheets[0]
    sheet["A2"].value = 7
    sheet["C9"].value = "text"
    sheet["A1:B2"].number_format = "0.000"
    sheet.names.add("another", "=$A$1")
    book.sheets.add("Another", after=book.sheets[-1])
    (picture := path.with_suffix(".png")).write_bytes(strangers.PNG)
    sheet.pictures.add(picture)
    book.save()
    read_snapshot(open_book(path))


BASES = [
    strangers.STRANGERS[name]()
    for name in ("plain", "shared_formulas", "tables", "defined_names", "rich_text", "images")
]
FRAGMENTS = [
    b"<",
    b">",
    b'"',
    b"&",
    b"\0",
    b"\xff",
    b"<v>",
    b"</c>",
    b'r="A1"',
    b't="s"',
    b"-1",
    b"1e999",
    b"]]>",
]


@st.composite
def mutated_packages(draw) -> Package:
    """A workbook with bytes of one part cut out, doubled or put in."""
    base = draw(st.sampled_from(BASES))
    part = draw(st.sampled_from([name for name in base if name.endswith((".xml", ".rels"))]))
    data = base[part]
    start = draw(st.integers(0, len(data)))
    end = min(len(data), start + draw(st.integers(0, 40)))
    middle = draw(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=6), st.just(data[start:end] * 2)))
    return base.replace({part: data[:start] + middle + data[end:]})


@settings(max_examples=150)
@given(mutated_packages())
def test_only_our_errors_escape_a_damaged_part(tmp_path_factory, damaged):
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    try:
        everything(damaged.to_bytes(), path)
    except XlcicfError as error:
        assert str(error)


@settings(max_examples=150)
@given(st.data())
def test_only_our_errors_escape_a_damaged_zip(tmp_path_factory, data):
    whole = bytearray(BASES[0].to_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    try:
        everything(bytes(whole), path)
    except XlcicfError as error:
        assert str(error)
