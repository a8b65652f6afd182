"""What a package says of itself: its sheets, names, tables, shared strings, cell formats and theme."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from xlcicf.errors import BookError
from xlcicf.formula.snapshot import Calculation, Sheet, Snapshot, Table
from xlcicf.formula.text import area_of
from xlcicf.ooxml.external_books import sheets_elsewhere
from xlcicf.ooxml.package import Package
from xlcicf.ooxml.usual_form import SPACE, Content, UnusualForm
from xlcicf.ooxml.xml import (
    STRICT_MAIN,
    child,
    children,
    decode_string,
    local,
    natural,
    parse,
    relation_id,
    relations,
    unescape,
)


@dataclass(frozen=True)
class SheetEntry:
    """A sheet as xl/workbook.xml lists it. `position` counts from 0, chart sheets among them."""

    name: str
    part: str  # "" where it has none
    kind: str  # "worksheet", "chartsheet", "module", ...
    state: str  # "visible", "hidden", "veryHidden"
    position: int


@dataclass(frozen=True)
class DefinedName:
    """A defined name; `scope` is a sheet's name or None, `refers_to` formula text without "="."""

    name: str
    scope: str | None
    refers_to: str
    hidden: bool = False


class Inventory:
    """The structure of one package, each part of it read when first asked for.

    Raises BookError where the package is no workbook or a part is damaged.
    """

    def __init__(self, package: Package):
        self.package = package
        found = [r.target for r in relations(package, "").values() if r.kind == "officeDocument"]
        if not found or found[0] not in package:
            raise BookError("this file is no workbook (its main part is missing); save it as .xlsx in Excel")
        self.workbook_part = found[0]
        if self.workbook_part.endswith(".bin"):
            raise BookError("this is a binary workbook (.xlsb); save it as .xlsx or .xlsm in Excel")

    @cached_property
    def workbook(self) -> ElementTree.Element:
        root = parse(self.package[self.workbook_part], self.workbook_part)
        if local(root.tag) != "workbook":
            raise BookError("this file is no workbook; save it as .xlsx in Excel")
        return root

    @property
    def is_strict(self) -> bool:
        """Whether this is a "Strict Open XML" file, whose namespaces are others."""
        return self.workbook.tag.startswith("{" + STRICT_MAIN)

    @cached_property
    def relations(self):
        return relations(self.package, self.workbook_part)

    @cached_property
    def entries(self) -> list[SheetEntry]:
        """All sheets in the order of their tabs, chart sheets too."""
        entries = []
        for position, element in enumerate(self._listed("sheets", "sheet")):
            identifier = relation_id(element)
            name, state = element.get("name", ""), element.get("state", "visible")
            if identifier == "":  # macros as Excel 5 had them, moved to where macros are now
                entries.append(SheetEntry(name, "", "module", state, position))
                continue
            relation = self.relations.get(identifier or "")
            if relation is None or relation.target not in self.package:
                raise BookError(f"the part of sheet {name!r} is missing; open and save the book in Excel")
            entries.append(SheetEntry(name, relation.target, relation.kind, state, position))
        return entries

    @cached_property
    def sheets(self) -> dict[str, SheetEntry]:
        """The worksheets by name."""
        return {entry.name: entry for entry in self.entries if entry.kind == "worksheet"}

    @cached_property
    def names(self) -> list[DefinedName]:
        """The defined names in the file's order, hidden ones too."""
        found = []
        for element in self._listed("definedNames", "definedName"):
            index = element.get("localSheetId")
            if index is not None and not (index.isdigit() and int(index) < len(self.entries)):
                continue  # Excel drops a name whose sheet is gone
            scope = None if index is None else self.entries[int(index)].name
            hidden = element.get("hidden") in ("1", "true")
            found.append(DefinedName(element.get("name", ""), scope, element.text or "", hidden))
        return found

    def _listed(self, group: str, name: str):
        element = child(self.workbook, group)
        return [] if element is None else children(element, name)

    @cached_property
    def tables(self) -> list[Table]:
        return [table for entry in self.sheets.values() for table in self._tables_of(entry)]

    def _tables_of(self, entry: SheetEntry):
        for relation in relations(self.package, entry.part).values():
            if relation.kind == "table" and relation.target in self.package:
                yield _read_table(parse(self.package[relation.target], relation.target), entry.name, relation)

    @cached_property
    def strings(self) -> list[str]:
        """The shared strings; rich text is joined, phonetic guides are left out."""
        part = self._part("sharedStrings")
        if part is None:
            return []
        try:
            return list(_strings(Content.of("sst", self.package[part], part), part))
        except UnusualForm:
            return [string_text(item) for item in children(parse(self.package[part], part), "si")]

    @property
    def styles_part(self) -> str | None:
        """The part that holds the cell formats."""
        return self._part("styles")

    @cached_property
    def styles(self) -> "Styles":
        part = self.styles_part
        return Styles(part, parse(self.package[part], part) if part else ElementTree.Element("styleSheet"))

    @cached_property
    def theme_colors(self) -> list[str | None]:
        """The theme's colours, "rrggbb", as theme= counts them: light 1, dark 1, light 2, dark 2, accents."""
        part = self._part("theme")
        if part is None:
            return []
        schemes = (e for e in parse(self.package[part], part).iter() if local(e.tag) == "clrScheme")
        codes = [_theme_color(entry) for entry in next(schemes, ())]
        return [codes[i] for i in (1, 0, 3, 2)] + codes[4:] if len(codes) > 3 else []

    @cached_property
    def date1904(self) -> bool:
        """Whether day 0 is 1904-01-01, as books from old Macs have it."""
        properties = child(self.workbook, "workbookPr")
        return properties is not None and properties.get("date1904") in ("1", "true")

    @cached_property
    def calculation(self) -> Calculation:
        """How the book asks to be calculated."""
        found = child(self.workbook, "calcPr")
        said = {} if found is None else found.attrib

        def is_on(name: str, default: bool) -> bool:
            return said[name] in ("1", "true") if name in said else default

        return Calculation(
            on_load=is_on("fullCalcOnLoad", False),
            mode=said.get("calcMode", "auto"),
            complete=is_on("calcCompleted", True),
            full_precision=is_on("fullPrecision", True),
            iterates=is_on("iterate", False),
            date1904=self.date1904,
        )

    def outline(self) -> Snapshot:
        """The sheets, names and tables without a cell, and what is known of other workbooks."""
        return Snapshot(
            {name: Sheet(name) for name in self.sheets},
            {(name.name.casefold(), name.scope): name.refers_to for name in self.names},
            {table.name.casefold(): table for table in self.tables},
            self.calculation,
            self.elsewhere,
        )

    @cached_property
    def elsewhere(self) -> dict[str, Sheet]:
        """What is kept of other workbooks that formulas refer to: "[1]sheet1" casefolded -> a sheet."""
        listed = self._listed("externalReferences", "externalReference")
        found = [self.relations.get(relation_id(element) or "") for element in listed]
        return sheets_elsewhere(self.package, [relation and relation.target for relation in found])

    def _part(self, kind: str) -> str | None:
        """The part of that kind which the workbook names, such as "styles"."""
        return next(
            (r.target for r in self.relations.values() if r.kind == kind and r.target in self.package), None
        )


