"""Formula text between Calc's API grammar and that of .xlsx files, by a few functions named as LibreOffice does."""

import ast
from pathlib import Path

import pytest

from xlcicf.host.libreoffice.agent import grammar
from xlcicf.host.libreoffice.agent.grammar import Grammar, names_by

AGENT = Path(grammar.__file__).parent
EXTERNAL = 3
CALC = [
    *((0, None, sign) for sign in "();"),
    *((10 + i, None, name) for i, name in enumerate("SUM IF MAX INDEX SUMPRODUCT TRUE AREAS".split())),
    (30, None, "STDEV.S"),
    (31, None, "FORMULA"),
    (32, None, "CEILING"),
    (33, None, "CEILING.MATH"),
    (34, None, "CEILING.XCL"),
    (35, None, "DURATION"),
    (36, None, "LOG10"),
    (EXTERNAL, "com.sun.Analysis.getEdate", "EDATE"),
    (EXTERNAL, "com.sun.Analysis.getEdate", "COM.SUN.ANALYSIS.GETEDATE"),
]
EXCEL = [
    *((0, None, sign) for sign in "(),"),
    *((10 + i, None, name) for i, name in enumerate("SUM IF MAX INDEX SUMPRODUCT TRUE AREAS".split())),
    (30, None, "_xlfn.STDEV.S"),
    (31, None, "_xlfn.FORMULATEXT"),
    (32, None, "_xlfn.CEILING.MATH"),
    (33, None, "_xlfn.CEILING.MATH"),
    (34, None, "CEILING"),
    (35, None, "_xlfn.PDURATION"),
    (36, None, "LOG10"),
    (EXTERNAL, "com.sun.Analysis.getEdate", "EDATE"),
    (EXTERNAL, "com.sun.Analysis.getEdate", "COM.SUN.ANALYSIS.GETEDATE"),
]
OURS = {"org.xlcicf.AddIn.nnRelu": "NN_RELU"}

BOTH_WAYS = {  # Calc's -> Excel's
    "=SUM(A1;B2)": "=SUM(A1,B2)",
    "=$Net.C5": "=Net!C5",
    "=$Net.$C$5:D$6": "=Net!$C$5:D$6",
    "=SUM($Net.A:A;$Net.1:3;$Net.$A:$B)": "=SUM(Net!A:A,Net!1:3,Net!$A:$B)",
    "=$'My sheet'.A1+$'It''s a.b'.B2": "='My sheet'!A1+'It''s a.b'!B2",
    "=$Ümlaut.A1": "=Ümlaut!A1",
    "=SUM($Net.A1:$Out.B2)": "=SUM(Net:Out!A1:B2)",
    "=SUM($'My a'.A1:$'It''s'.B2)": "=SUM('My a:It''s'!A1:B2)",
    "=SUM($Net.A12:A3;$Net.A1:A1)": "=SUM(Net!A12:A3,Net!A1:A1)",
    "=SUM($'S2'.A1:$'S3'.B2)": "=SUM('S2:S3'!A1:B2)",
    "=$'A1'.B2": "='A1'!B2",
    "=$'a.b'.B2": "='a.b'!B2",
    "=train.lr*2": "=train.lr*2",
    "=$Net.rate": "=Net!rate",
    "={1;2|3;4}": "={1,2;3,4}",
    "=SUM({1.5;-2|3;4}*A1;2)": "=SUM({1.5,-2;3,4}*A1,2)",
    '={"a;b";TRUE|"c|d";#N/A}': '={"a;b",TRUE;"c|d",#N/A}',
    "=SUM((A1:A2~B1:B2))": "=SUM((A1:A2,B1:B2))",
    "=AREAS((A1~B1~C1))": "=AREAS((A1,B1,C1))",
    "=INDEX((A1:A2~B1:B2);1;1;2)": "=INDEX((A1:A2,B1:B2),1,1,2)",
    "=SUM(A1:A3!A2:B2)": "=SUM(A1:A3 A2:B2)",
    "=IF(A1>0;TRUE();FALSE())": "=IF(A1>0,TRUE,FALSE)",
    "=IF(A1;;2)": "=IF(A1,,2)",
    '=IF(A1;"a;b,c|d~e!f{g}h.i""j";$Net.A1)': '=IF(A1,"a;b,c|d~e!f{g}h.i""j",Net!A1)',
    "=A1+#REF!+#DIV/0!": "=A1+#REF!+#DIV/0!",
    "=STDEV.S(A1:A2)": "=_xlfn.STDEV.S(A1:A2)",
    "=FORMULA(A1)": "=_xlfn.FORMULATEXT(A1)",
    "=CEILING.MATH(A1;2)": "=_xlfn.CEILING.MATH(A1,2)",
    "=CEILING.XCL(A1;2)": "=CEILING(A1,2)",
    "=DURATION(A1;2;3)": "=_xlfn.PDURATION(A1,2,3)",
    "=COM.SUN.ANALYSIS.GETEDATE(A1;2)": "=EDATE(A1,2)",
    "=ORG.XLCICF.ADDIN.NNRELU(A1;2)": "=NN_RELU(A1,2)",
    "=LOG10(A10)+1.5E-300+1E+300": "=LOG10(A10)+1.5E-300+1E+300",
    "=SUM(T[[#This Row];[a]])": "=SUM(T[[#This Row],[a]])",
    "=SUM(T[a;b])+SUM(T['#x])": "=SUM(T[a;b])+SUM(T['#x])",
    "=SUM(T[[a;b]:[a,b]])": "=SUM(T[[a;b]:[a,b]])",
    "=A1%+100%": "=A1%+100%",
    "=MAX(0;-(A1+B1)*2)": "=MAX(0,-(A1+B1)*2)",
    "=SUM( A1 ; B1 )": "=SUM( A1 , B1 )",
    "$Net.$A$1:$B$2~$Net.$D$4": "Net!$A$1:$B$2,Net!$D$4",  # what a name refers to
}

