IRONCALC: dict[str, str] = {}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {
    "SUMXMY2({2,3,9,1,8,7,5},{6,5,11,7,5,4,4})": 79.0,  # Microsoft's page of the function
}
