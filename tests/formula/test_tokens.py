"""Text to tokens: a table of what its pieces are, and other texts read, or refused, as openpyxl does it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.formula.tokenizer import Token as Theirs
from openpyxl.formula.tokenizer import Tokenizer, TokenizerError

from xlcicf.formula.runs import RunGraph
from xlcicf.formula.tokens import (
    ARGUMENT,
    ARRAY,
    END_OF,
    ERROR,
    FUNC,
    INFIX,
    LOGICAL,
    NO_FORMULA,
    NUMBER,
    PAREN,
    PERCENT,
    PREFIX,
    RANGE,
    ROW,
    SPACE,
    TEXT,
    tokens,
)
from xlcicf.host import open_book, read_snapshot

WORKBOOKS = sorted((Path(__file__).parents[2] / "workbooks").glob("*.xlsx"))


@pytest.mark.parametrize(
    ("formula", "kinds", "values"),
    [
        ("=A1+$B$2", (RANGE, INFIX, RANGE), "A1 + $B$2"),
        ("=-1.5E+3%", (PREFIX, NUMBER, PERCENT), "- 1.5E+3 %"),
        ("=12.5E+3", (RANGE, INFIX, NUMBER), "12.5E + 3"),  # parse.py joins it
        ('="a ""b"""<>TRUE', (TEXT, INFIX, LOGICAL), '"a_""b""" <> TRUE'),
        ("=SUM(A:A,)", (FUNC, RANGE, ARGUMENT, END_OF[FUNC]), "SUM( A:A , )"),
        ("=(A1,1:1)", (PAREN, RANGE, INFIX, RANGE, END_OF[PAREN]), "( A1 , 1:1 )"),
        ("={1;-2}", (ARRAY, NUMBER, ROW, PREFIX, NUMBER, END_OF[ARRAY]), "{ 1 ; - 2 }"),
        ("='It''s (1)'!A1:'It''s (1)'!B2", (RANGE,), "'It''s_(1)'!A1:'It''s_(1)'!B2"),
        ("=T[[#This Row],[a-b]]*[1]S!A1", (RANGE, INFIX, RANGE), "T[[#This_Row],[a-b]] * [1]S!A1"),
        ("=T[[[deep]]]", (RANGE,), "T[[[deep]]]"),
        ("=#N/A=S!#REF!", (ERROR, INFIX, RANGE), "#N/A = S!#REF!"),
        ("=@rate", (RANGE,), "@rate"),
        ("rate", (NO_FORMULA,), "rate"),
        ("", (), ""),
    ],
)
def test_a_formula_is_cut_into_tokens(formula, kinds, values):
    found = tokens(formula)
    assert tuple(token.kind for token in found) == kinds
    assert [token.value for token in found] == [value.replace("_", " ") for value in values.split()]


def test_spaces_are_one_token_and_a_new_line_ends_no_operand():
    assert [(token.kind, token.value) for token in tokens("=A1   B2")] == [
        (RANGE, "A1"),
        (SPACE, " "),
        (RANGE, "B2"),
    ]
    assert [token.value for token in tokens("=A\n1")] == ["\n", "A1"]


@pytest.mark.parametrize(
    "formula",
    ['="', "='S", "=T[", "=T[[a]", "=)", "=(1}", "={1)", "=#SPILL!", '=A1"a"', "=a'b'", "=a{1}", "=A1#"],
)
def test_what_cannot_be_read_is_refused(formula):
    with pytest.raises(ValueError, match="cannot be read as a formula"):
        tokens(formula)


# ---- as openpyxl reads them ------------------------------------------------------------------------------

KINDS = {
    (Theirs.OPERAND, Theirs.NUMBER): NUMBER,
    (Theirs.OPERAND, Theirs.TEXT): TEXT,
    (Theirs.OPERAND, Theirs.LOGICAL): LOGICAL,
    (Theirs.OPERAND, Theirs.ERROR): ERROR,
    (Theirs.OPERAND, Theirs.RANGE): RANGE,
    (Theirs.FUNC, Theirs.OPEN): FUNC,
    (Theirs.FUNC, Theirs.CLOSE): END_OF[FUNC],
    (Theirs.PAREN, Theirs.OPEN): PAREN,
    (Theirs.PAREN, Theirs.CLOSE): END_OF[PAREN],
    (Theirs.ARRAY, Theirs.OPEN): ARRAY,
    (Theirs.ARRAY, Theirs.CLOSE): END_OF[ARRAY],
    (Theirs.SEP, Theirs.ARG): ARGUMENT,
    (Theirs.SEP, Theirs.ROW): ROW,
    (Theirs.OP_PRE, ""): PREFIX,
    (Theirs.OP_IN, ""): INFIX,
    (Theirs.OP_POST, ""): PERCENT,
    (Theirs.WSPACE, ""): SPACE,
    (Theirs.LITERAL, ""): NO_FORMULA,
}


def theirs(formula: str) -> list[tuple[str, str]] | None:
    """(kind, value) of openpyxl's tokens; None where it refuses the formula."""
    try:
        return [(KINDS[token.type, token.subtype], token.value) for token in Tokenizer(formula).items]
    except (TokenizerError, IndexError):
        return None


def ours(formula: str) -> list[tuple[str, str]] | None:
    try:
        return [(token.kind, token.value) for token in tokens(formula)]
    except ValueError:
        return None


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.stem)
def test_the_lessons_formulas_are_read_as_openpyxl_does(path):
    with open_book(path) as book:
        graph = RunGraph(read_snapshot(book))
    for run in (run for sheet in graph.book.sheets for run in graph.runs(sheet)):
        assert ours(run.text) == theirs(run.text) is not None


PIECES = st.sampled_from(
    [
        "+", "-", "*", "/", "^", "&", "=", "<", ">", "<=", ">=", "<>", "%", "@", ":", "!", "#", "$", ".", ",", ";", "(", ")",
        "{", "}", "[", "]", "[[", "]]", '"', "'", '""', "''", " ", "  ", "\n", " \n", "\n ", "\t", "\r", "\\", "?", "~",
        "A1", "$B$2", "A:A", "1:1", "S!A1", "'It''s'!A1", "'[b.xlsx]S'!A1", "[1]S!A1", "rate", "é", "SUM(", "LAMBDA(x,",
        "T[[#This Row],[a]]", "[@a]", "T['#]", "[[[a]]]", "TRUE", "False", '"a ""b"""', "{1,2;3,-4}", "1", "2.5", ".5", "5.",
        "1.5E", "12E", "0E", "E", "E+3", "1E+3", "nan", "inf", "Infinity", "1_0", "\u0661", "#N/A", "#REF!", "#NUM", "#n/a",
    ]
)  # fmt: skip


@settings(max_examples=1000)
@given(st.lists(PIECES, max_size=12).map(lambda pieces: "=" + "".join(pieces)))
def test_drawn_formulas_are_read_or_refused_as_openpyxl_does(formula):
    assert ours(formula) == theirs(formula)


@settings(max_examples=300)
@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_as_openpyxl_does(text):
    assert ours("=" + text) == theirs("=" + text)
