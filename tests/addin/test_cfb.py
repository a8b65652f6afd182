"""Compound files: olefile reads back what was put in, and the directory keeps the rules of [MS-CFB]."""

import struct

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.addin.cfb import compound_file

NONE, END = 0xFFFFFFFF, 0xFFFFFFFE
UNUSED, STORAGE, STREAM, ROOT = 0, 1, 2, 5
RED, BLACK = 0, 1

# Around the mini stream's sectors, the sectors, and the length from which a stream has sectors of its own.
LENGTHS = [0, 1, 63, 64, 65, 511, 512, 513, 4095, 4096, 4097, 200_000]


def content(length: int) -> bytes:
    """Bytes of which no two sectors are alike."""
    return b"".join(struct.pack("<I", number) for number in range(length // 4 + 1))[:length]


def read(data: bytes) -> dict:
    """The tree that olefile finds; any defect that it knows, even a harmless one, is an error."""
    with olefile.OleFileIO(data, raise_defects=olefile.DEFECT_UNSURE) as file:
        assert file.parsing_issues == []
        tree: dict = {}
        for path in file.listdir(streams=True, storages=True):
            *folders, name = path
            place = tree
            for folder in folders:
                place = place[folder]
            place[name] = file.openstream(path).read() if file.get_type(path) == STREAM else {}
        return tree


def directory(data: bytes) -> list[dict]:
    """The lines of the directory, read here as [MS-CFB] 2.6.1 lists their fields."""
    keys = "name length kind colour left right child clsid state created modified start size".split()
    with olefile.OleFileIO(data) as file:
        packed = file._open(file.first_dir_sector).read()
    return [dict(zip(keys, line, strict=True)) for line in struct.iter_unpack("<64sHBBIII16sIQQIQ", packed)]


# ---- contents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
def test_a_stream_of_any_length_comes_back(length):
    tree = {"alone": content(length)}
    assert read(compound_file(tree)) == tree


def test_streams_of_all_lengths_lie_side_by_side():
    tree = {"folder": {f"of {length}": content(length) for length in LENGTHS}, "last": b"end"}
    assert read(compound_file(tree)) == tree


# One sector of the FAT counts 128, and one of the mini FAT 128 of 64 bytes.
@pytest.mark.parametrize("sectors", [123, 124, 125, 126, 127, 128, 251, 252, 253, 254])
def test_the_table_of_sectors_grows_with_the_file(sectors):
    tree = {"large": content(512 * sectors)}
    data = compound_file(tree)
    assert read(data) == tree
    (of_the_fat,) = struct.unpack_from("<I", data, 44)
    assert of_the_fat == -(-(len(data) // 512 - 1) // 128)


@pytest.mark.parametrize("count", [127, 128, 129])
def test_the_table_of_the_mini_stream_grows_with_it(count):
    tree = {f"s{number}": bytes([number]) * 64 for number in range(count)}
    data = compound_file(tree)
    assert read(data) == tree
    (of_the_mini_fat,) = struct.unpack_from("<I", data, 64)
    assert of_the_mini_fat == -(-count // 128)


NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="/\\:!"), min_size=1, max_size=31
)


def siblings(children):
    return st.lists(st.tuples(NAMES, children), max_size=8, unique_by=lambda pair: pair[0].upper()).map(dict)


STREAMS = st.binary(max_size=200) | st.integers(0, 6000).map(content)
TREES = siblings(st.recursive(STREAMS, siblings, max_leaves=12))


@given(TREES)
def test_any_tree_comes_back(tree):
    data = compound_file(tree)
    assert read(data) == tree
    check_directory(directory(data))


def test_the_same_tree_gives_the_same_bytes():
    assert compound_file({"a": {"b": content(5000)}}) == compound_file({"a": {"b": content(5000)}})


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a:b", "a!b", "é", "n" * 32])
def test_a_name_that_the_format_does_not_know_is_refused(name):
    with pytest.raises(AssertionError, match="cannot name a stream"):
        compound_file({name: b""})


def test_names_that_differ_in_capitals_only_are_one_name():
    with pytest.raises(AssertionError, match="two siblings of one name"):
        compound_file({"Module": b"", "MODULE": b""})


def test_a_file_that_the_header_cannot_describe_is_refused():
    with pytest.raises(AssertionError, match="more than 7 MB"):
        compound_file({"large": bytes(512 * 128 * 109)})


# ---- the directory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(1, 61))
def test_siblings_form_a_red_black_tree_in_the_formats_order(count):
    # Shorter names are less, whatever their letters; capitals do not count; "_" comes after all letters.
    names = [f"{'aZ_m'[number % 4]}{'x' * (number % 5)}{number}" for number in range(count)]
    data = compound_file(dict.fromkeys(names, b"data"))
    check_directory(directory(data))
    assert sorted(read(data)) == sorted(names)


def check_directory(lines: list[dict]) -> None:
    """That each line is as [MS-CFB] 2.6.1 asks, and that siblings form a red-black tree (2.6.4)."""
    assert lines[0]["kind"] == ROOT and name_of(lines[0]) == "Root Entry"
    reached = [0]
    for line in lines:
        check_line(line)
        if line["kind"] in (ROOT, STORAGE) and line["child"] != NONE:
            ordered, _ = check_siblings(lines, line["child"])
            assert lines[line["child"]]["colour"] == BLACK
            keys = [(lines[number]["length"], name_of(lines[number]).upper()) for number in ordered]
            assert keys == sorted(set(keys))
            reached += ordered
    assert sorted(reached) == [number for number, line in enumerate(lines) if line["kind"] != UNUSED]


def check_line(line: dict) -> None:
    assert (line["clsid"], line["state"], line["created"], line["modified"]) == (bytes(16), 0, 0, 0)
    if line["kind"] == UNUSED:
        assert (line["name"], line["length"], line["colour"]) == (bytes(64), 0, 0)
        assert line["left"] == line["right"] == line["child"] == NONE
        assert (line["start"], line["size"]) == (0, 0)
    elif line["kind"] == STORAGE:
        assert (line["start"], line["size"]) == (0, 0)
    elif line["kind"] == STREAM:
        assert line["child"] == NONE and (line["start"] == END) == (line["size"] == 0)
    else:
        assert line["kind"] == ROOT
        assert line["left"] == line["right"] == NONE and line["size"] % 64 == 0


def check_siblings(lines: list[dict], number: int) -> tuple[list[int], int]:
    """The entries below `number` from left to right, and how many black ones lie on every way down."""
    if number == NONE:
        return [], 0
    line = lines[number]
    (left, blacks), (right, right_blacks) = (check_siblings(lines, line[side]) for side in ("left", "right"))
    assert blacks == right_blacks
    if line["colour"] == RED:
        assert all(lines[line[side]]["colour"] == BLACK for side in ("left", "right") if line[side] != NONE)
    return [*left, number, *right], blacks + (line["colour"] == BLACK)


def name_of(line: dict) -> str:
    name, end = line["name"].decode("utf-16-le"), line["length"] // 2 - 1
    assert name[end:].strip("\0") == "" and "\0" not in name[:end]
    return name[:end]