class Styles:
    """The cell formats of a book by their index, the s= of a cell."""

    def __init__(self, part: str | None, root: ElementTree.Element):
        self.part, self.root = part, root
        formats, xfs = child(root, "numFmts"), child(root, "cellXfs")
        self.custom = (
            {f.get("numFmtId"): f.get("formatCode", "") for f in formats if formats is not None}
            if (formats is not None)
            else {}
        )
        self.formats = (
            [] if xfs is None else [self._code(xf.get("numFmtId", "0")) for xf in children(xfs, "xf")]
        )
        self.locked = [] if xfs is None else [_is_locked(xf) for xf in children(xfs, "xf")]
        self.dates = [is_date_format(code) for code in self.formats]

    def _code(self, number: str) -> str:
        if number in self.custom:
            return self.custom[number]
        return BUILTIN_FORMATS.get(int(number), "General") if number.isdigit() else "General"

    def number_format(self, style: int) -> str:
        return self.formats[style] if style < len(self.formats) else "General"

    def is_date(self, style: int) -> bool:
        return style < len(self.dates) and self.dates[style]

    def is_locked(self, style: int) -> bool:
        return style >= len(self.locked) or self.locked[style]


def _is_locked(xf: ElementTree.Element) -> bool:
    protection = child(xf, "protection")
    return protection is None or protection.get("locked") not in ("0", "false")


def _theme_color(entry: ElementTree.Element) -> str | None:
    """The code of <a:dk1><a:sysClr lastClr="000000"/></a:dk1> or <a:accent1><a:srgbClr val="4F81BD"/>..."""
    return next((color.get("lastClr", color.get("val")) for color in entry), None)


def string_text(item: ElementTree.Element) -> str:
    """The text of an <si> or <is>: one <t>, or the <t> of each run."""
    runs = [item, *children(item, "r")]
    return decode_string("".join(t.text or "" for run in runs for t in children(run, "t")))


def _strings(content: Content, part: str) -> Iterator[str]:
    """The strings of an <sst> in the usual form. Raises UnusualForm."""
    if local(content.around.tag) != "sst":
        raise UnusualForm
    p = re.escape(content.prefix)
    pattern = re.compile(
        rf"<{p}si>(?:<{p}t{SPACE}>([^<]*)</{p}t>|(.*?))</{p}si>|(<{p}si\s*/>)|\s+|(.)", re.DOTALL
    )
    for plain, rich, empty, other in content.found(pattern, "si"):
        if plain is not None:
            yield decode_string(unescape(plain))
        elif rich is not None:
            if any(mark in rich for mark in ("<!", "<?", f"<{content.prefix}si")):  # then it may not end here
                raise UnusualForm
            alone = f"{content.tag}<{content.prefix}si>{rich}</{content.prefix}si></{content.prefix}sst>"
            yield string_text(parse(alone.encode(), part)[0])
        elif empty:
            yield ""
        elif other:
            raise UnusualForm


def _read_table(root: ElementTree.Element, sheet: str, relation) -> Table:
    area = area_of(sheet, root.get("ref", ""))
    if area is None:
        raise BookError(f"{relation.target} gives its table no range; open and save the book in Excel")
    listed = child(root, "tableColumns")
    columns = (
        [] if listed is None else [decode_string(c.get("name", "")) for c in children(listed, "tableColumn")]
    )
    return Table(
        name=root.get("displayName") or root.get("name", ""),
        area=area,
        columns=tuple(columns),
        header_rows=natural(root.get("headerRowCount", "1")),
        totals_rows=natural(root.get("totalsRowCount")),
        filtered=any(len(element) > 0 for element in children(root, "autoFilter")),
    )
