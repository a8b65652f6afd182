_TRUE = "it passes over TRUE typed in as an argument"

IRONCALC: dict[str, str] = {
    "VARA(1.5,2,TRUE)": _TRUE,
    "VARPA(1.5,2,TRUE)": _TRUE,
    "STDEVA(1.5,2,TRUE)": _TRUE,
    "STDEVPA(1.5,2,TRUE)": _TRUE,
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {}
