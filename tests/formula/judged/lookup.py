from xlcicf.formula.snapshot import ExcelError

IRONCALC: dict[str, str] = {
    "SUM(XLOOKUP($A$2,$A$1:$A$3,{1,2;3,4;5,6}))": "it finds single elements only",
    "SUMPRODUCT(XLOOKUP($A$1:$A$2,$A$1:$A$3,{4;5;6}))": "it looks for single values only",
    "AREAS(($A$1:$A$2,$B$1))*2": "it reads no union there",
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {  # by hand from Microsoft's pages
    "SUM(XLOOKUP($A$2,$A$1:$A$3,{1,2;3,4;5,6}))": 7.0,
    "SUMPRODUCT(XLOOKUP($A$1:$A$2,$A$1:$A$3,{4;5;6}))": 9.0,
    "XMATCH(2.5,{1,2,3},1,-1)": 3.0,
    "XMATCH(2,{2,1,2},0,-1)": 3.0,
    'XMATCH("a*",{"ab","a*"})': 2.0,
    'XMATCH("a*",{"ab","a*"},2)': 1.0,
    'XLOOKUP("x",{"a","b"},{1,2},"none")': "none",
    'XLOOKUP("x",{"a","b"},{1,2})': ExcelError("#N/A"),
    "XLOOKUP(2,{1;2},{1,2;3,4;5,6})": ExcelError("#VALUE!"),
    "ADDRESS(2,3)": "$C$2",
    "ADDRESS(2,3,2)": "C$2",
    "ADDRESS(2,3,2,FALSE)": "R2C[3]",
    'ADDRESS(2,3,1,FALSE,"[Book1]Sheet1")': "'[Book1]Sheet1'!R2C3",
    'ADDRESS(2,3,1,FALSE,"EXCEL SHEET")': "'EXCEL SHEET'!R2C3",
    'SWITCH(3,1,"a",2,"b","other")': "other",
    "SWITCH(3,1,2)": ExcelError("#N/A"),
    "IFS(FALSE,1)": ExcelError("#N/A"),
    "IFNA(1/0,2)": ExcelError("#DIV/0!"),
    "XOR(TRUE,TRUE,TRUE)": True,
}
