"""Random edits: the edit list, IronCalc and the reopened file stay together."""

import re

import ironcalc
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests import strangers
from xlcicf.errors import AddressError
from xlcicf.formula.address import cell_address
from xlcicf.host import open_book, read_snapshot
from xlcicf.ooxml.edits import Formula
from xlcicf.ooxml.package import read_package

ROWS = 6

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
# Control characters are left to the tests of texts: IronCalc alone, the oracle below, takes them for letters.
texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
    lambda text: not text.startswith(("=", "'", "#"))
)
formulas = st.one_of(
    st.builds("=SUM(A{}:B{})".format, st.integers(1, ROWS), st.integers(1, ROWS)),
    st.builds("={}{}*2+1".format, st.sampled_from("AB"), st.integers(1, ROWS)),
    st.builds('=IF({}{}>0,"up",1/0)'.format, st.sampled_from("AB"), st.integers(1, ROWS)),
    st.builds("=Other!A1+{}1".format, st.sampled_from("AB")),
)
constants = st.one_of(numbers, texts, st.booleans(), st.none())
contents = st.one_of(constants, formulas.map(Formula))


def tables(content):
    """One to three rows of two."""
    return st.lists(st.lists(content, min_size=2, max_size=2), min_size=1, max_size=3)


def at_15_digits(value):
    """Numbers in a text at the 15 digits that Excel joins: IronCalc gives all 17, and no powers of ten."""
    if not isinstance(value, str):
        return value
    return re.sub(r"\d+(\.\d+)?(E[-+]?\d+)?", lambda number: f"{float(number[0]):.15g}", value)


class Books(RuleBasedStateMachine):
    """Two books get the same edits; one is saved and reopened on the way. `expected` says what was written."""

    @initialize(kind=st.sampled_from(["plain", "shared_formulas", "array_formulas", "calculation_chain"]))
    def open(self, kind):
        self.folder = self.tmp_path_factory.mktemp("machine")
        self.path = self.folder / "book.xlsx"
        self.path.write_bytes(strangers.STRANGERS[kind]().to_bytes())
        self.steady, self.saved = open_book(self.path), open_book(self.path)
        before = read_snapshot(self.steady).sheets["Model"]
        self.arrays = dict(before.arrays)
        self.expected = dict(before.values) | {cell: Formula(f) for cell, f in before.formulas.items()}

    def write(self, area, rows):
        """Writes into both books, unless a part of an array formula is in the way."""
        results = []
        for book in (self.steady, self.saved):
            try:
                book.sheets["Model"].range(*area).value = rows
                results.append(True)
            except AddressError:
                results.append(False)
        assert results[0] == results[1]
        return results[0]

    @rule(row=st.integers(1, ROWS), rows=tables(constants))
    def write_constants(self, row, rows):
        self.write_table(row, 1, rows)

    @rule(row=st.integers(1, ROWS), rows=tables(contents))
    def write_formulas(self, row, rows):
        """To the right of what they refer to, so that no cell depends on itself."""
        self.write_table(row, 3, rows)

    def write_table(self, row, col, rows):
        corner = row, col
        typed = [[c.text if isinstance(c, Formula) else c for c in line] for line in rows]
        if self.write([corner, (row + len(rows) - 1, col + 1)], typed):
            written = {(row + i, col + j): c for i, line in enumerate(rows) for j, c in enumerate(line)}
            self.forget_arrays(written)
            self.expected |= written

    @rule(corner=st.tuples(st.integers(1, ROWS), st.integers(3, 4)))
    def write_an_array_formula(self, corner):
        row, col = corner
        written = {(row + i, col): None for i in range(3)} | {corner: Formula("=Other!A1:A3&A6")}
        results = []
        for book in (self.steady, self.saved):
            try:
                book.sheets["Model"].range(corner, (row + 2, col)).formula_array = "=Other!A1:A3&A6"
                results.append(True)
            except AddressError:
                results.append(False)
        assert results[0] == results[1]
        if results[0]:
            self.forget_arrays(written)
            self.expected |= written
            self.arrays[corner] = 3

    def forget_arrays(self, written):
        self.arrays = {anchor: size for anchor, size in self.arrays.items() if anchor not in written}

    @rule()
    def save_and_reopen(self):
        self.saved.save()
        self.saved = open_book(self.path)

    @rule()
    def save_and_go_on(self):
        self.saved.save()

    @invariant()
    def formulas_and_constants_are_those_written(self):
        model = read_snapshot(self.saved).sheets["Model"]
        formulas = {cell: c.text for cell, c in self.expected.items() if isinstance(c, Formula)}
        assert model.formulas == formulas
        assert model.arrays.keys() == self.arrays.keys()
        for cell, content in self.expected.items():
            if not isinstance(content, Formula) and not any(a.contains(*cell) for a in model.arrays.values()):
                assert model.values.get(cell) == content

    @invariant()
    def both_books_are_equal(self):
        one, other = read_snapshot(self.steady), read_snapshot(self.saved)
        assert one == other

    def teardown(self):
        """What was saved is what IronCalc computes of the file, and the other book saves the same cells."""
        if not hasattr(self, "saved"):
            return
        self.saved.save()
        self.steady.save(self.folder / "steady.xlsx")
        one, other = read_package(self.path), read_package(self.folder / "steady.xlsx")
        assert one.keys() == other.keys()
        snapshot = read_snapshot(open_book(self.path))
        fresh = ironcalc.load_from_xlsx(str(self.path), "en", "UTC", "en")
        fresh.evaluate()
        for cell in snapshot.sheets["Model"].formulas:
            found, value = fresh.get_cell_value(0, *cell), snapshot.sheets["Model"].values.get(cell)
            assert at_15_digits(found) == at_15_digits(value), cell_address("Model", *cell)


def test_random_edits_keep_list_calculator_and_file_together(tmp_path_factory):
    Books.tmp_path_factory = tmp_path_factory
    Books.TestCase.settings = settings(max_examples=60, stateful_step_count=14, deadline=None)
    Books.TestCase("runTest").runTest()
