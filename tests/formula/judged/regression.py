_IN_COLUMNS = "its outcome of numbers in a row stands in a column, or it is #REF!"
_IFERROR = "its IFERROR of an array is #VALUE!"
_ONE = "it takes one number at a time"

IRONCALC: dict[str, str] = {
    "SUMPRODUCT(FORECAST({5,-7},{6;7;9},{20;28;31}),{1,3})": _ONE,
    "SUMPRODUCT(FORECAST.LINEAR({5,-7},{6;7;9},{20;28;31}),{1,3})": _ONE,
    "SUMPRODUCT(LINEST({1,9,5,7.5},{0,4,2,3},FALSE),{2,3})": _IN_COLUMNS,
    "SUMPRODUCT(IFERROR(LINEST({1;9;5;7.5},{0;4;2;3},TRUE,TRUE),0),{1,3;5,2;1,2;0.1,0.5;2,3})": _IFERROR,
    "SUMPRODUCT(IFERROR(LINEST({1;9;5;7.5;6},{0,1;4,2;2,2;3,5;1,4},TRUE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})": _IFERROR,
    "SUMPRODUCT(IFERROR(LINEST({1,9,5,7.5,6},{0,4,2,3,1;1,2,2,5,4},FALSE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})": _IFERROR,
    "SUMPRODUCT(IFERROR(LOGEST({1;9;5;7.5;6},{0,1;4,2;2,2;3,5;1,4},TRUE,TRUE),0),{1,3,4;5,2,3;1,2,7;0.1,0.5,7;2,3,7})": _IFERROR,
    "SUMPRODUCT(TREND({1,9,5,7.5}),{1,3,2,5})": _IN_COLUMNS,
    "SUMPRODUCT(TREND({1,9,5,7.5},{0,4,2,3},{5;6},FALSE),{1;3})": _IN_COLUMNS,
    "SUMPRODUCT(TREND({1,9,5,7.5,6},{0,4,2,3,1;1,2,2,5,4},{5;6},TRUE))*2": _IN_COLUMNS,
    "SUMPRODUCT(GROWTH({1,9,5,7.5}),{1,3,2,5})": _IN_COLUMNS,
}  # fmt: skip
LIBREOFFICE: dict[str, str] = {"SUMPRODUCT(FORECAST.LINEAR({5,-7},{6;7;9},{20;28;31}),{1,3})": _ONE}
DOCUMENTED: dict[str, object] = {  # Microsoft's pages of the functions; all their digits by hand
    "CORREL({3,2,4,5,6},{9,7,12,15,17})": 26 / (10 * 68) ** 0.5,
    "COVARIANCE.P({3,2,4,5,6},{9,7,12,15,17})": 5.2,
    "COVARIANCE.S({2,4,8},{5,11,12})": 29 / 3,
    "INDEX(LINEST({1;9;5;7},{0;4;2;3},,FALSE),1,1)": 2.0,
    "INDEX(LINEST({1;9;5;7},{0;4;2;3},,FALSE),1,2)": 1.0,
    "SUMPRODUCT(FORECAST.LINEAR({5,-7},{6;7;9},{20;28;31}),{1,3})": 88 / 3 - 47 / 194 * (16 + 316 / 3),
    "SUM(LINEST({3100,4500,4400,5400,7500,8100},{1,2,3,4,5,6})*{9,1})": 11000.0,
}
