_NO_FIELD = "it wants a field, which Microsoft's page calls optional"

IRONCALC: dict[str, str] = {
    "DCOUNT($A$1:$B$3,,$A$1:$A$2)*2": _NO_FIELD,
    "DCOUNTA($A$1:$B$3,,$A$1:$A$2)*2": _NO_FIELD,
}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {}
