"""Where other engines differ from Excel on examples of the function table: one file for each category.

    IRONCALC     formula -> why IronCalc's value is not Excel's
    LIBREOFFICE  the same of LibreOffice
    DOCUMENTED   formula -> the value that Microsoft's page, a closed form or another library gives

Excel's documentation is the judge, then the other engine.
"""

from importlib import import_module
from pkgutil import iter_modules

IRONCALC: dict[str, str] = {}
LIBREOFFICE: dict[str, str] = {}
DOCUMENTED: dict[str, object] = {}

for _found in iter_modules(__path__):
    _category = import_module(f"{__name__}.{_found.name}")
    IRONCALC |= _category.IRONCALC
    LIBREOFFICE |= _category.LIBREOFFICE
    DOCUMENTED |= _category.DOCUMENTED
