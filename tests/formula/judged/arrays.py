from xlcicf.formula.snapshot import ExcelError

IRONCALC: dict[str, str] = {
    "SUM(TAKE({1,2;3,4;5,6},,-1))": "it takes an argument left out for 0",
    "SUM(DROP({1,2;3,4;5,6},,-1))": "it takes an argument left out for 0",
    "SUM(EXPAND({1,2},,3,0))": "it takes an argument left out for 0",
    "SUMPRODUCT(SORT({3,1,2},,,TRUE),{1,2,4})": "it takes an argument left out for 0",
    "SUM(CHOOSECOLS({1,2,3},{1,2}))": "it has no arrays of numbers there",
}
LIBREOFFICE: dict[str, str] = {
    "SUM(FILTER(B1:B3,$A$1:$A$3>1))": "its FILTER makes no array of a comparison in a plain formula",
}
DOCUMENTED: dict[str, object] = {  # by hand from Microsoft's pages
    "SUM(TAKE({1,2;3,4;5,6},,-1))": 12.0,
    "SUM(DROP({1,2;3,4;5,6},,-1))": 9.0,
    "SUM(EXPAND({1,2},,3,0))": 3.0,
    "SUMPRODUCT(SORT({3,1,2},,,TRUE),{1,2,4})": 17.0,
    "SUM(CHOOSECOLS({1,2,3},{1,2}))": 3.0,
    "SUM(ARRAYFORMULA({1,2}*{3,4}))": 11.0,
    "SUM(ARRAY_CONSTRAIN({1,2;3,4},1,2))": 3.0,
    "TAKE({1,2;3,4},-1,-1)": 4.0,
    "SUM(DROP({1,2;3,4},1,1))": 4.0,
    "SUM(DROP({1,2;3,4},2))": ExcelError("#CALC!"),
    "SUM(FILTER({1;2},{0;0}))": ExcelError("#CALC!"),
    'FILTER({1;2},{0;0},"none")': "none",
    "IFERROR(INDEX(VSTACK({1,2},3),2,2),9)": 9.0,
    'INDEX(EXPAND({1},2,2,"-"),2,2)': "-",
    'INDEX(SORT({"b";2;TRUE;"A";1}),4)': "b",
    'INDEX(SORT({"b";2;TRUE;"A";1},,-1),1)': True,
    'ROWS(UNIQUE({"a";"A";"b"}))': 2.0,
    "SUM(TAKE({1,2,3},,9))": 6.0,
    "SUM(WRAPROWS({1,2,3},2,0))": 6.0,
    "INDEX(WRAPROWS({1,2,3},2),2,2)": ExcelError("#N/A"),
    "SUM(TOROW({1,2;3,4},0,TRUE)*{1,10,100,1000})": 4231.0,
}
