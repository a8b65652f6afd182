OF_ITS_BOOK = "here its book has a sheet for each example"

IRONCALC: dict[str, str] = {
    'CELL("contents",A1:A2)+1': "it takes single cells alone",
    "SHEET()+1": OF_ITS_BOOK,
    "SHEET($A$1)*2": OF_ITS_BOOK,
    "SHEETS($A$1)*2": "it counts no sheets of a range",
}
LIBREOFFICE: dict[str, str] = {
    "SHEET()+1": OF_ITS_BOOK,
    "SHEET($A$1)*2": OF_ITS_BOOK,
    "TYPE(TRUE)*2": "it has no booleans, only numbers shown as TRUE and FALSE",
}
DOCUMENTED: dict[str, object] = {  # in a book of one sheet
    "SHEET()+1": 2.0,
    "SHEET($A$1)*2": 2.0,
}
