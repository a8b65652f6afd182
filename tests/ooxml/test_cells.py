"""A worksheet's cells are the same by the pattern for the usual form and by way of a tree; and what is in them."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import strangers
from tests.oracles import convert
from xlcicf.errors import BookError
from xlcicf.formula.address import Area, column_letters
from xlcicf.formula.snapshot import ExcelError, WhatIf
from xlcicf.formula.text import relative_template, shifted
from xlcicf.ooxml import cells, elements, inventory
from xlcicf.ooxml.cells import read_sheet
from xlcicf.ooxml.elements import Elements
from xlcicf.ooxml.inventory import Inventory
from xlcicf.ooxml.package import Package, package_from_bytes, read_package
from xlcicf.ooxml.usual_form import Content, UnusualForm

BOOKS = sorted(Path(__file__).parents[2].glob("workbooks/*.xlsx"))
STRINGS = b'<sst xmlns="%s"><si><t>zero</t></si><si><t xml:space="preserve"> &lt;1&gt; </t></si></sst>'


def unusual(*_) -> Content:
    raise UnusualForm


def everything(package: Package):
    """All sheets and the shared strings; or what is wrong, in a sentence."""
    try:
        book = Inventory(package)
        return [read_sheet(book, entry) for entry in book.sheets.values()], book.strings
    except BookError as error:
        return str(error)


def by_tree(package: Package):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Content, "of", unusual)
        return everything(package)


def by_pattern_alone(package: Package):
    def refused(*_):
        raise AssertionError("read by way of a tree")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Elements, "in_tree", refused)
        patch.setattr(
            inventory, "children", lambda root, name: refused() if name == "si" else children(root, name)
        )
        return everything(package)


children = inventory.children


def sheet_of(xml: str, shared: bytes = STRINGS) -> Package:
    """A book with shared strings, of whose sheet this is the part."""
    package = strangers.rich_text()
    return package.replace(
        {
            strangers.SHEET: xml.encode(),
            "xl/sharedStrings.xml": shared.replace(b"%s", strangers.MAIN.encode()),
        }
    )


def rows(xml: str) -> Package:
    return sheet_of(f'<worksheet xmlns="{strangers.MAIN}"><sheetData>{xml}</sheetData></worksheet>')


def model(package: Package):
    book = Inventory(package)
    return read_sheet(book, book.sheets["Model"])


# --- one sheet, two ways

# Each a piece of a part; most combinations of them are well formed, many are what no program would write.
KINDS = [
    "",
    "",
    "",
    ' t="n"',
    ' t="s"',
    ' t="str"',
    ' t="b"',
    ' t="e"',
    ' t="d"',
    ' t="inlineStr"',
    ' t="x"',
    " t='n'",
]
MORE = [
    "",
    "",
    "",
    ' s="1"',
    ' s="0"',
    ' s=""',
    ' s="x"',
    ' cm="1" vm="2"',
    ' xmlns="other"',
    ' s="&#49;"',
    "\n s='2'",
]
FORMULAS = [
    "", "", "", "<f>A1*2</f>", "<f/>", "<f></f>", '<f ca="1">RAND()</f>', '<f aca="false">A1&amp;"x"</f>',
    '<f t="shared" si="0"/>', '<f t="shared" si="0" ref="A1:A9">$B1+A1*5%</f>', '<f t="shared" si="1">A:A</f>',
    '<f t="shared">B2</f>', '<f t="array" ref="A1:B2">C1:D2</f>', '<f t="array">1</f>', '<f t="array" ref="x">1</f>',
    '<f t="dataTable" ref="D8:D9" r1="A1"/>', "<f>A1<!-- x -->+1</f>", "<f><![CDATA[A1<2]]></f>", "<f>A1<g/></f>",
    "<f xml:space='preserve'> A1 </f>", "<f>&#x41;1\r\n+2</f>", '<x:f xmlns:x="other">1</x:f>', "<f>&quot;é&quot;</f>",
]  # fmt: skip
VALUES = [
    "", "<v>1</v>", "<v>0</v>", "<v> 2.5e-3\n</v>", "<v/>", "<v />", "<v></v>", "<v>-1</v>", "<v>1e999</v>", "<v>x</v>",
    '<v xml:space="preserve"> a </v>', "<v>&lt;_x0041_&gt;</v>", "<v>a\r\nb\rc</v>", "<v>#N/A</v>", "<v>true</v>",
    "<v>2024-02-29T12:00:00Z</v>", "<v>12:30</v>", "<v>1<!-- x -->2</v>", "<v>1<w/>2</v>", "<v>]]&gt;</v>",
    "<v>1</v><v>2</v>", '<v xmlns="other">3</v>', "<v>&unknown;</v>", "<v>\u00e9\u2028</v>",
]  # fmt: skip
TEXTS = [
    "", "", "<is><t>a</t></is>", "<is> <t>&amp;_x000A_</t> </is>", "<is><r><t>a</t></r><rPh><t>x</t></rPh></is>",
    "<is/>", "<is><t/></is>", '<is><t xml:space="preserve"> </t></is>', "<extLst/>", "some text", "<is><t>a</t></is><v>1</v>",
]  # fmt: skip
BETWEEN = ["", "", "", "", "\n  ", "<!-- <row/> -->", "<?x <c/>?>", "text", "<extLst><c/></extLst>", "\ufeff"]
ROW_MORE = [
    "",
    "",
    ' spans="1:2" x14ac:dyDescent="0.25"',
    ' s="3" customFormat="1"',
    " ht='9'",
    ' s="x"',
    ' q="&gt;"',
]


@st.composite
def cell(draw, row):
    where = [f' r="{column_letters(draw(st.integers(1, 4)))}{row}"'] * 9
    where += ["", "", f' r="a{row}"', ' r="A77"', ' r="XFE1"', ' r=""', f" r='A{row}'", ' r="AA"']
    attributes = draw(st.sampled_from(where)) + draw(st.sampled_from(MORE)) + draw(st.sampled_from(KINDS))
    inner = "".join(draw(st.sampled_from(pieces)) for pieces in (FORMULAS, VALUES, TEXTS))
    return f"<c{attributes}>{inner}</c>" if inner or draw(st.booleans()) else f"<c{attributes}/>"


@st.composite
def row(draw, number):
    where = draw(
        st.sampled_from([f' r="{number}"'] * 9 + ["", ' r="0"', ' r="x"', f" r='{number}'", ' r="2000000"'])
    )
    found = [draw(cell(number)) + draw(st.sampled_from(BETWEEN)) for _ in range(draw(st.integers(0, 3)))]
    attributes = where + draw(st.sampled_from(ROW_MORE))
    return f"<row{attributes}>{''.join(found)}</row>" if found else f"<row{attributes}/>"


@st.composite
def parts(draw):
    """A worksheet part, of one of the two namespaces, with a prefix or without."""
    inner = "".join(
        draw(row(number)) + draw(st.sampled_from(BETWEEN)) for number in range(1, draw(st.integers(1, 4)) + 1)
    )
    data = draw(st.sampled_from(["<sheetData>{}</sheetData>"] * 9 + [
        '<sheetData x="1">{}</sheetData>', "<a><sheetData>{}</sheetData></a>", "<sheetData/><!--<sheetData>{}</sheetData>-->",
        "<sheetData>{}</sheetData><sheetData/>", "<?x <sheetData>?>{}", "<sheetData/>",
    ])).format(inner)  # fmt: skip
    after = draw(
        st.sampled_from(["", '<sheetProtection sheet="1"/><mergeCells><mergeCell ref="A1:B2"/></mergeCells>'])
    )
    more = ' xmlns:mc="mc" xmlns:x14ac="dialect" mc:Ignorable="x14ac"' if draw(st.integers(0, 9)) else ""
    before = draw(st.sampled_from(["", '<cols><col min="1" max="2" style="1"/></cols>']))
    xml = f'<worksheet xmlns="{strangers.MAIN}"{more}>{before}{data}{after}</worksheet>'
    if draw(st.integers(0, 4)) == 0:
        xml = xml.replace("<", "<p:").replace("<p:/", "</p:").replace("<p:!", "<!").replace("<p:?", "<?")
        xml = xml.replace(f'xmlns="{strangers.MAIN}"', f'xmlns:p="{strangers.MAIN}"')
    head = draw(
        st.sampled_from(
            ["", strangers.HEAD, "\ufeff" + strangers.HEAD, "<!DOCTYPE x>", "<!-- <sheetData> -->"]
        )
    )
    return head + xml.replace(strangers.MAIN, draw(st.sampled_from([strangers.MAIN, "other"])))


@settings(max_examples=300)
@given(parts(), st.sampled_from([1, 60, 2**20]))
def test_both_ways_lead_to_the_same_cells_or_to_the_same_sentence(xml, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xlcicf.ooxml.usual_form._CHUNK", chunk)
        assert everything(sheet_of(xml)) == by_tree(sheet_of(xml))


ONE = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
ODD = [
    f"<sheetData/><!--{ONE}-->",
    f"<!--{ONE}--><sheetData/>",
    f"<?x {ONE}?><sheetData/>",
    f"<sheetData/><a>{ONE}</a>",
    f"<a>{ONE}</a><sheetData/>",
    f"{ONE}<a>{ONE}</a>",
    f"<a>{ONE}</a>",
    "".join(
        ONE.replace("<v>1</v>", f'<f t="shared" si="0">{text}</f>').replace(
            "</c>", '</c><c r="B1"><f t="shared" si="0"/></c>'
        )
        for text in "12"
    ),
    f'<p:sheetData xmlns:p="other"/>{ONE}',
    *(ONE.replace("<v>1</v>", value) for value in ("<v>&#49;</v>", '<v xmlns="other">1</v>', "<v>1\r</v>")),
    *(
        ONE.replace("<c ", cell)
        for cell in ('<c xmlns="other" ', '<c s="1" ', "<c t='b' ", "<c\n", '<c x="&#49;" ')
    ),
    *(ONE.replace("<row ", row) for row in ('<row xmlns="other" ', '<row xmlns:x="other" ', '<row s="4" ')),
    ONE.replace('r="A1"', 't="str"').replace(">1<", ">&lt;\r\n&#x41;&amp;amp;<"),
    ONE.replace("<v>1</v>", '<is><t xmlns="other">1</t></is>'),
    ONE.replace("<v>1</v>", '<f xmlns="other">A2</f>'),
    ONE.replace("<row ", '<row r="2"/><c r="A2"/><row '),
    ONE.replace("</c>", '</c><row r="2"/>'),
    ONE.replace("</row>", '</row><c r="B1"><v>1</v></c>'),
    ONE.replace("</row>", "</row><c><v>1</v></c>"),
    ONE.replace("A1", "A7"),
    ONE.replace('<c r="A1">', '<c s="1" r="B1">'),
    ONE.replace('<row r="1"><c r="A1">', '<row s="1" r="5"><c>'),
    ONE.replace("<v>1</v>", "<is><t>_x0041_&amp;</t></is>"),
    ONE.replace("<v>1</v>", '<f t="shared" si="0\t"/>'),
    ONE.replace("<v>1</v>", '<f t="shared" si="0"/><v>1</v>').replace(
        "</c>", '</c><c r="B1"><f t="shared" si="0">1</f></c>'
    ),
    ONE.replace("<v>1</v>", '<f t="shared"/><v>1</v>'),
    ONE.replace("<v>1</v>", '<f si="0"/><v>1</v>'),
    ONE.replace("<v>1</v>", '<f t="shared" si="0" xmlns="other"/><v>1</v>'),
    ONE.replace("<v>1</v>", "<v>x</v><is><t>a</t></is>"),
    ONE.replace("<v>1</v>", "<v>1</v><is><t>a</t></is>"),
    ONE.replace("<v>1</v>", "<is><t>a</t></is><v>1</v>"),
    ONE.replace("<v>1</v>", "<v>nan</v>"),
    ONE.replace("<v>1</v>", "<v>1e999</v>"),
    ONE.replace("<v>1</v>", "<f>1&lt;2</f><v>1</v>"),
    ONE.replace("</row>", '</row><row r="1"><c r="B1"><v>1</v></c></row><row><c><v>3</v></c></row>'),
]


@pytest.mark.parametrize("data", ODD)
def test_both_ways_agree_where_a_pattern_might_be_misled(data):
    package = sheet_of(f'<worksheet xmlns="{strangers.MAIN}">{data}</worksheet>')
    assert everything(package) == by_tree(package)


BASES = [
    strangers.STRANGERS[name]()
    for name in ("plain", "shared_formulas", "rich_text", "prefixed_names", "excel_dialect")
]


@settings(max_examples=150)
@given(st.data())
def test_both_ways_agree_on_a_damaged_part(data):
    base = data.draw(st.sampled_from(BASES))
    part = data.draw(
        st.sampled_from([name for name in base if name.endswith(("sheet1.xml", "sharedStrings.xml"))])
    )
    whole = base[part]
    start = data.draw(st.integers(0, len(whole)))
    end = min(len(whole), start + data.draw(st.integers(0, 30)))
    middle = data.draw(
        st.sampled_from(
            [b"", b"<", b">", b'"', b"&", b"\0", b"\xff", b"</c>", b"<v>", b" ", whole[start:end] * 2]
        )
    )
    damaged = base.replace({part: whole[:start] + middle + whole[end:]})
    assert everything(damaged) == by_tree(damaged)


ITEMS = [
    "<si><t>a</t></si>", "<si><t/></si>", "<si/>", "<si></si>", "<si><t>&amp;_x0041_</t></si>", "<si><t>a\r\nb</t></si>",
    '<si><t xml:space="preserve"> a </t></si>', "<si><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r><rPh><t>x</t></rPh></si>",
    "<si><t>a</t><t>b</t></si>", "<si><t><![CDATA[</si>]]></t></si>", "<si><!-- </si> --><t>a</t></si>", "<si><si/></si>",
    "<!-- <si/> -->", "text", "<extLst/>", "<si><t>a<b/>c</t></si>", '<si xmlns="other"><t>a</t></si>', "\n", "<si><t>é</t></si>",
    "<si><t>&#233;</t><phoneticPr fontId='1'/></si>", '<x:si xmlns:x="other"><t>b</t></x:si>',
]  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.sampled_from(ITEMS), max_size=6), st.sampled_from([1, 2**20]))
def test_both_ways_lead_to_the_same_shared_strings(items, chunk):
    package = sheet_of("<worksheet/>", f'<sst xmlns="{strangers.MAIN}">{"".join(items)}</sst>'.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xlcicf.ooxml.usual_form._CHUNK", chunk)
        assert everything(package) == by_tree(package)


@pytest.mark.parametrize(
    "shared",
    [
        '<a><sst xmlns="MAIN"><si><t>not at the root</t></si></sst></a>',
        '<a.b:sst xmlns:a.b="MAIN" xmlns:aXb="other"><aXb:si><aXb:t>a</aXb:t></aXb:si></a.b:sst>',
        '<a.b:sst xmlns:a.b="MAIN"><a.b:si><a.b:r><a.b:t>a</a.b:t></a.b:r></a.b:si></a.b:sst>',
    ],
)
def test_both_ways_agree_where_shared_strings_might_be_mistaken(shared):
    package = sheet_of("<worksheet/>", shared.replace("MAIN", strangers.MAIN).encode())
    assert everything(package) == by_tree(package)


@pytest.mark.parametrize("kind", strangers.STRANGERS)
@pytest.mark.parametrize("dialect", [lambda package: package, strangers.strict], ids=["", "strict"])
def test_both_ways_agree_on_a_strangers_book(kind, dialect):
    package = dialect(strangers.STRANGERS[kind]())
    assert everything(package) == by_tree(package)


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.stem)
def test_a_lesson_book_is_in_the_usual_form(book):
    package = read_package(book)
    assert by_pattern_alone(package) == by_tree(package)


# --- the usual form is that of the programs


def written_by_openpyxl(_folder) -> Package:
    workbook = strangers.model()
    sheet = workbook["Model"]
    sheet["C1"], sheet["C2"], sheet["C3"] = "a < b & 'c'\n\"d\"", True, "#N/A"
    sheet.append([None, 0.1, "=IF(A1>0,\"x\",'Other'!A1)"])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return package_from_bytes(buffer.getvalue())


def written_by_libreoffice(folder) -> Package:
    path = folder / "book.xlsx"
    path.write_bytes(written_by_openpyxl(folder).to_bytes())
    return read_package(convert(path, "xlsx", folder / "converted"))


def written_as_excel_does(_folder) -> Package:
    """By hand, after books that Excel saved."""
    dialect = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"
    return sheet_of(
        f'{strangers.HEAD.strip()}\r\n<worksheet xmlns="{strangers.MAIN}" xmlns:r="{strangers.OFFICE}" '
        f'xmlns:x14ac="{dialect}"><dimension ref="A1:D3"/><sheetData>'
        '<row r="1" spans="1:4" s="2" customFormat="1" ht="15.75" x14ac:dyDescent="0.25"><c r="A1" s="1" t="s"><v>1</v></c>'
        '<c r="B1"><f>A2&amp;"x"</f><v>3</v></c><c r="C1" s="4"/><c r="D1" t="str"><f t="shared" ref="D1:D3" si="0">'
        '"a"&amp;B1</f><v>a3</v></c></row><row r="2" spans="1:4"><c r="B2" t="e"><f ca="1">1/0</f><v>#DIV/0!</v></c>'
        '<c r="D2" t="str"><f t="shared" si="0"/><v xml:space="preserve"> </v></c></row><row r="3" ht="9" hidden="1"/>'
        '<row r="4"><c r="A4" cm="1"><f t="array" ref="A4:A5">B1:B2</f><v>1</v></c></row></sheetData>'
        '<mergeCells count="1"><mergeCell ref="A1:A2"/></mergeCells></worksheet>'
    )


def written_without_addresses(_folder) -> Package:
    return rows("<row><c><v>1</v></c><c t='n'><v>2</v></c></row>".replace("'", '"'))


@pytest.mark.parametrize(
    "written",
    [
        written_by_openpyxl,
        pytest.param(written_by_libreoffice, marks=pytest.mark.libreoffice),
        written_as_excel_does,
        written_without_addresses,
        lambda _: strangers.prefixed_names(),
        lambda _: strangers.strict(strangers.rich_text()),
    ],
)
def test_what_programs_write_is_in_the_usual_form(written, tmp_path):
    package = written(tmp_path)
    read, _ = by_pattern_alone(package)
    assert sum(len(sheet.values) + len(sheet.formulas) for sheet in read) > 1
    assert by_pattern_alone(package) == by_tree(package)


# --- what is in the cells


def test_a_shared_formula_is_spelled_in_each_of_its_cells():
    formula = "A1+$B1*5%-C$2+XFD1048570"
    followers = [(row, col) for row in range(1, 9) for col in (3, 4)]
    xml = "".join(
        f'<row r="{row}">'
        + "".join(
            f'<c r="{column_letters(col)}{row}"><f t="shared" si="7"'
            + (f' ref="C1:D8">{formula}</f></c>' if (row, col) == (2, 3) else "/></c>")
            for at, col in followers
            if at == row
        )
        + "</row>"
        for row in range(1, 9)
    )
    sheet = model(rows(xml))
    template = relative_template(formula)
    assert sheet.formulas == {(r, c): "=" + shifted(template, r - 2, c - 3) for r, c in followers}
    assert sheet.shared["7"][0] == (2, 3) and sorted(sheet.shared["7"]) == sorted(followers)
    assert sheet.formulas[1, 4] == "=B1048576+$B1048576*5%-D$2+A1048569"


def test_a_number_that_no_formula_has_leaves_its_cells_without_one():
    sheet = model(rows('<row r="1"><c r="A1"><f t="shared" si="3"/><v>5</v></c></row>'))
    assert (sheet.formulas, sheet.values, sheet.shared) == ({}, {(1, 1): 5.0}, {"3": [(1, 1)]})


@pytest.mark.parametrize("inner, held", [
    ("<v>1</v><is><t>a</t></is>", "a"), ("<is><t>a</t></is><v>1</v>", 1.0), ("<v>1</v><v>2</v>", 2.0),
])  # fmt: skip
def test_of_several_contents_a_cell_holds_the_last(inner, held):
    assert model(rows(f'<row r="1"><c r="A1">{inner}</c></row>')).values == {(1, 1): held}


def test_each_of_two_sheet_datas_has_its_own_shared_formulas():
    first, second = (
        f'<sheetData><row r="{row}"><c r="A{row}"><f t="shared" si="0">{row}</f></c>'
        f'<c r="B{row}"><f t="shared" si="0"/></c></row></sheetData>'
        for row in (1, 2)
    )
    sheet = model(sheet_of(f'<worksheet xmlns="{strangers.MAIN}">{first}{second}</worksheet>'))
    assert sheet.formulas == {(1, 1): "=1", (1, 2): "=1", (2, 1): "=2", (2, 2): "=2"}
    assert sheet.shared == {"0": [(1, 1), (1, 2), (2, 1), (2, 2)]}


def test_cells_may_hold_nothing_and_say_that_they_are_numbers():
    sheet = model(
        rows(
            '<row r="1"><c r="A1" s="2" t="n"/><c r="B1" t="n"></c><c r="C1" t="n"><v/></c><c r="D1"/></row>'
        )
    )
    assert (sheet.typed_blanks, sheet.values, sheet.styles) == ([(1, 1), (1, 2)], {}, {(1, 1): 2})


@pytest.mark.parametrize("text, number", [
    ("2024-02-29", 45351), ("2024-02-29T12:00:00", 45351.5), ("2024-02-29T12:00:00Z", 45351.5),
    ("2024-02-29T12:00:00+02:00", 45351.5), ("18:00:00", 0.75), ("06:00", 0.25),
])  # fmt: skip
def test_a_date_written_out_has_a_serial_number(text, number):
    sheet = model(rows(f'<row r="1"><c r="A1" t="d"><v>{text}</v></c></row>'))
    assert (sheet.values, sheet.iso_dates) == ({(1, 1): number}, [(1, 1)])


def test_in_a_book_that_counts_from_1904_so_does_a_date_written_out():
    package = rows('<row r="1"><c r="A1" t="d"><v>1904-01-02</v></c></row>')
    with_1904 = strangers.changed(package, strangers.BOOK, "<workbookPr ", '<workbookPr date1904="1" ')
    assert model(with_1904).values == {(1, 1): 1.0}


def test_formats_of_rows_columns_and_cells_are_kept_apart():
    xml = (
        f'<worksheet xmlns="{strangers.MAIN}"><cols><col min="2" max="3" style="5"/></cols><sheetData><row r="2" s="4">'
        '<c r="A2" s="1"><v>1</v></c><c r="B2" t="e" s="2"><v>#N/A</v></c></row></sheetData></worksheet>'
    )
    sheet = model(sheet_of(xml))
    assert (sheet.styles, sheet.row_styles, sheet.column_styles) == (
        {(2, 1): 1, (2, 2): 2},
        {2: 4},
        [(2, 3, 5)],
    )
    assert sheet.values == {(2, 1): 1.0, (2, 2): ExcelError("#N/A")}
    assert [sheet.style(*at) for at in ((2, 2), (2, 9), (1, 3), (1, 1))] == [2, 4, 5, 0]


def test_a_data_table_and_an_array_fill_their_areas():
    xml = '<row r="1"><c r="A1"><f t="array" ref="A1:A2">B1:B2</f></c><c r="C1"><f t="dataTable" ref="C1:C3"/><v>1</v></c></row>'
    sheet = model(rows(xml))
    assert (sheet.arrays, sheet.data_tables) == (
        {(1, 1): Area("Model", 1, 1, 2, 1)},
        {Area("Model", 1, 3, 3, 3): WhatIf()},
    )
    assert sheet.formulas == {(1, 1): "=B1:B2"}


@pytest.mark.parametrize(
    ("attributes", "asked"),
    [
        ('r1="A1"', WhatIf(column_input=(1, 1))),
        ('dt2D="0" dtr="1" r1="$B$2"', WhatIf(row_input=(2, 2))),
        ('dt2D="1" dtr="1" r1="B2" r2="A9"', WhatIf((2, 2), (9, 1))),
        ('dt2D="1" dtr="1" r1="B2"', WhatIf()),
        ('dt2D="1" r1="B2" r2="A9" del2="1"', WhatIf()),
        ('r1="#REF!" del1="1"', WhatIf()),
    ],
)
def test_what_a_data_table_asks(attributes, asked):
    xml = f'<row r="4"><c r="D4"><f t="dataTable" ref="D4:E5" {attributes}/><v>1</v></c></row>'
    assert list(model(rows(xml)).data_tables.values()) == [asked]


DAMAGED = {
    "a text with no such number": ('<c r="A1" t="s"><v>-1</v></c>', "damaged at A1"),
    "a text beyond the last": ('<c r="A1" t="s"><v>9</v></c>', "damaged at A1"),
    "an unknown kind": ('<c r="A1" t="x"><v>9</v></c>', "damaged at A1"),
    "no date": ('<c r="A1" t="d"><v>1234</v></c>', "damaged at A1"),
    "no time": ('<c r="A1" t="d"><v>25:00</v></c>', "damaged at A1"),
    "a shared formula that is none": ('<c r="A1"><f t="shared" si="0">A1:"</f></c>', "damaged at A1"),
    "a cell of another row": ('<c r="A2"><v>1</v></c>', "damaged at A2"),
    "more cells than a sheet has": ('<c r="XFD1"/><c/>', "damaged at column 16385 of row 1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_cell_is_named(kind):
    xml, words = DAMAGED[kind]
    with pytest.raises(BookError, match=f"sheet 'Model' is {words}; open and save the book in Excel"):
        model(rows(f'<row r="1">{xml}</row>'))


def test_a_sheet_of_too_many_cells_is_refused(monkeypatch):
    monkeypatch.setattr(elements, "MAX_CELLS", 3)
    for cell_of in (
        '<c r="A{}"><v>1</v></c>',
        '<c r="A{}"><f>1</f></c>',
        '<c r="A{}"><f t="shared" si="0"/></c>',
    ):
        few, many = ("".join(f'<row r="{i}">{cell_of.format(i)}</row>' for i in range(1, n)) for n in (4, 5))
        assert model(rows(few))
        with pytest.raises(BookError, match="sheet 'Model' has more than 3 cells; split it up"):
            model(rows(many))


def test_a_sheet_of_too_many_cells_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr(elements, "MAX_CELLS", 3)
    many = "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(1, 6))
    for package in (rows(many + '<row r="6"><c r="A6" t="x"><v>1</v></c></row>'), rows("<!-- -->" + many)):
        with pytest.raises(BookError, match="more than 3 cells"):
            model(package)


def test_a_long_formula_shared_by_many_cells_is_refused_before_it_is_spelled_out(monkeypatch):
    monkeypatch.setattr(cells, "MAX_SPELLED", 100)
    xml = '<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A9">"{}"</f></c></row>' + "".join(
        f'<row r="{i}"><c r="A{i}"><f t="shared" si="0"/></c></row>' for i in range(2, 10)
    )
    assert len(model(rows(xml.format("x" * 5))).formulas) == 9
    with pytest.raises(BookError, match="more than 100 letters; split it up"):
        model(rows(xml.format("x" * 50)))


def test_elements_in_each_other_by_the_hundred_thousand_are_no_cells():
    deep = "<a>" * 100_000 + "</a>" * 100_000
    xml = (
        f'<worksheet xmlns="{strangers.MAIN}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    )
    assert model(sheet_of(f"{xml}{deep}</worksheet>")).values == {(1, 1): 1.0}
    assert model(rows(f'<row r="1"><c r="A1">{deep}<v>1</v></c></row>')).values == {(1, 1): 1.0}
