LAST_DIGITS = "its last digits are off"
AT_A_COMMA = "it reads no list of several complex numbers"

IRONCALC: dict[str, str] = {
    'IMSUM("3+4i",{"5-3i","2"},1)': AT_A_COMMA,
    'IMPRODUCT("3+4i","5-3i",1)': AT_A_COMMA,
    'IMTAN("4+3i")&IMTAN(1)': LAST_DIGITS,
    'IMCOT("4+3i")&IMCOT(1)': LAST_DIGITS,
}
LIBREOFFICE: dict[str, str] = {"IMSQRT(2)": LAST_DIGITS}
DOCUMENTED: dict[str, object] = {  # to more digits than Microsoft's pages have, by mpmath
    'IMTAN("4+3i")&IMTAN(1)': "0.00490825806749606+1.00070953606723i1.5574077246549",
    'IMCOT("4+3i")&IMCOT(1)': "0.00490118239430447-0.999266927805902i0.642092615934331",
}
