IRONCALC: dict[str, str] = {
    'ASC("ＥＸＣＥＬ　１！ガア")&ASC(1)': "it has no kana of half width, which LibreOffice has",
    'TEXTJOIN({"-","+"},TRUE,2,$A$1:$B$2)': "it knows one text between the parts",
}
LIBREOFFICE: dict[str, str] = {
    'ASC("ＥＸＣＥＬ　１！ガア")&ASC(1)': "it leaves the space of full width",
    'ENCODEURL("a b/ä")&ENCODEURL(1.5)': "it encodes a point, which Microsoft's example leaves as it is",
}
DOCUMENTED: dict[str, object] = {  # the forms of Unicode's block of half width and full width
    'ASC("ＥＸＣＥＬ　１！ガア")&ASC(1)': "EXCEL 1!ｶﾞｱ1",
    'DBCS("EXCEL 1!ｶﾞｱ")&LEN(DBCS(1))': "ＥＸＣＥＬ　１！ガア1",
}
