"""Books that xlcicf did not make: one row for each kind of thing that a save must not lose.

Each builder returns the bytes of a workbook whose sheet "Model" is that of `model`, so that one set of edits
fits all. What openpyxl can write it writes; the rest is put into its package as Excel would put it.
"""

import io
import re
from collections.abc import Callable

import openpyxl
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import ColorScaleRule, FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from xlcicf.ooxml.openpyxl_book import tidied
from xlcicf.ooxml.package import Package, package_from_bytes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument."
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"

# A picture of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6364f8cf50000002860181a3e5d76a0000000049454e44ae426082"
)


def model() -> openpyxl.Workbook:
    """Sheet Model: 1, 2, 3 in A1:A3, their doubles in B1:B3, the doubles' sum in B4; sheet Other reads it."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Model"
    for row in (1, 2, 3):
        sheet.cell(row, 1, row)
        sheet.cell(row, 2, f"=A{row}*2")
    sheet["B4"] = "=SUM(B1:B3)"
    sheet["A6"] = "a note"
    sheet["A6"].font = Font(bold=True)
    workbook.create_sheet("Other")["A1"] = "=Model!B4+1"
    return workbook


def saved(workbook: openpyxl.Workbook) -> Package:
    """openpyxl's package of a model, with the results of its formulas saved."""
    buffer = io.BytesIO()
    workbook.save(buffer)
    package = tidied(package_from_bytes(buffer.getvalue()))  # so that the validator finds nothing in them
    results = {"A1*2": 2, "A2*2": 4, "A3*2": 6, "SUM(B1:B3)": 12, "Model!B4+1": 13}
    for part in package:
        for formula, value in results.items():
            if f"<f>{formula}</f>".encode() in package[part]:
                package = changed(package, part, f"<f>{formula}</f><v />", f"<f>{formula}</f><v>{value}</v>")
    return package


def changed(package: Package, part: str, old: str, new: str) -> Package:
    """The package with a text of one part replaced, wherever it occurs."""
    assert old.encode() in package[part], f"{part} has no {old}"
    return package.replace({part: package[part].replace(old.encode(), new.encode())})


def added(
    package: Package, owner: str, kind: str, part: str, data: str | bytes, content_type: str, number: str
) -> Package:
    """The package with a part that `owner` relates to as `rId<number>`."""
    folder, _, name = owner.rpartition("/")
    rels = f"{folder}/_rels/{name}.rels"
    empty = f'{HEAD}<Relationships xmlns="{PACKAGE}"></Relationships>'.encode()
    relation = f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="/{part}"/></Relationships>'
    package = package.replace({rels: package.get(rels, empty)})
    package = changed(package, rels, "</Relationships>", relation)
    override = f'<Override PartName="/{part}" ContentType="{content_type}"/></Types>'
    package = changed(package, "[Content_Types].xml", "</Types>", override)
    return package.replace({part: data if isinstance(data, bytes) else (HEAD + data).encode()})


def strict(package: Package) -> Package:
    """The package as Excel's "Strict Open XML", which has other namespaces throughout."""
    namespaces = {MAIN: "spreadsheetml/main", OFFICE: "officeDocument/relationships"}
    for part, data in package.items():
        for namespace, name in namespaces.items():
            data = data.replace(namespace.encode(), b"http://purl.oclc.org/ooxml/" + name.encode())
        package = package.replace({part: data})
    return package


def by_excel(package: Package) -> Package:
    """The package as if Excel had saved it, which vouches for the results in it."""
    app = re.sub(rb"(<Application>)[^<]*", rb"\1Microsoft Excel", package["docProps/app.xml"])
    book = package[BOOK].replace(b' fullCalcOnLoad="1"', b"")
    return package.replace({"docProps/app.xml": app, BOOK: book})


def in_sheet(package: Package, before: str, xml: str) -> Package:
    """The package with XML put into Model's part, before a text of it."""
    return changed(package, SHEET, before, xml + before)


def plain() -> Package:
    return saved(model())


def charts() -> Package:
    workbook = model()
    chart = LineChart()
    chart.add_data(Reference(workbook["Model"], min_col=2, min_row=1, max_row=3))
    workbook["Model"].add_chart(chart, "D2")
    return saved(workbook)


