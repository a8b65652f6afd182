"""What makes one book of another: it comes out byte for byte, and no text does anything else."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlcicf.ooxml import difference as module
from xlcicf.ooxml.difference import difference, digest, made_of
from xlcicf.ooxml.package import Package

pieces = st.sampled_from(
    [b"<c r='A1'>", b"<v>1</v>", b"<v>0.1</v>", b"</c>", b"<c/>", b"</row>", b"\xff\x00", "é".encode()]
)
contents = st.lists(pieces, max_size=12).map(b"".join)


@given(st.dictionaries(st.sampled_from("abc"), st.tuples(contents, contents)))
def test_any_book_comes_out_of_any_other_with_the_same_parts(parts):
    here = Package({name: one for name, (one, _) in parts.items()})
    there = Package({name: other for name, (_, other) in parts.items()})
    made = made_of(here, difference(here, there))
    assert dict(made) == dict(there) and digest(made) == digest(there)


@given(st.dictionaries(st.sampled_from("abc"), contents), st.dictionaries(st.sampled_from("abc"), contents))
def test_books_with_other_parts_come_out_of_each_other_as_well(one, other):
    here, there = Package(one), Package(other)
    assert dict(made_of(here, difference(here, there))) == dict(there)


def test_too_much_is_not_told(monkeypatch):
    here, there = Package({"a": b"x" * 9}), Package({"a": b"y" * 99})
    monkeypatch.setattr(module, "MAX_TOLD", 197)
    assert difference(here, there) is None
    monkeypatch.setattr(module, "MAX_TOLD", 198)
    assert dict(made_of(here, difference(here, there))) == dict(there)


def test_few_changed_cells_are_told_in_few_letters():
    cells = [f"<c r='A{i}'><v>{i / 7}</v></c>" for i in range(1, 10_000)]
    here = Package({"sheet": "".join(cells).encode()})
    cells[5_000] = "<c r='A5001'><v>0</v></c>"
    there = Package({"sheet": "".join(cells).encode()})
    assert len(difference(here, there)) < 200 < 0.01 * len(here["sheet"])


def test_a_digest_tells_names_and_contents_apart():
    books = [Package(parts) for parts in ({"a": b"b"}, {"b": b"a"}, {"a": b"", "b": b""}, {"ab": b""})]
    assert len({digest(book) for book in books}) == len(books)
    assert digest(Package({"a": b"1", "b": b"2"})) == digest(Package({"b": b"2", "a": b"1"}))


def told(content) -> str:
    return base64.b64encode(zlib.compress(json.dumps(content).encode())).decode()


@pytest.mark.parametrize(
    "text",
    ["", "no base 64", told(None)[:-9], told([]), told({"b": []}), told({"a": 1}), told({"a": [[0, 9, ""]]}),
     told({"a": [[1, 1, ""]]}), told({"a": [[0, 1, "\u20ac"]]}), told({"a": [[0, 1, "x"], [0, 1, "x"]]}), told({"a": [["0", 1, ""]]})],
)  # fmt: skip
def test_any_other_text_is_a_value_error(text):
    with pytest.raises(ValueError):
        made_of(Package({"a": b"<c></c>"}), text)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(module, "MAX_PART", 1000)
    with pytest.raises(ValueError, match="too large"):
        made_of(Package({"a": b""}), told({"a": [[0, 1, "x" * 1001]]}))
