IRONCALC: dict[str, str] = {
    'VALUETOTEXT("a",1)&VALUETOTEXT(1)': "it knows no second way",
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "it shows the error itself",
}
LIBREOFFICE: dict[str, str] = {
    "DOLLAR(-1234.567,-2)": "it writes a minus sign where Microsoft's page has brackets",
    'NUMBERVALUE("3.5%%")*NUMBERVALUE(2)': "it reads one % alone",
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "it lacks the function",
}
DOCUMENTED: dict[str, object] = {  # Microsoft's pages of the functions
    'VALUETOTEXT("a",1)&VALUETOTEXT(1)': '"a"1',
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "#N/A1",
    'NUMBERVALUE("9%%")': 0.0009,
    'NUMBERVALUE("2.500,27",",",".")': 2500.27,
    "DOLLAR(-1234.567,-2)": "($1,200)",
}
