"""Puts right a book that LibreOffice has just saved: formulas call our functions as Excel does.

    python -P -m xlcicf.addin.saved_names BOOK.xlsx

LibreOffice 7 writes =ORG.XLCICF.ADDIN.NNRELU(A1). Nothing else in the file changes, nor does the
time at which it was saved: LibreOffice, which has it open, would take a later one for somebody else's change.
"""

import os
import re
import sys
from pathlib import Path

from xlcicf.errors import BookError, XlcicfError
from xlcicf.ooxml.package import Package, package_from_bytes
from xlcicf.ooxml.replacing import replace_file

# where formulas stand in a file's XML; a text inside a formula is left as it is
_FORMULA = re.compile(
    rb"<((?:\w+:)?(?:f|formula|formula1|formula2|definedName))(?=[\s>])([^>]*[^/>])?>([^<]*)</\1>"
)
_WRITTEN = re.compile(rb'&quot;.*?&quot;|"[^"]*"|(?<![\w.])ORG\.XLCICF\.ADDIN\.NN(\w+)(?=\()', re.I | re.S)


def put_right(path: Path) -> bool:
    """Whether the file had such names. Raises BookError with the file as it was."""
    path = Path(os.path.realpath(path))
    try:
        before = path.stat()
        package = package_from_bytes(path.read_bytes(), path.name)
        changed = renamed(package)
        if changed is package:
            return False
        replace_file(path, changed.to_bytes(), check=lambda: _require_unchanged(path, before))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    except OSError as error:
        raise BookError(f"it cannot be changed while LibreOffice has it open ({error.strerror})") from error
    return True


def renamed(package: Package) -> Package:
    """The same package where no formula has such a name."""
    parts = {}
    for name, data in package.items():
        if name.endswith(".xml") and (new := _FORMULA.sub(_with_our_names, data)) != data:
            parts[name] = new
    return package.replace(parts) if parts else package


def _with_our_names(formula: re.Match[bytes]) -> bytes:
    start, end = (at - formula.start() for at in formula.span(3))
    new = _WRITTEN.sub(lambda found: b"NN_" + found[1].upper() if found[1] else found[0], formula[3])
    return formula[0][:start] + new + formula[0][end:]


def _require_unchanged(path: Path, before: os.stat_result) -> None:
    now = path.stat()
    if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
        raise BookError("it was saved again meanwhile")


def main(path: str) -> None:
    try:
        put_right(Path(path))
    except XlcicfError as error:
        sys.exit(f"Excel will not know its NN_ functions: {error}; close it, then save it once more")


if __name__ == "__main__":
    main(sys.argv[1])