def images() -> Package:
    drawing = "xl/drawings/drawing1.xml"
    shapes = "http://schemas.openxmlformats.org/drawingml/2006/"
    anchor = (
        f'<xdr:wsDr xmlns:xdr="{shapes}spreadsheetDrawing" xmlns:a="{shapes}main" xmlns:r="{OFFICE}">'
        "<xdr:oneCellAnchor><xdr:from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>1</xdr:row>"
        '<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="95250" cy="95250"/><xdr:pic><xdr:nvPicPr>'
        '<xdr:cNvPr id="2" name="Logo"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/>'
        '<a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr><a:xfrm><a:off x="0" y="0"/>'
        '<a:ext cx="95250" cy="95250"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr>'
        "</xdr:pic><xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
    )
    package = added(plain(), SHEET, "drawing", drawing, anchor, TYPES + "drawing+xml", "1")
    package = added(package, drawing, "image", "xl/media/image1.png", PNG, "image/png", "1")
    return in_sheet(package, "</worksheet>", f'<drawing xmlns:r="{OFFICE}" r:id="rId1"/>')


def pivot_tables() -> Package:
    """A pivot table over A1:B3, with a cache that has shared items of mixed kinds, which openpyxl cannot read."""
    cache, table = "xl/pivotCache/pivotCacheDefinition1.xml", "xl/pivotTables/pivotTable1.xml"
    fields = "".join(
        f'<cacheField name="{name}" numFmtId="0"><sharedItems containsSemiMixedTypes="0" containsString="0" '
        'containsNumber="1" minValue="2" maxValue="3" count="2"><n v="2"/><n v="3"/></sharedItems></cacheField>'
        for name in ("one", "two")
    )
    cached = (
        f'<pivotCacheDefinition xmlns="{MAIN}" xmlns:r="{OFFICE}" r:id="rId1" refreshedBy="x" recordCount="2">'
        '<cacheSource type="worksheet"><worksheetSource ref="A1:B3" sheet="Model"/></cacheSource>'
        f'<cacheFields count="2">{fields}</cacheFields></pivotCacheDefinition>'
    )
    records = (
        f'<pivotCacheRecords xmlns="{MAIN}" count="2"><r><x v="0"/><x v="0"/></r><r><x v="1"/><x v="1"/></r>'
        "</pivotCacheRecords>"
    )
    pivot = (
        f'<pivotTableDefinition xmlns="{MAIN}" name="Pivot1" cacheId="7" dataCaption="Values">'
        '<location ref="H1:I4" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'
        '<pivotFields count="2"><pivotField axis="axisRow" showAll="0"><items count="3"><item x="0"/>'
        '<item x="1"/><item t="default"/></items></pivotField><pivotField dataField="1" showAll="0"/>'
        '</pivotFields><rowFields count="1"><field x="0"/></rowFields><dataFields count="1">'
        '<dataField name="Sum" fld="1" baseField="0" baseItem="0"/></dataFields></pivotTableDefinition>'
    )
    kind = TYPES + "spreadsheetml.pivot"
    package = added(plain(), BOOK, "pivotCacheDefinition", cache, cached, kind + "CacheDefinition+xml", "70")
    records_part = "xl/pivotCache/pivotCacheRecords1.xml"
    package = added(
        package, cache, "pivotCacheRecords", records_part, records, kind + "CacheRecords+xml", "1"
    )
    package = added(package, SHEET, "pivotTable", table, pivot, kind + "Table+xml", "1")
    package = added(package, table, "pivotCacheDefinition", cache, cached, kind + "CacheDefinition+xml", "1")
    once = package["[Content_Types].xml"].replace(  # `added` has named the cache's type twice
        f'<Override PartName="/{cache}" ContentType="{kind}CacheDefinition+xml"/>'.encode(), b"", 1
    )
    listed = (
        f'<pivotCaches><pivotCache xmlns:r="{OFFICE}" cacheId="7" r:id="rId70"/></pivotCaches></workbook>'
    )
    return changed(package.replace({"[Content_Types].xml": once}), BOOK, "</workbook>", listed)


