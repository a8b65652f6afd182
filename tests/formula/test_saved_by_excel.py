"""Values that Excel itself has saved: what it makes of arguments of all kinds, where no page says it.

They stand in the workbooks by which IronCalc is tested (github.com/ironcalc/IronCalc, xlsx/tests), Apache POI
(apache/poi, test-data/spreadsheet), formulas (vinci1it2000/formulas), pycel (dgorissen/pycel), NPOI
(nissl-lab/npoi), ZK Spreadsheet (zkoss/zkspreadsheet) and other libraries, which Excel for the Mac, for Windows
and in the browser have computed and saved.
"""

import pytest

from tests.formula.sheets import computed
from xlcicf.formula.snapshot import ExcelError

NUM, VALUE, DIV0, NA, REF = map(ExcelError, ("#NUM!", "#VALUE!", "#DIV/0!", "#N/A", "#REF!"))
CELLS = {
    # a row or column of numbers, texts, TRUE and FALSE; out of order; with ties; with blanks
    "A1": 2.0, "A2": 5.0, "A3": 4.0, "A4": 5.0, "A5": 3.0, "A6": True, "A7": "ala",
    "B1": "a", "B2": "b", "B3": "c", "B4": "d", "B5": "e", "B6": "f", "B7": "g",
    "C1": 9.0, "C2": 7.0, "C3": 7.0, "C4": 7.0, "C5": 5.0, "C6": 2.0,
    "D1": 2.0, "D2": 5.0, "D3": 5.0, "D4": 7.0, "D5": 7.0, "D6": 9.0,
    "E1": 1.0, "E2": 2.0, "E3": 3.0, "E4": 4.0, "E5": 5.0, "E6": 6.0,
    "F1": 23.0, "F2": "23", "F3": True, "F4": 1.0, "F5": "x", "F6": 0.0, "F7": -3.0,
    "G1": 7.0, "G3": "", "G4": "8", "G5": True, "G6": ExcelError("#NUM!"), "G7": ExcelError("#N/A"), "G8": ExcelError("#DIV/0!"),
    "H1": 20.0, "H2": 5.0, "H4": 5.0, "H5": 5.0, "I1": 44958.0, "I2": 44986.0, "I3": 45017.0, "I4": 45078.0, "I5": 45108.0,
    "J1": 50.0, "J2": 12.0, "J3": -13.5, "K1": 3.0, "K2": 7.0, "K3": 5.0,
    "L1": -10000.0, "L2": 3000.0, "L3": 4200.0, "L4": 6800.0, "L6": "1", "M1": 41275.0, "M2": 41306.0, "M3": 41334.0, "M4": 41365.0, "M6": 32015.0,
}  # fmt: skip

