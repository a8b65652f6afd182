"""What the results that a file was saved with are worth: who computed them, and was all computed.

They are true where a program that computes saved the file and nothing in it asks for a calculation, or where
we did: in a book of ours a stamp says so, a hash of all other parts, which ends with any change that somebody
else makes; of other books the history beside them has a digest of the file as we saved it.
"""

import hashlib
import json
import re
from pathlib import Path

from xlcicf.errors import BookError
from xlcicf.ooxml.difference import digest
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.new_parts import with_part, with_related
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.xml import OFFICE_RELATIONS, child, parse, relations
from xlcicf.words import COMPUTED, HISTORY

# What programs that compute whatever they save call themselves in docProps/app.xml; also with a version or
# a system behind it. "Microsoft Excel" alone is what XlsxWriter and others write too: they ask Excel to
# calculate, or leave results out.
COMPUTERS = ("Microsoft Excel", "Microsoft Excel Online", "Microsoft Macintosh Excel")
COMPUTERS_WITH_VERSION = ("LibreOffice/", "Collabora", "OpenOffice", "ONLYOFFICE/", "WPS")

_STAMP = "docProps/custom.xml"
_PROPERTIES = (  # a custom property; all of them have this format id, and the first the number 2
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
    'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">'
    '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="xlcicf.results">'
    "<vt:lpwstr>%s</vt:lpwstr></property></Properties>"
)
_STAMPED = re.compile(re.escape(_PROPERTIES).replace("%s", "([0-9a-f]*)").encode())


def computed_by_another(inventory: Inventory) -> bool:
    """Whether a program that computes saved the book, with all of it calculated in full precision."""
    name = _application(inventory.package)
    computes = name in COMPUTERS or name.startswith(COMPUTERS_WITH_VERSION)
    return computes and inventory.calculation.vouches


def computed_by_us(package: Package, path: Path) -> bool:
    """Whether we saved this package as it is, to that path, with all results computed."""
    stamp = _stamp_of(package)
    return (stamp is not None and stamp == _hash(package)) or digest(package) == _noted(path)


def _application(package: Package) -> str:
    try:
        part = next(r.target for r in relations(package, "").values() if r.kind.startswith("extended"))
        name = child(parse(package[part], part), "Application")
    except (StopIteration, KeyError, BookError):
        return ""
    return "" if name is None else (name.text or "").strip()


# --- the stamp


def is_stamped(package: Package) -> bool:
    """Whether it is a book that we made and only we have saved: it has a stamp, be it right or not."""
    return _stamp_of(package) is not None


def stamped(package: Package, vouched: bool = True) -> Package:
    """The package with a stamp that vouches for its results as they are now, or for none."""
    if not is_stamped(package):
        package = with_part(package, _STAMP, "", "custom-properties+xml")
        package, _ = with_related(package, "", f"{OFFICE_RELATIONS}/custom-properties", _STAMP)
    said = _hash(package) if vouched else ""
    return package.replace({_STAMP: (_PROPERTIES % said).encode()})


def _stamp_of(package: Package) -> str | None:
    """What the stamp says; None for a book that has none, or the custom properties of another program."""
    found = _STAMPED.fullmatch(package.get(_STAMP, b""))
    return found and found[1].decode()


def _hash(package: Package) -> str:
    """A SHA-256 of all parts but the stamp's own."""
    found = hashlib.sha256()
    for part, data in sorted(package.items()):
        if part != _STAMP:
            found.update(f"{len(part)} {part} {len(data)} ".encode())
            found.update(data)
    return found.hexdigest()


# --- the history


def _noted(path: Path) -> str | None:
    """The digest in the history beside a book."""
    try:
        return json.loads(Path(f"{path}{HISTORY}").read_text(encoding="utf-8")).get(COMPUTED)
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