def slicers() -> Package:
    """A slicer of a table, held by extension lists that openpyxl drops."""
    workbook = model()
    workbook["Model"]["H1"], workbook["Model"]["H2"] = "port", "S"
    workbook["Model"].add_table(Table(displayName="Ports", ref="H1:H2"))
    package = saved(workbook)
    x14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
    x15 = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"
    ms = "application/vnd.ms-excel."
    cache = (
        f'<slicerCacheDefinition xmlns="{x14}" name="Slicer_port" sourceName="port"><extLst>'
        f'<x:ext xmlns:x="{MAIN}" uri="{{2F2917AC-EB37-4324-AD4E-5DD8C200BD13}}" xmlns:x15="{x15}">'
        '<x15:tableSlicerCache tableId="1" column="1"/></x:ext></extLst></slicerCacheDefinition>'
    )
    slicer = f'<slicers xmlns="{x14}"><slicer name="port" cache="Slicer_port" caption="port" rowHeight="241300"/></slicers>'
    package = added(
        package, BOOK, "x", "xl/slicerCaches/slicerCache1.xml", cache, ms + "slicerCache+xml", "80"
    )
    package = added(package, SHEET, "x", "xl/slicers/slicer1.xml", slicer, ms + "slicer+xml", "9")
    relation = "http://schemas.microsoft.com/office/2007/relationships/slicer"
    package = changed(
        package,
        "xl/_rels/workbook.xml.rels",
        f'Id="rId80" Type="{OFFICE}/x"',
        f'Id="rId80" Type="{relation}Cache"',
    )
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    package = changed(package, rels, f'Id="rId9" Type="{OFFICE}/x"', f'Id="rId9" Type="{relation}"')
    listed = (
        f'<extLst><ext uri="{{46BE6895-7355-4a93-B00E-2C351335B9C9}}" xmlns:x15="{x15}"><x15:slicerCaches '
        f'xmlns:x14="{x14}"><x14:slicerCache xmlns:r="{OFFICE}" r:id="rId80"/></x15:slicerCaches></ext></extLst>'
    )
    package = changed(package, BOOK, "</workbook>", listed + "</workbook>")
    return in_sheet(
        package,
        "</worksheet>",
        f'<extLst><ext uri="{{3A4CF648-6AED-40f4-86FF-DC5316D8AED3}}" xmlns:x14="{x14}"><x14:slicerList>'
        f'<x14:slicer xmlns:r="{OFFICE}" r:id="rId9"/></x14:slicerList></ext></extLst>',
    )


def conditional_formats() -> Package:
    workbook = model()
    sheet = workbook["Model"]
    sheet.conditional_formatting.add("A1:A3", ColorScaleRule("min", None, "FFFFFF", "max", None, "0072B2"))
    sheet.conditional_formatting.add(
        "B1:B3", FormulaRule(["B1>3"], fill=PatternFill("solid", bgColor="E69F00"))
    )
    return saved(workbook)


def data_validations() -> Package:
    workbook = model()
    choice = DataValidation("list", formula1='"MSE,MAE"')
    choice.add("D1")
    workbook["Model"].add_data_validation(choice)
    return saved(workbook)


def comments() -> Package:
    workbook = model()
    workbook["Model"]["A1"].comment = Comment("the first", "somebody")
    return saved(workbook)


def defined_names() -> Package:
    workbook = model()
    workbook.defined_names["weights"] = DefinedName("weights", attr_text="Model!$A$1:$A$3")
    workbook.defined_names["rate"] = DefinedName("rate", attr_text="0.5")
    for name, text in (("solver_opt", "Model!$B$4"), ("solver_adj", "Model!$A$1:$A$3")):
        workbook["Model"].defined_names[name] = DefinedName(name, attr_text=text, hidden=True)
    return saved(workbook)


def external_links() -> Package:
    """A cell that reads another workbook, and one that reads the cell: IronCalc can compute neither."""
    part = "xl/externalLinks/externalLink1.xml"
    link = (
        f'<externalLink xmlns="{MAIN}" xmlns:r="{OFFICE}"><externalBook r:id="rId1"><sheetNames>'
        '<sheetName val="Rates"/></sheetNames></externalBook></externalLink>'
    )
    package = added(plain(), BOOK, "externalLink", part, link, TYPES + "spreadsheetml.externalLink+xml", "60")
    rels = (
        f'{HEAD}<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/externalLinkPath" '
        'Target="rates.xlsx" TargetMode="External"/></Relationships>'
    )
    package = package.replace({"xl/externalLinks/_rels/externalLink1.xml.rels": rels.encode()})
    references = (
        f'<externalReferences><externalReference xmlns:r="{OFFICE}" r:id="rId60"/></externalReferences>'
    )
    names = "<definedNames" if b"<definedNames" in package[BOOK] else "<calcPr"
    package = changed(package, BOOK, names, references + names)
    cells = '<row r="8"><c r="A8"><f>[1]Rates!A1</f><v>10</v></c><c r="B8"><f>A8*2</f><v>20</v></c></row>'
    return in_sheet(package, "</sheetData>", cells)