MONEY = [
    # interest and principal of payments: parts of periods
    ("CUMPRINC(0.01,36,8000,1.2,8.53,1)", -1339.6579298169904), ("CUMIPMT(0.01,36,8000,1.2,8.53,1)", -501.92756475693704),
    ("CUMIPMT(0.8,36,18000,2.7,9.667,1)", -55999.99877582575), ("CUMPRINC(0.8,36,18000,2.7,9.667,1)", -0.0012603466877548824),
    ("CUMPRINC(0.1,29.9,8000,3,10,1)", -618.008757727844), ("CUMIPMT(0.1,30.34,8000,3,10,1)", -5568.806241932207),
    ("CUMIPMT(0.3,12,8000,5.1,5,1)", NUM), ("CUMIPMT(7,36,8000,3,10,1)", -56000.0), ("CUMIPMT(0.01,36,8000,TRUE,10,0)", VALUE),
    ("IPMT(0.1,3.9,3,8000,10,1)", -26.866364667656377), ("PPMT(0.1,3.9,3,8000)", -3186.4035714405527),
    # a rate of -100%
    ("FV(-1,-2,1)", DIV0), ("PV(-1,20,300)", DIV0), ("IRR({-20,5,5,0,-10,5},-1)", VALUE), ("IRR({-1000,230,200,125},-10)", VALUE),
    ("MIRR({-5,2,4},-1,0.2)", 0.13137084989847603), ("MIRR({-1000,230,200,125,200,10},-1,2)", 0.9151642637250201),
    ("MIRR({-6,-1,-2},0.1,0.2)", -1.0), ("MIRR({5,6},0.1,0.2)", DIV0),
    # of several rates the one next to the guess
    ("RATE(48,-200,8000,1000,1)", 0.0035499220754319927), ("RATE(12,-200,8000,0,TRUE)", -0.1678337611998994), ("POISSON.DIST(-0.000001,5,TRUE)", NUM),
    # payments that are no numbers
    ("XNPV(0.1,H1:H5,I1:I5)", NUM), ("XNPV(0.1,{20,5,5,TRUE,5},I1:I5)", NUM),
    # TRUE among numbers of functions that were once an add-in
    ("EFFECT(TRUE,4)", VALUE), ("NOMINAL(0.1,TRUE)", VALUE), ("DOLLARFR(2,TRUE)", VALUE), ("DOLLARDE(TRUE,2)", VALUE),
    ("TBILLEQ(45366,45731,TRUE)", VALUE), ("TBILLPRICE(TRUE,45731,0.5)", VALUE), ("SERIESSUM(TRUE,0,1,{1,2})", VALUE),
    # the last period of accrued interest
    ("ACCRINT(44348,44531,44621,0.025,5000,2,1,TRUE)", 93.23770491803279),
    ("ACCRINT(44440,44531,44593,0.025,5000,4,1,TRUE)", 52.54120879120879),
    ("ACCRINT(43831,44013,44197,0.025,5000,2,1,TRUE)", 125.68681318681318),
    ("ACCRINT(43831,44013,44287,0.075,100,2,1,TRUE)", 9.354395604395604),
]  # fmt: skip
NUMBERS = [
    ("COMPLEX(1E-16,0)", "0.0000000000000001"), ("COMPLEX(1E-18,0)", "0.000000000000000001"), ("COMPLEX(1E-20,0)", "1E-20"),
    ("COMPLEX(1.2E-45,-3)", "1.2E-45-3i"), ('PROB({"Hi";"ho"},{"hi";"ho"},1)', DIV0),
    ("LCM(10,3,G2)", 30.0), ("LCM(G1:G2)", 0.0), ("LCM(G2,G2)", VALUE), ("GCD(G2)", VALUE), ("LCM(,5)", NA), ("GCD(,5)", NA),
    ("MROUND(,5)", NA), ("MROUND(7,)", NA), ("MROUND(7,G2)", 0.0),
    # what is left to the last digit, as divisors such as 0.1 are
    ("MOD(10.0000000001,0.1)*1E10", 0.9999945316252479), ("MOD(10.0000000001,-0.1)", -0.09999999990000055),
    ("MOD(5,1E-10)*1E10", 0.9999981783901343), ("MOD(5,-1E-10)*1E16", -1.821609865774887),
    ("TRUNC(123456789,1000)", 123456789.0), ("TRUNC(1E+100,1E+50)", 1e100), ("TRUNC(5,9.99999E+307)", 5.0),
    ("COTH(9999999999999)", 1.0), ("CSCH(9999999999999)", 0.0), ("SECH(9999999999999)", 0.0),
    ("PERMUTATIONA(G2,2)", 0.0), ("BINOM.INV(10,0.7,0)", NUM), ("BINOM.INV(10,0.7,1)", NUM), ("BINOM.INV(10,1,0.8)", NUM),
    ("NEGBINOM.DIST(2,10,1,TRUE)", NUM), ("NEGBINOM.DIST(2,10,G2,TRUE)", NUM), ("BETA.INV(1,1,2,0,1)", NUM),
    ("DEC2BIN(12,G2)", NUM), ("DEC2OCT(12,G2)", NUM), ("IMPRODUCT(7,G2)", "0"), ("CONVERT(0.004,\"Mmph\",\"m/s\")", 1788.16),
    ("CONVERT(0.0002,\"Muk_pt\",\"m3\")", 0.11365225000000002), ("CONVERT(1,\"Mkn\",\"m/s\")", NA), ("CONVERT(1,\"Muk_qt\",\"m3\")", NA),
    ('AND("",TRUE)', True), ('OR("",FALSE)', False), ('XOR("",TRUE)', True), ('OR("","")', VALUE), ('OR("1")', VALUE),
    ('COUNTIF(F1:F7,"=23")', 2.0), ('COUNTIF(F1:F7,"<>23")', 6.0),
]  # fmt: skip
DATES = [
    ('0+" 2024-01-10 "', VALUE), ('0+" 5 "', 5.0), ('TIMEVALUE(" 1:30 ")', 0.0625), ("DATE(9999,13,-1)", NUM),
    ("DAYS360(45992.000001,46000.999999)", 9.0), ('DAYS360(45658,45688,"TRUE")', 29.0), ('DAYS360(45658,45688," TRUE")', VALUE),
]  # fmt: skip
LOOKED_FOR = [
    # texts are above numbers, TRUE and FALSE above texts
    ("XLOOKUP(FALSE,A1:A7,B1:B7,,-1)", "g"), ("XLOOKUP(FALSE,A1:A7,B1:B7,,1)", "f"), ('XLOOKUP("qwerty",A1:A7,B1:B7,,1)', "f"),
    ("XLOOKUP(10,A1:A7,B1:B7,,1)", "g"), ("XLOOKUP(10,A1:A7,B1:B7,,-1)", "b"), ("XLOOKUP(10,A1:A7,B1:B7,,-1,-1)", "d"),
    # halves of cells that descend, and that ascend, with ties
    ("XLOOKUP(7,C1:C6,E1:E6,,-1,-2)", 4.0), ("XLOOKUP(7.1,C1:C6,E1:E6,,-1,-2)", 2.0), ("XLOOKUP(6.8,C1:C6,E1:E6,,1,-2)", 4.0),
    ("XLOOKUP(5,D1:D6,E1:E6,,-1,2)", 2.0), ("XLOOKUP(7.1,D1:D6,E1:E6,,-1,2)", 5.0), ("XLOOKUP(4,D1:D6,E1:E6,,1,2)", 2.0),
    # a blank cell
    ('XLOOKUP(Z1,G1:G8,E1:E8,"none")', 2.0), ("XMATCH(Z1,G1:G8)", 2.0), ('XLOOKUP("a",B1:B7,A1:A7,,2,2)', VALUE),
    ('VLOOKUP("a","Nothing",1)', VALUE), ('HLOOKUP("a","Nothing",1)', VALUE), ("VLOOKUP(1,3,1)", NA),
    ("INDEX(A1:A3,-2)", VALUE), ("INDEX({1,2,3;4,5,6},-1,1)", VALUE), ("SUM(INDEX(A1:A3,4))", REF),
    ("SUM(OFFSET(J1,0,0,3,0.9))", 48.5), ("SUM(OFFSET(J1,0,0,3,1.99))", 48.5), ("SUM(OFFSET(J1,0,0,3,0))", REF),
    ("ADDRESS(-1,3,1,0)", VALUE), ("ADDRESS(G2,G2,1,0)", VALUE), ("ADDRESS(23,45,4,0)", "R[23]C[45]"),
    ('ROW(INDIRECT("no place"))', REF), ('COLUMN(OFFSET(INDIRECT("no place"),1,1))', REF), ("ROW(G6)", 6.0), ("SHEET(1/0)", DIV0),
    ("INDEX(SORT(G6:G8),1)", DIV0), ("INDEX(SORT(G6:G8),2)", NUM), ("INDEX(SORT(G6:G8,1,-1),1)", NA),
]  # fmt: skip
TEXTS = [
    ('SEARCH("~","Hi ~Bang!")', 1.0), ('SEARCH("~d","My dear")', 4.0), ('SEARCH("~~","Hi ~Bang!")', 4.0), ('SEARCH("~*","Ho*la")', 3.0),
    ("CHAR(129)", "\x81"), ("CHAR(157)", "\x9d"), ("CHAR(128)", "€"),
    ('TEXTSPLIT("Hello","")', VALUE), ('TEXTSPLIT("Hello",)', VALUE), ('TEXTSPLIT("Hello",,"")', VALUE), ('TEXTSPLIT("Hello",,)', VALUE),
    ('TEXTAFTER("del","deli")', NA), ('TEXTAFTER("del","deli",1)', VALUE), ('TEXTBEFORE("del","deli",1,1,0,"qwerty")', VALUE),
    ('TEXTAFTER("123 the 456","Hello",-1,1,2,"x")', VALUE), ('TEXTBEFORE("123 the 456","Hello",-1,1,-12,"x")', VALUE),
    ('TEXTAFTER(TRUE,"r",1,0,0,Z1)&"|"', "|"), ('TEXTAFTER("a-b","-",1/0)', DIV0),
]  # fmt: skip
# cells in no order, and of several kinds: halves lead to where they lead
UNORDERED = [
    ('MATCH(4.1,{"c bau c",4.1,"a",1.1})', 2.0), ("MATCH(4.1,{TRUE,4.1,FALSE,1.1})", 2.0),
    ('LOOKUP(534,{"INTEGRAL",0,1,2,534,9999999999,-9999999999,-534,-2,-1})', 534.0),
    ('HLOOKUP("STRING",{"INTEGRAL","DOUBLE","BLANK","STRING","REF","AREA (rows)",0;1,2,3,4,5,6,7},2,TRUE)', 4.0),
    ('MATCH("DOUBLE",{"DOUBLE","BLANK","STRING","REF","AREA (rows)"})', 1.0), ("MATCH(Z1,{0,1,2,3,4},-1)", 1.0),
    ('XLOOKUP(46523,{9700,"xyz","xyz",160726,204100,510300},{1,2,3,4,5,6},0,1,2)', 2.0),
    ('XLOOKUP(4,{TRUE,4.1,FALSE,1.1},{"L","ML","MR","R"},1,1,2)', "L"),
    ('XLOOKUP(4.1,{TRUE,4.1,FALSE,1.1},{"L","ML","MR","R"},1,1,2)', "ML"), ('XMATCH("ss",{1,"SS","c bau c",4.1},0,2)', 2.0),
    ('XMATCH(4.1,{1.1,4.1,"","a"},-1,-2)', 2.0), ('XMATCH(4.1,{TRUE,4.1,FALSE,"c bau c"},-1,-2)', 2.0),
    # a blank cell is above all others
    ('XLOOKUP(Z1,{TRUE,4.1,FALSE,1.1},{"L","ML","MR","R"},1,1,2)', 1.0), ("XMATCH(Z1,{-1.1,2.1,3.1,4.1},1)", NA),
    ('XLOOKUP(Z1,{"",4.1,"a",1.1},{"L","ML","MR","R"},1,1)', 1.0), ("XMATCH(Z1,{FALSE,2.1,TRUE,4.1},-1)", 3.0),
    # results beside a table's first column, and rows of one without a column
    ("LOOKUP(2,E1:F7,E1:E7)", 2.0), ("INDEX(E1:F3,2)", REF), ("INDEX(E1:E3,2)", 2.0), ("INDEX(E1:F1,2)", 23.0),
    ("VLOOKUP(8,E1:E6,0,FALSE)", NA), ("VLOOKUP(Z1,Z1,Z1,3)", NA), ("ADDRESS(1.1,3,4,4.1,Z1)", "!C1"),
]  # fmt: skip
CONDITIONS = [
    ('AND(TRUE,"0")', True), ('AND(TRUE,"ciao",#REF!,"0")', REF), ('OR(TRUE,"0",#REF!)', REF), ('XOR(TRUE,"0",#REF!)', REF),
]  # fmt: skip
NO_PAIRS = [(f"{name}(B1:B4,E1:E4)", DIV0) for name in ("SUMX2MY2", "SUMX2PY2", "SUMXMY2")]
TIMES = [
    # one part of a time may be more than a clock shows
    ('0+"0:59:99"', 0.042118055555555554), ('0+"60:99"', VALUE), ('0+"23:99"', 1.0270833333333333), ('0+"24:99"', VALUE),
    ('0+"23:9999"', 7.902083333333334), ('0+"23:10000"', VALUE), ('0+"0:0:9999"', 0.11572916666666666), ('0+"23:60:9999"', VALUE),
    ('0+"59:9999.0"', 0.15670138888888888), ('0+"60:9999.012345"', VALUE), ('0+"23:59."', 0.9993055555555556), ('0+"23:59.:0"', VALUE),
    # hours, minutes or seconds alone are those of any number
    ('TEXT(2958466,"[h]")', "71003184"), ('TEXT(71003160,"[hh]")', "1704075840"), ('TEXT(-1,"[h]")', "-24"), ('TEXT(-1,"[s]")', "-86400"),
    ('TEXT(-1,"[h]:m")', VALUE), ('TEXT(-1,"[s].000")', VALUE), ('TEXT(0,"[s].000")', "0.000"),
    ('TEXT(1234567,"?,?????????")', "    1,234,567"), ("YEARFRAC(1987,345,1)", 4.496576905522592),
]  # fmt: skip
ENGINEERING = [
    ("SQRTPI(TRUE)", VALUE), ("FACTDOUBLE(TRUE)", VALUE), ("XNPV(TRUE,{-10,5},{39448,39508})", VALUE),
    ('IMDIV("3.1+2j","-3+2i")', NUM), ('IMSUB("3.1+2j","-3+2i")', NUM), ("CHOOSECOLS({1,2,3;4,5,6},#N/A)", NA),
    ("TOCOL({1,2;3,4},-3.9)", VALUE), ("TOROW({1,2;3,4},4)", VALUE),
    ("COMPLEX(6.92442674613868E-05,-1)", "0.0000692442674613868-i"), ("COMPLEX(4.33496947416312E-06,0)", "4.33496947416312E-06"),
]  # fmt: skip
DEPRECIATED = [
    # periods that begin within others
    ("VDB(1,0,14,0,0.5,1.25,FALSE)", 0.04464285714285714), ("VDB(1,0,14,2.5,3.5,1.25,FALSE)", 0.07074765193864536),
    ("VDB(1,0,14,11.5,12.5,1.25,FALSE)", 0.06872629045468406), ("VDB(1,0,14,13.5,14,1.25,FALSE)", 0.03436314522734203),
]  # fmt: skip
FORMATS = [
    # a section for some numbers alone, and TRUE as the text that it is
    ('TEXT(10,"[<10]#"" Wow""")', "10"), ('TEXT(9,"[<10]#"" Wow""")', "9 Wow"), ('TEXT(10,"[>10]#"" Big""")', "10"),
    ('TEXT(-11,"[=-10]#"" Wow""")', "-11"), ('TEXT(TRUE,";;;""hi""")', "hi"), ('TEXT(FALSE,";;;-@-@-")', "-FALSE-FALSE-"),
]  # fmt: skip
MISSED = [
    # numerals out of order: a letter that a larger one follows counts below 0
    ('ARABIC("IIIIIIV")', -1.0), ('ARABIC("IILmIIC")', 1046.0), ('NUMBERVALUE("(2.500,27)",",",".")', -2500.27),
    ('NUMBERVALUE("(2500.27)",".",".,")', VALUE), ('FIXED("123456789076754345682.2121234567832131341",-128000)', "0"),
    # the first cell of a range
    ("T(A1:B1)", ""), ("T(B1:B7)", "a"), ("N(A6:A7)", 1.0),
    # no numbers to compare, or one
    ("CHISQ.TEST(B1:B3,E1:E3)", DIV0), ("Z.TEST(E1:E1,Z1,2)", DIV0), ("T.DIST(0,,)", DIV0),
    ("HYPGEOM.DIST(0,,,,)", 1.0), ("HYPGEOM.DIST(Z1,Z1,4,4,1)", 1.0), ("HYPGEOM.DIST(0,2,3,3,1)", 0.0),
    # where all bounds are blank, 0 is the only one
    ("INDEX(FREQUENCY({1,2,3,0,-1},Z1),1)", 2.0), ("INDEX(FREQUENCY(E2:E4,Z1:Z4),1)", 0.0), ("INDEX(FREQUENCY(E2:E4,Z1:Z4),2)", 3.0), ("ROWS(FREQUENCY(E2:E4,Z1:Z4))", 2.0),
    # places by numbers in one row or column
    ("SUM(CHOOSECOLS({1,2,3;4,5,6;7,8,9},E1:F2))", VALUE), ("SUM(CHOOSEROWS({1,2,3;4,5,6;7,8,9},E1:F2))", VALUE),
    ("SUM(SORT({2,1,2,1},1,{1;-1}))", VALUE), ("LOOKUP(2,E1:E6,G1:H6)", NA),
    ("SUM(INDEX((E1:E3,D1:D3),{3;2;1},1,{3;2;1}))", REF), ("SUM(INDEX((E1:E3,D1:D3),{3;2;1},1,{2;2;1}))", 11.0),
    # ways are cut to whole numbers
    ("VALUETOTEXT(0,0.9)", "0"), ('VALUETOTEXT("a","1.99")', '"a"'), ("ARRAYTOTEXT(G6:G7,0.9)", "#NUM!, #N/A"), ("ARRAYTOTEXT(Z1,1)", VALUE),
    ("INDEX(TEXTSPLIT(G6:H6,1),2)", ""), ("INDEX(TEXTSPLIT(A1:A7,1),1)", "2"),
    # payments that are blank, or texts, do not count with their dates
    ("XIRR({-10,1,5,4.5},{1,99,155,259},TRUE)", VALUE),
    ("XIRR(L1:L6,M1:M6)-XIRR(L1:L4,M1:M4)", 0.0), ("IRR({-7,2,-1,4,-3;7,2,-1,4,#N/A})", VALUE), ("IRR(G1:G8)", VALUE),
    ("INDEX(TREND({2;3;4},{2;5;3},{1;#N/A}),1)", VALUE), ("INDEX(LINEST({4,1,2},{2,3,5},#N/A,0),1)", VALUE),
    # a blank cell is equal to 0 alone
    ('SWITCH(FALSE,Z1,"match")', NA), ('SWITCH("",Z1,"match")', NA), ('SWITCH(0,Z1,"match")', "match"), ('SWITCH(Z1,FALSE,"match",0,"zero")', "zero"),
    # ranges of several cells, for functions that were an add-in
    ("INDEX(HEX2DEC(E1:E3),1)", VALUE), ("INDEX(IMABS(E1:E3),1)", VALUE), ('INDEX(COMPLEX(E1:E3,D1:D3,"j"),1)', VALUE), ("INDEX(ISODD(G6:G8),1)", VALUE),
    # which of several errors is shown
    ("YEARFRAC(G6,345,G7)", NA), ("LARGE(A1:G7,G8)", DIV0), ("PERCENTILE.INC(G6:G7,G8)", DIV0), ("Z.TEST(G6:G7,3,G8)", DIV0), ("FORECAST(G8,G6:G7,E1:E2)", DIV0),
    ("CORREL(F3:F4,G6:G7)", NUM), ("SLOPE(G6:G8,{#DIV/0!;#DIV/0!;#NAME?})", NUM), ("INTERCEPT(A6:A7,G7:G8)", NA),
]  # fmt: skip
OF_NEW_FUNCTIONS = [
    ("ODDFPRICE(39763,44256,39736,39873,0.0785,0.0625,100,2,1)", 113.59771747407883), ("ODDFYIELD(39763,44256,39736,39873,0.0575,84.5,100,2,0)", 0.07724554159729888),
    ("ODDLPRICE(39763,44256,39736,0.0785,0.0625,100,2,0)", 110.88286909824446), ("ODDLYIELD(39763,44256,39736,0.0575,84.5,100,2,0)", 0.08254808631495333),
    ("PERCENTOF({0,2,2.3},{2,2.3,-0.2,-2})", 2.047619047619048), ('PERCENTOF({-2,"ciao"},{-0.2,-2,"ciao"})', 0.9090909090909091), ("PERCENTOF(G6:G7,E1:E2)", NUM),
    ("BAHTTEXT(0)", "ศูนย์บาทถ้วน"), ("BAHTTEXT(157)", "หนึ่งร้อยห้าสิบเจ็ดบาทถ้วน"), ("BAHTTEXT(65.8)", "หกสิบห้าบาทแปดสิบสตางค์"), ("BAHTTEXT(-1)", "ลบหนึ่งบาทถ้วน"),
    ('BAHTTEXT("ciao")', VALUE), ("ASC(65.8)", "65.8"), ("ASC(TRUE)", "TRUE"), ("USDOLLAR(-1.00001)", "($1.00)"),
    ('REGEXEXTRACT(0,"^\\d+$")', "0"), ('REGEXEXTRACT(1.9,"^\\d+$")', NA), ('REGEXREPLACE(1.9,"^\\d+$","pi")', "1.9"), ('REGEXREPLACE(10,"^\\d+$",TRUE)', "TRUE"),
    ("REGEXTEST(1.9,1.9)", True), ('REGEXTEST(2.3,"^\\d+$",2)', VALUE), ('REGEXTEST(10,"^\\d+$",1.9)', True), ('REGEXTEST("ciao","^ciaO$",1)', True),
    ("ROWS(TRIMRANGE(F1:G9,1,2))", 9.0), ("ROWS(TRIMRANGE(H1:H9))", 5.0), ('ROWS(TRIMRANGE(P1:Q9))', REF), ("TRIMRANGE(F1:G9,2.3,2)", VALUE), ('COLUMNS(TRIMRANGE(P1:R9,"3"))', REF), ("COLUMNS(TRIMRANGE(H1:J9,3,1))", 3.0),
]  # fmt: skip
MENDED = [
    # settled on the day of a quasi-coupon, whose period counts by its days
    ("ODDFPRICE(43891,47543,43845,44256,0.075,0.067,120,1,2)", 115.98854775223758), ("ODDFPRICE(43891,47543,43845,44256,0.08,0.06,120,2,3)", 125.74920319203889),
    ("ODDFPRICE(43891,47543,43845,44256,0.08,0.06,120,1,3)", 125.83100063105164),
    # what 15 digits show as whole
    ("CEILING.MATH(0.1,0.0999999999999996)", 0.0999999999999996), ("CEILING.MATH(3.1,3.09999999999999)", 3.09999999999999),
    ("FLOOR.MATH(-1.1,0.0999999999999996)", -1.0999999999999956), ("TRUNC(-0.49999999999999956,1)", -0.5), ("TRUNC(-0.5999999999999996,1)", -0.6),
    # a ~ before any other letter stands for nothing
    ('MATCH("O~s",{"O~s"},0)', NA), ('MATCH("O~~s",{"O~s"},0)', 1.0), ('MATCH("~",{"~"},0)', NA), ('MATCH("O~s",{"Os"},0)', 1.0),
    # ß is ss to XMATCH of equal texts alone
    ('MATCH("ß",{1,"ss"},0)', NA), ('XMATCH("ß",{1,"ss"},0)', 2.0), ('XMATCH("ß",{1,"ss"},2)', NA), ('MATCH("ß?",{1,"ßs"},0)', 2.0), ('XMATCH("ß?",{1,"ssa"},2)', NA),
    ('TEXT(10,"[< 10]#"" Wow""")', "10"), ('TEXT(9,"[<  10]#"" Wow""")', "9 Wow"),
    ("DATE(1900,0,31)", NUM), ("DATE(1900,1,0)", 0.0), ('DEC2BIN("E",0)', NUM), ('DEC2HEX("E",11)', NUM), ('DEC2BIN("E",5)', VALUE),
    # of a range of several cells one #VALUE!, as an array formula shows in all its cells
    ("SUM(IFERROR(ERF(E1:E3),1))", 1.0), ("SUM(IFERROR(EDATE(I1:I3,E1:E3),1))", 1.0), ("SUM(IFERROR(BESSELJ(E1:E2,1),1))", 1.0), ("SUM(IFERROR(CONVERT(E1:E2,\"C\",\"F\"),1))", 1.0),
    # no range where a range has to be
    ('SUMIFS(INDIRECT("nowhere!A1:A3"),INDIRECT("nowhere!B1:B3"),"a")', REF), ('COUNTIF(INDIRECT("nowhere!A1:A3"),1)', REF), ('SUMIF(OFFSET(A1,-1,0),1)', REF),
    ('AVERAGEA({1;2;4;"Text";TRUE})', 1.75), ("AVERAGEA(F1:F3)", 8.0),
    ("XIRR(5,45000)", NA), ("XIRR(F4:F7,I1:I4)", VALUE),
    ('COLUMNS(REGEXEXTRACT("LonelyPlanet","[A-Z][a-z]+",1))', 2.0), ('INDEX(REGEXEXTRACT("LonelyPlanet","[A-Z][a-z]+",1),1,2)', "Planet"),
]  # fmt: skip
SAVED = [*MONEY, *NUMBERS, *DATES, *LOOKED_FOR, *TEXTS]
SAVED += [
    *UNORDERED,
    *CONDITIONS,
    *NO_PAIRS,
    *FORMATS,
    *DEPRECIATED,
    *TIMES,
    *ENGINEERING,
    *MISSED,
    *OF_NEW_FUNCTIONS,
    *MENDED,
]


