IRONCALC: dict[str, str] = {
    "T($A$1:$A$2)&2": "it takes the cell in the formula's row, Excel saved the first one",
    'VALUETOTEXT("a",1)&VALUETOTEXT(1)': "it knows no second way",
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "it shows the error itself",
}
LIBREOFFICE: dict[str, str] = {
    "T($A$1:$A$2)&2": "it takes the cell in the formula's row, Excel saved the first one",
    "DOLLAR(-1234.567,-2)": "it writes a minus sign where Microsoft's page has brackets",
    'NUMBERVALUE("3.5%%")*NUMBERVALUE(2)': "it reads one % alone",
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "it lacks the function",
}
DOCUMENTED: dict[
    str, object
] = {  # Microsoft's pages of the functions; of T and BAHTTEXT, words that Excel saved
    "T($A$1:$A$2)&2": "2",
    "USDOLLAR(1234.567,2)": "$1,234.57",
    "BAHTTEXT(1234)": "หนึ่งพันสองร้อยสามสิบสี่บาทถ้วน",
    "BAHTTEXT(-21.5)&BAHTTEXT(0)": "ลบยี่สิบเอ็ดบาทห้าสิบสตางค์ศูนย์บาทถ้วน",
    "BAHTTEXT(1011111111.25)&BAHTTEXT(0.11)": (
        "หนึ่งพันสิบเอ็ดล้านหนึ่งแสนหนึ่งหมื่นหนึ่งพันหนึ่งร้อยสิบเอ็ดบาทยี่สิบห้าสตางค์สิบเอ็ดสตางค์"
    ),
    'VALUETOTEXT("a",1)&VALUETOTEXT(1)': '"a"1',
    "VALUETOTEXT(NA())&VALUETOTEXT(1)": "#N/A1",
    'NUMBERVALUE("9%%")': 0.0009,
    'NUMBERVALUE("2.500,27",",",".")': 2500.27,
    "DOLLAR(-1234.567,-2)": "($1,200)",
}