TO_EXCEL = {
    "=$A1.B2": "='A1'!B2",  # a sheet that is called so
    "=Net.C5": "=Net!C5",  # a sheet that moves with the formula
    "=$Net.A1:$Net.B2": "=Net!A1:B2",
    "=CEILING(A1;2)": "=_xlfn.CEILING.MATH(A1,2)",
    "=EDATE(A1;2)": "=EDATE(A1,2)",
    "=nn_elu(A1)+_xlfn.xlookup(1;A1:A2;B1:B2)": "=NN_ELU(A1)+_xlfn.XLOOKUP(1,A1:A2,B1:B2)",
    "=A#REF!+$B$#REF!+SUM(A#REF!:B#REF!)": "=#REF!+#REF!+SUM(#REF!)",
    "=SUM(#REF!1:#REF!3)+$Net.A#REF!+#REF!.A3": "=SUM(#REF!)+#REF!+#REF!",
    "='file:///a/b.xlsx'#$Net.A1+SUM(A1;2)": "='file:///a/b.xlsx'#$Net.A1+SUM(A1;2)",
    "=SUM('my a:my b'!a1)": "=SUM('my a:my b'!a1)",  # what LibreOffice 7.4 makes of such a reference
}

TO_OFFICE = {
    "=true": "=true()",
    "=STDEV.S(A1)": "=STDEV.S(A1)",
    "=sum(A1,_XLFN.STDEV.S(A1))": "=SUM(A1;STDEV.S(A1))",
    "=SUM('my a:Out'!a1,net!a1:b2,net!a:b)": "=SUM($'my a'.a1:$'Out'.a1;$net.a1:b2;$net.a:b)",
    "=SUM(Net:Out!A1)": "=SUM($Net.A1:$Out.A1)",
    "=a.b!A1": "=$'a.b'.A1",
    "=@A1:A3*2": "=A1:A3*2",
    "=[1]Rates!A1+SUM(1,2)": "=[1]Rates!A1+SUM(1,2)",
    "='[a b.xlsx]Rates'!A1+SUM(1,2)": "='[a b.xlsx]Rates'!A1+SUM(1,2)",
    "=A1 + B1": "=A1 + B1",
    "=SUM(A1:A3 (A2,A3))": "=SUM(A1:A3!(A2~A3))",
}


@pytest.fixture
def both():
    return Grammar(*names_by(CALC, EXCEL, EXTERNAL, OURS))


@pytest.mark.parametrize(("calc", "excel"), BOTH_WAYS.items())
def test_a_formula_reads_the_same_in_both_grammars(both, calc, excel):
    assert both.to_excel(calc) == excel
    assert both.to_office(excel) == calc


@pytest.mark.parametrize(("calc", "excel"), TO_EXCEL.items())
def test_what_calc_alone_writes_becomes_what_excel_reads(both, calc, excel):
    assert both.to_excel(calc) == excel


@pytest.mark.parametrize(("excel", "calc"), TO_OFFICE.items())
def test_what_excel_alone_writes_becomes_what_calc_reads(both, excel, calc):
    assert both.to_office(excel) == calc


def test_formulas_that_differ_in_rows_only_are_told_apart(both):
    for row in (1, 12, 900001, 1048576):
        assert both.to_excel(f"=IF($Net.A{row}>900000;$B${row};A1)") == f"=IF(Net!A{row}>900000,$B${row},A1)"
        assert both.to_excel(f"=SUM($Net.A{row}:$Out.A{row})") in (
            f"=SUM(Net:Out!A{row})",
            f"=SUM(Net:Out!A{row}:A{row})",
        )
        assert both.to_office(f"=SUM(Net:Out!A{row})") == f"=SUM($Net.A{row}:$Out.A{row})"


def test_a_sheets_own_name_is_told_from_a_name_with_a_dot(both):
    assert both.to_excel("=Net.rate+train.lr") == "=Net.rate+train.lr"
    both.in_book(frozenset({"net.rate"}))
    assert both.to_excel("=Net.rate+train.lr") == "=Net!rate+train.lr"


@pytest.mark.parametrize("path", sorted(AGENT.glob("*.py")), ids=lambda path: path.name)
def test_the_python_of_an_old_libreoffice_can_read_the_agent(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
