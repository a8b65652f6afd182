"""Functions of texts: corners, and errors at the right arguments."""

import pytest

from tests.formula.sheets import computed, function
from xlcicf.errors import NotDifferentiable
from xlcicf.formula.snapshot import ExcelError

VALUE, NA = ExcelError("#VALUE!"), ExcelError("#N/A")

TEXTS = [
    ('FIND("","abc")', 1.0), ('FIND("","abc",4)', 4.0), ('FIND("a","")', VALUE), ('FIND("B","abc")', VALUE),
    ('SEARCH("B","abc")', 2.0), ('SEARCH("~?","a?b")', 2.0), ('SEARCH("b*","abc")', 2.0), ('SEARCH("c?","abc")', VALUE),
    ('MID("abc",4,2)', ""), ('MID("abc",0,2)', VALUE), ('MID("abc",1,-1)', VALUE), ('LEFT("abc",-1)', VALUE),
    ('LEFT("abc",1E10)', "abc"), ('REPLACE("abc",9,2,"x")', "abcx"), ('SUBSTITUTE("aaa","a","b",2.9)', "aba"),
    ('SUBSTITUTE("aaa","","b")', "aaa"), ('SUBSTITUTE("aaa","a","b",0)', VALUE), ('REPT("ab",-1)', VALUE),
    ("CHAR(0)", VALUE), ("CHAR(256)", VALUE), ("CHAR(128)", "€"), ('CODE("")', VALUE), ('LEN("😀")', 2.0),
    ("PROPER(\"2-way street o'neil 76budGet\")", "2-Way Street O'Neil 76Budget"), ('TRIM("  a   b ")', "a b"),
    ('LEFTB("abc",2)&RIGHTB("abc",1)&MIDB("abc",2,1)&REPLACEB("abc",2,1,"x")', "abcbaxc"),
    ('LENB("abc")+FINDB("b","abc")+SEARCHB("C","abc")', 8.0),
    ('TEXTJOIN(", ",TRUE,"a","","b")', "a, b"), ('TEXTJOIN(",",FALSE,"a","","b")', "a,,b"),
    ('TEXTJOIN({"-","+"},TRUE,"a","b","c","d")', "a-b+c-d"), ('TEXTJOIN("",TRUE,A1:A3)', "xy"),
    ('ENCODEURL("http://contoso.sharepoint.com/Profit and Loss Statement.xlsx")',
     "http%3A%2F%2Fcontoso.sharepoint.com%2FProfit%20and%20Loss%20Statement.xlsx"),
    # before, after and between delimiters
    ('TEXTBEFORE("a-b-c","-")', "a"), ('TEXTBEFORE("a-b-c","-",2)', "a-b"), ('TEXTBEFORE("a-b-c","-",-1)', "a-b"),
    ('TEXTBEFORE("a-b-c","-",-3)', NA), ('TEXTBEFORE("a-b-c","x")', NA), ('TEXTBEFORE("abc","x",1,0,0,"none")', "none"),
    ('TEXTBEFORE("abc","C",1,1)', "ab"), ('TEXTBEFORE("abc","x",1,0,1)', "abc"), ('TEXTBEFORE("abc","x",-1,0,1)', ""),
    ('TEXTBEFORE("a-b","-",0)', VALUE), ('TEXTBEFORE("a-b","-",4)', VALUE), ('TEXTBEFORE("abc","")', ""),
    ('TEXTBEFORE("abc","",-1)', "abc"), ('TEXTBEFORE("a-b_c",{"-","_"},2)', "a-b"),
    ('TEXTAFTER("a-b-c","-")', "b-c"), ('TEXTAFTER("a-b-c","-",-2)', "b-c"), ('TEXTAFTER("abc","x",1,0,1)', ""),
    ('TEXTAFTER("abc","x",-1,0,1)', "abc"), ('TEXTAFTER("abc","")', "abc"), ('TEXTAFTER("abc","",-1)', ""),
    ('ARRAYTOTEXT(TEXTSPLIT("a,b;c",",",";"),1)', '{"a","b";"c",#N/A}'),
    ('ARRAYTOTEXT(TEXTSPLIT("a,,b",","),1)', '{"a","","b"}'), ('ARRAYTOTEXT(TEXTSPLIT("a,,b",",",,TRUE),1)', '{"a","b"}'),
    ('ARRAYTOTEXT(TEXTSPLIT("aXbxc","x",,,1))', "a, b, c"), ('ARRAYTOTEXT(TEXTSPLIT({"a,b","c"},","))', "a, c"),
    ('TEXTSPLIT(NA(),",")', NA),
    # numbers as texts
    ("FIXED(1234.567,1)", "1,234.6"), ("FIXED(1234.567,-1)", "1,230"), ("FIXED(-1234.567,-1,TRUE)", "-1230"),
    ("FIXED(44.332)", "44.33"), ("FIXED(0.5,0)", "1"), ("FIXED(-0.001)", "0.00"), ("FIXED(1,128)", VALUE),
    ("FIXED(1E20,2)", "100,000,000,000,000,000,000.00"), ('FIXED("x")', VALUE),
    ("DOLLAR(1234.567,2)", "$1,234.57"), ("DOLLAR(1234.567,-2)", "$1,200"), ("DOLLAR(-1234.567,-2)", "($1,200)"),
    ("DOLLAR(-0.123,4)", "($0.1230)"), ("DOLLAR(99.888)", "$99.89"),
    ('NUMBERVALUE("2.500,27",",",".")', 2500.27), ('NUMBERVALUE("3.5%")', 0.035), ('NUMBERVALUE("")', 0.0),
    ('NUMBERVALUE(" 3 000 ")', 3000.0), ('NUMBERVALUE("9%%")', 0.0009), ('NUMBERVALUE("1,2.3")', 12.3),
    ('NUMBERVALUE("1.2,3")', VALUE), ('NUMBERVALUE("1.2.3")', VALUE), ('NUMBERVALUE("$5")', VALUE),
    ('VALUETOTEXT("a",1)', '"a"'), ('VALUETOTEXT("a""b",1)', '"a""b"'), ("VALUETOTEXT(TRUE,1)", "TRUE"),
    ("VALUETOTEXT(NA())", "#N/A"), ("VALUETOTEXT(1,2)", VALUE), ('ARRAYTOTEXT({1,"a";TRUE,2})', "1, a, TRUE, 2"),
    ('ARRAYTOTEXT({1,"a";TRUE,2},1)', '{1,"a";TRUE,2}'),
    ('TEXT(TRUE,"0")', "TRUE"), ('TEXT("5","0.0")', "5.0"), ('TEXT("1/15/2024","yyyy")', "2024"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "value"), TEXTS, ids=[f for f, _ in TEXTS])
def test_a_text_is_what_excel_documents(formula, value):
    found = computed({"A1": "x", "A3": "y", "Z9": "=" + formula}, "Z9")
    assert found == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)


def test_texts_of_a_run_are_split_each_into_its_own_pieces():
    cells = {"A1": "a,b", "A2": "c", "A3": "d,e,f"}
    cells |= {f"B{i}": f'=COUNTA(TEXTSPLIT(A{i},","))' for i in (1, 2, 3)}
    assert [computed(cells, f"B{i}") for i in (1, 2, 3)] == [2.0, 1.0, 3.0]


@pytest.mark.parametrize("start", [0.0, 4.0])
@pytest.mark.parametrize("formula", ['IFERROR(VALUE((1/A1)&""),7)', "IF(ISERROR(UPPER(1/A1)),7,A1)"])
def test_a_text_that_is_an_error_at_first_is_refused_as_one_that_is_none(formula, start):
    with pytest.raises(NotDifferentiable, match="gives a text as a changing cell decides"):
        function({"A1": start, "B1": f"={formula}"}, "B1", "A1")