def macros() -> Package:
    package = added(
        plain(),
        BOOK,
        "x",
        "xl/vbaProject.bin",
        b"\xd0\xcf\x11\xe0 code",
        "application/vnd.ms-office.vbaProject",
        "50",
    )
    relation = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    package = changed(
        package,
        "xl/_rels/workbook.xml.rels",
        f'Id="rId50" Type="{OFFICE}/x"',
        f'Id="rId50" Type="{relation}"',
    )
    plain_type = TYPES + "spreadsheetml.sheet.main+xml"
    macro_type = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    return changed(package, "[Content_Types].xml", plain_type, macro_type)


def shared_formulas() -> Package:
    """B1:B3 as one shared formula, as Excel saves what was filled down."""
    package = changed(plain(), SHEET, "<f>A1*2</f>", '<f t="shared" ref="B1:B3" si="0">A1*2</f>')
    for row in (2, 3):
        package = changed(package, SHEET, f"<f>A{row}*2</f>", '<f t="shared" si="0"/>')
    return package


def array_formulas() -> Package:
    workbook = model()
    workbook["Model"]["D1"] = ArrayFormula("D1:D3", "=A1:A3*10")
    package = changed(
        saved(workbook),
        SHEET,
        '<f t="array" ref="D1:D3">A1:A3*10</f><v />',
        '<f t="array" ref="D1:D3">A1:A3*10</f><v>10</v>',
    )
    for row in (2, 3):
        cell = f'<c r="B{row}"><f>A{row}*2</f><v>{row * 2}</v></c>'
        package = changed(package, SHEET, cell, f'{cell}<c r="D{row}"><v>{row * 10}</v></c>')
    return package


def data_tables() -> Package:
    """Excel's what-if table over A1: IronCalc cannot even load one."""
    cells = (
        '<row r="8"><c r="D8"><f t="dataTable" ref="D8:D9" dt2D="0" dtr="0" r1="A1"/><v>12</v></c></row>'
        '<row r="9"><c r="D9"><v>14</v></c></row>'
    )
    return in_sheet(plain(), "</sheetData>", cells)


def volatile_formulas() -> Package:
    cells = (
        '<row r="8"><c r="A8"><f ca="1">RAND()</f><v>0.25</v></c><c r="B8"><f>A8*A1</f><v>0.25</v></c></row>'
    )
    return in_sheet(plain(), "</sheetData>", cells)


def rich_text() -> Package:
    """Shared strings with runs, phonetic guides, escapes and spaces."""
    strings = (
        f'<sst xmlns="{MAIN}" count="2" uniqueCount="2"><si><t xml:space="preserve"> _x0041_ </t></si><si><r>'
        '<t>bold</t></r><r><rPr><b/></rPr><t xml:space="preserve"> and plain</t></r><rPh sb="0" eb="1"><t>x</t>'
        "</rPh></si></sst>"
    )
    kind = TYPES + "spreadsheetml.sharedStrings+xml"
    package = added(plain(), BOOK, "sharedStrings", "xl/sharedStrings.xml", strings, kind, "30")
    cells = '<row r="9"><c r="A9" t="s"><v>1</v></c><c r="B9" t="s"><v>0</v></c></row>'
    return in_sheet(package, "</sheetData>", cells)


def calculation_chain() -> Package:
    chain = f'<calcChain xmlns="{MAIN}"><c r="B4" i="1"/><c r="B1" i="1"/><c r="A1" i="2"/></calcChain>'
    return added(
        plain(), BOOK, "calcChain", "xl/calcChain.xml", chain, TYPES + "spreadsheetml.calcChain+xml", "40"
    )


def merged_cells() -> Package:
    workbook = model()
    workbook["Model"].merge_cells("D1:E2")
    return saved(workbook)


def tables() -> Package:
    workbook = model()
    for row, values in enumerate([("age", "fare"), (22, 7.25), (38, 71.2833)], start=1):
        for col, value in enumerate(values, start=8):
            workbook["Model"].cell(row, col, value)
    workbook["Model"].add_table(Table(displayName="Passengers", ref="H1:I3"))
    return saved(workbook)


def chart_sheets() -> Package:
    """A chart sheet before the other sheets, so that positions and worksheets count differently."""
    workbook = model()
    chart = LineChart()
    chart.add_data(Reference(workbook["Model"], min_col=2, min_row=1, max_row=3))
    workbook.create_chartsheet("Chart", 0).add_chart(chart)
    return saved(workbook)


