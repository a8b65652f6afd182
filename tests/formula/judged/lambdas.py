IRONCALC: dict[str, str] = {}
LIBREOFFICE: dict[str, str] = {
    "LAMBDA(x,[y],IF(ISOMITTED(y),x,9))(2)": "it has no LAMBDA",
    "LAMBDA(x,[y],IF(ISOMITTED(y),x,9*x))(2,3)": "it has no LAMBDA",
}
DOCUMENTED: dict[str, object] = {}
