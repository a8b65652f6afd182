import math

_TRUE = "it passes over TRUE typed in as an argument"
_CUTS = "it rounds to so many digits where Microsoft's page of PERCENTRANK.EXC, 0.3 of 0.381, cuts"

IRONCALC: dict[str, str] = {
    "VARA(1.5,2,TRUE)": _TRUE,
    "VARPA(1.5,2,TRUE)": _TRUE,
    "STDEVA(1.5,2,TRUE)": _TRUE,
    "STDEVPA(1.5,2,TRUE)": _TRUE,
}
LIBREOFFICE: dict[str, str] = {
    "PERCENTRANK({13,12,11,8,4,3,2,1,1,1},8,5)": _CUTS,
    "PERCENTRANK.INC({13,12,11,8,4,3,2,1,1,1},8,5)": _CUTS,
    "PERCENTRANK.EXC({13,12,11,8,4,3,2,1,1,1},2)": _CUTS,
}
DOCUMENTED: dict[str, object] = {  # Microsoft's pages of the functions; all their digits by hand
    "AVEDEV(4,5,6,7,5,4,3)": 50 / 49,
    "DEVSQ(4,5,8,7,11,4,3)": 48.0,
    "GEOMEAN(4,5,8,7,11,4,3)": 147840 ** (1 / 7),
    "HARMEAN(4,5,8,7,11,4,3)": 7 / (1 / 4 + 1 / 5 + 1 / 8 + 1 / 7 + 1 / 11 + 1 / 4 + 1 / 3),
    "TRIMMEAN({4,5,6,7,2,3,4,5,1,2,3},0.2)": 34 / 9,
    "SKEW.P(3,4,5,2,3,4,5,6,4,7)": 0.303193339354144,
    "SKEW(3,4,5,2,3,4,5,6,4,7)": 0.359543071406797,
    "KURT(3,4,5,2,3,4,5,6,4,7)": -0.151799637208416,
    'AVERAGEA({10,7,9,2,"Not available"})': 5.6,
    "MAXA({0,0.2,0.5,0.4,TRUE})": 1.0,
    "MINA({FALSE,0.2,0.5,0.4,0.8})": 0.0,
    "PERCENTRANK.INC({13,12,11,8,4,3,2,1,1,1},2)": 0.333,
    "PERCENTRANK.INC({13,12,11,8,4,3,2,1,1,1},4)": 0.555,
    "PERCENTRANK.INC({13,12,11,8,4,3,2,1,1,1},8)": 0.666,
    "PERCENTRANK.INC({13,12,11,8,4,3,2,1,1,1},5)": 0.583,
    "PERCENTRANK.EXC({1,2,3,6,6,6,7,8,9},7)": 0.7,
    "PERCENTRANK.EXC({1,2,3,6,6,6,7,8,9},5.43)": 0.381,
    "PERCENTRANK.EXC({1,2,3,6,6,6,7,8,9},5.43,1)": 0.3,
    "SUMPRODUCT(FREQUENCY({79,85,78,85,50,81,95,88,97},{70;79;89}),{1;10;100;1000})": 2421.0,
    "PROB({0,1,2,3},{0.2,0.3,0.1,0.4},2)": 0.1,
    "PROB({0,1,2,3},{0.2,0.3,0.1,0.4},1,3)": 0.8,
    "SUM(MODE.MULT({1,2,3,4,3,2,1,2,3,5,6,1}))": 6.0,
    "STDEVA(4,5,8,7,11,4,3)": math.sqrt(8),
}