@pytest.mark.parametrize(("formula", "value"), SAVED, ids=[formula for formula, _ in SAVED])
def test_a_value_is_the_one_that_excel_saved(formula, value):
    found = computed(CELLS | {"Z9": f"={formula}"}, "Z9")
    assert isinstance(found, type(value))
    assert found == (pytest.approx(value, rel=1e-11, abs=1e-12) if isinstance(value, float) else value)


def test_a_cell_shows_its_own_error_wherever_a_formula_is_filled():
    """SEQUENCE and its kind take one number for a whole array: their neighbours' errors are not theirs."""
    cells = {"A1": DIV0, "A2": NA, "A3": 2.0} | {f"B{i}": f"=SUM(SEQUENCE(A{i}))" for i in (1, 2, 3)}
    cells |= {f"C{i}": f"=ROW(-A{i})" for i in (1, 2, 3)}
    assert [computed(cells, f"B{i}") for i in (1, 2, 3)] == [DIV0, NA, 3.0]
    assert [computed(cells, f"C{i}") for i in (1, 2, 3)] == [DIV0, NA, VALUE]


def test_totals_pass_over_the_hidden_rows_of_their_own_sheet():
    """Formulas of several sheets, alike but for the sheet, are computed at once."""
    sheets = ("S", "T", "U", "V")
    cells: dict[str, object] = {f"{sheet}!A{i}": float(i) for sheet in sheets for i in (1, 2, 3)}
    cells |= {f"{sheet}!C1": "=SUBTOTAL(109,A1:A3)" for sheet in sheets}
    shown = [computed(cells, f"{sheet}!C1", hidden={2}) for sheet in sheets]
    assert shown == [4.0, 6.0, 6.0, 6.0]


