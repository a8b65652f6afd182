SEVERAL = "it takes one delimiter"

IRONCALC: dict[str, str] = {
    'TEXTBEFORE(12321,{"3","2"},2)': SEVERAL,
    'TEXTAFTER(12321,{"3","2"},-2)': SEVERAL,
    'ARRAYTOTEXT(TEXTSPLIT("a,,b",{",",";"},,TRUE))&ARRAYTOTEXT(TEXTSPLIT(121,2))': SEVERAL,
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {  # by Microsoft's pages of the functions
    'TEXTBEFORE(12321,{"3","2"},2)': "12",
    'TEXTAFTER(12321,{"3","2"},-2)': "21",
    'ARRAYTOTEXT(TEXTSPLIT("a,,b",{",",";"},,TRUE))&ARRAYTOTEXT(TEXTSPLIT(121,2))': "a, b1, 1",
}
