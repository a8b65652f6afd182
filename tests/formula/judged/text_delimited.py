SEVERAL = "it takes one delimiter"

IRONCALC: dict[str, str] = {
    'TEXTBEFORE(12321,{"3","2"},2)': SEVERAL,
    'TEXTAFTER(12321,{"3","2"},-2)': SEVERAL,
    'COUNTA(TEXTSPLIT("a,,b",{",",";"},,TRUE))+COUNTA(TEXTSPLIT(121,2))': SEVERAL,
}
LIBREOFFICE: dict[str, str] = {
    'COUNTA(TEXTSPLIT("a,,b",{",",";"},,TRUE))+COUNTA(TEXTSPLIT(121,2))': "it lacks the function and counts errors",
}
DOCUMENTED: dict[str, object] = {  # by Microsoft's pages of the functions
    'TEXTBEFORE(12321,{"3","2"},2)': "12",
    'TEXTAFTER(12321,{"3","2"},-2)': "21",
    'COUNTA(TEXTSPLIT("a,,b",{",",";"},,TRUE))+COUNTA(TEXTSPLIT(121,2))': 4.0,
}