def old_modules() -> Package:
    """A sheet of macros from Excel 5 before the other sheets, which has no part."""
    module = f'<sheet xmlns:r="{OFFICE}" name="Module1" sheetId="99" state="veryHidden" r:id=""/>'
    return changed(chart_sheets(), BOOK, "<sheets>", "<sheets>" + module)


def prefixed_names() -> Package:
    """Sheet and book in another spelling of the same XML: elements with a prefix, as some programs write."""
    package = plain()
    for part in (SHEET, BOOK):
        text = (
            package[part].decode().replace("xmlns=", "xmlns:x=").replace("<", "<x:").replace("<x:/", "</x:")
        )
        package = package.replace({part: text.replace("<x:?", "<?").encode()})
    return package


def row_formats() -> Package:
    """A format on a whole row and a whole column, hidden rows, odd white space and comments in the XML."""
    package = changed(
        plain(), SHEET, '<row r="2">', '<row  r="2" s="1" customFormat="1" hidden="1" spans="1:2">'
    )
    package = changed(
        package, SHEET, "<sheetData>", '<cols><col min="4" max="5" width="9" style="1"/></cols><sheetData>'
    )
    return changed(package, SHEET, "</row>", "<!-- > -->\n</row>")


def excel_dialect() -> Package:
    """What Excel itself puts into its XML and other programs leave out."""
    compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    dialect = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"
    root = f'<worksheet xmlns="{MAIN}"'
    more = f' xmlns:r="{OFFICE}" xmlns:mc="{compatibility}" mc:Ignorable="x14ac" xmlns:x14ac="{dialect}"'
    package = changed(plain(), SHEET, root, root + more)
    package = changed(package, SHEET, '<row r="1">', '<row r="1" spans="1:2" x14ac:dyDescent="0.25">')
    package = changed(package, SHEET, '<row r="4">', '<row r="4" spans="2:2" ht="20" customHeight="1">')
    return changed(package, SHEET, "<v>4</v></c>", '<v>4</v></c><c r="C2" s="1"/><c r="E2"></c>')


def without_addresses() -> Package:
    """Cells and rows that do not say where they stand: each follows the one before it."""
    package = plain()
    bare = re.sub(rb'(<row) r="\d+"|(<c) r="[A-Z]+[123]"', lambda m: m[1] or m[2], package[SHEET])
    bare = re.sub(rb'<row><c r="B4"', rb'<row r="4"><c r="B4"', bare)
    return package.replace({SHEET: re.sub(rb'<row><c r="A6"', rb'<row r="6"><c r="A6"', bare)})


def filtered_rows() -> Package:
    """A filter that leaves a row out, and a subtotal that passes over it."""
    package = changed(plain(), SHEET, '<row r="2">', '<row r="2" hidden="1">')
    rule = '<filterColumn colId="0"><filters><filter val="1"/><filter val="3"/></filters></filterColumn>'
    package = changed(
        package, SHEET, "</sheetData>", f'</sheetData><autoFilter ref="A1:A3">{rule}</autoFilter>'
    )
    return changed(package, SHEET, "<f>SUM(B1:B3)</f><v>12</v>", "<f>SUBTOTAL(9,B1:B3)</f><v>8</v>")


STRANGERS: dict[str, Callable[[], Package]] = {
    builder.__name__: builder
    for builder in (
        plain,
        charts,
        images,
        pivot_tables,
        slicers,
        conditional_formats,
        data_validations,
        comments,
        defined_names,
        external_links,
        macros,
        shared_formulas,
        array_formulas,
        data_tables,
        volatile_formulas,
        rich_text,
        calculation_chain,
        merged_cells,
        tables,
        chart_sheets,
        prefixed_names,
        row_formats,
        excel_dialect,
    )
}


# What IronCalc cannot read, or computes otherwise.
WITHOUT_IRONCALC: dict[str, Callable[[], Package]] = {
    builder.__name__: builder for builder in (old_modules, without_addresses, filtered_rows)
}

# What an added sheet is listed in. That a data table's results go with any save is the calculator's.
LISTS = {
    "[Content_Types].xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/calcChain.xml",
}


def changed_by_a_sheet(kind: str, before: Package, after: Package) -> set[str]:
    """The parts that an added sheet should have left as they were, and that are not."""
    computed = {SHEET} if kind == "data_tables" else set()
    return {part for part in before if before[part] != after.get(part)} - LISTS - computed