def test_totals_of_one_range_are_computed_at_once():
    cells = {"A1": 1.0, "A2": 2.0} | {
        f"{c}9": f"=SUBTOTAL({n},$A$1:$A$2)" for c, n in zip("CEGI", (9, 2, 4, 5), strict=True)
    }
    assert [computed(cells, f"{c}9") for c in "CEGI"] == [3.0, 2.0, 2.0, 1.0]


def test_a_total_of_its_own_does_not_count_in_another():
    """As a file has it: AGGREGATE is newer than 2007."""
    cells = {"A1": 15.0, "A2": 77.0, "A3": "=_xlfn.AGGREGATE(1,4,A1:A2)", "A4": "=SUBTOTAL(4,A1:A2)"}
    cells |= {"B1": "=_xlfn.AGGREGATE(1,0,A1:A4)", "B2": "=SUBTOTAL(1,A1:A4)"}
    assert [computed(cells, cell) for cell in ("B1", "B2")] == [46.0, 46.0]


def test_what_a_ring_leaves_is_looked_in_as_other_cells_are():
    cells: dict[str, object] = {"D1": 1.0} | {f"B{i}": float(i % 3) for i in range(2, 30)}
    cells |= {f"A{i}": f'=IF(B{i}=$D$1,INDIRECT("A"&ROW(B{i})-1)+1,0)' for i in range(2, 30)}
    cells |= {f"F{i}": f"=VLOOKUP(ROW($A{i})-1,$A:$B,2,FALSE)" for i in range(2, 30)}
    assert [computed(cells, f"F{i}") for i in (2, 3, 29)] == [1.0, NA, NA]
