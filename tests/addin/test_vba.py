"""The VBA project writer: olevba reads back what was written, and the rules of [MS-OVBA] are kept."""

import random
import re
import struct
from pathlib import Path

import olefile
import pytest
import xlwings
from hypothesis import given
from hypothesis import strategies as st

from tests.addin.olevba import decompress_stream, modules_in
from xlcicf.addin import ribbon, udfs
from xlcicf.addin.vba import CLASS, SHEET, STANDARD, WORKBOOK, Module, compressed, vba_project
from xlcicf.errors import BookError

LETTERS = "".join(bytes([code]).decode("cp1252", "ignore") for code in range(32, 256))  # all that VBA has
XLWINGS = Path(xlwings.__file__).parent


def read_back(modules: list[Module]) -> dict[str, str]:
    return modules_in(vba_project(modules))


def expected(modules: list[Module]) -> dict[str, str]:
    return {f"{m.name}.{'bas' if m.kind == STANDARD else 'cls'}": m.source for m in modules}


def stream(data: bytes, *path: str) -> bytes:
    with olefile.OleFileIO(data) as file:
        return file.openstream(list(path)).read()


# ---- modules ---------------------------------------------------------------------------------------------

BOOK = [Module("ThisWorkbook", "", WORKBOOK), Module("Sheet1", "", SHEET)]

CASES = {
    "documents without code": BOOK,
    "a module of every kind": [
        Module("ThisWorkbook", "Option Explicit\nPrivate Sub Workbook_Open()\nEnd Sub\n", WORKBOOK),
        Module("Sheet1", "' nothing here", SHEET),
        Module("Tools", "Public Function Two()\n    Two = 2\nEnd Function\n"),
        Module("Thing", "Private held As Long\n", CLASS),
    ],
    "lines ended as in DOS": [*BOOK, Module("Tools", "Option Explicit\r\n' one\r\n")],
    "every letter of code page 1252": [*BOOK, Module("Letters", f"' {LETTERS}\n")],
    "200 kB that repeat": [*BOOK, Module("Large", "".join(f"' line {n} is {n * n}\n" for n in range(9500)))],
    "200 kB of one letter": [*BOOK, Module("Large", "'" + "x" * 200_000)],
    "200 kB of any letters": [*BOOK, Module("Large", "".join(random.Random(0).choices(LETTERS, k=204_800)))],
    "many modules": [*BOOK, *(Module(f"M{n}", f"' {n}\n") for n in range(60))],
    "the longest name": [*BOOK, Module("N" * 31, "")],
}


@pytest.mark.parametrize("modules", CASES.values(), ids=CASES)
def test_olevba_reads_back_exactly_what_was_written(modules):
    assert read_back(modules) == expected(modules)


@given(st.text(LETTERS + "\n", max_size=300))
def test_any_text_of_code_page_1252_comes_back(code):
    modules = [Module("ThisWorkbook", code, WORKBOOK), Module("Tools", code)]
    assert read_back(modules) == expected(modules)


def of_the_addin() -> list[Module]:
    return [
        Module("ThisWorkbook", ribbon.events_module(), WORKBOOK),
        Module("Sheet1", "", SHEET),
        Module("xlcicf_ribbon", ribbon.callbacks_module()),
        Module("xlcicf_functions", udfs.wrappers_module()),
        Module.exported("xlwings", (XLWINGS / "xlwings.bas").read_text("cp1252"), STANDARD),
        Module.exported("Dictionary", (XLWINGS / "addin" / "Dictionary.cls").read_text("cp1252"), CLASS),
    ]


def test_olevba_reads_back_the_modules_of_the_addin():
    modules = of_the_addin()
    assert read_back(modules) == expected(modules)
    assert all(len(module.code) > 200 for module in modules if module.kind != SHEET)


def test_the_same_modules_give_the_same_bytes():
    assert vba_project(of_the_addin()) == vba_project(of_the_addin())


def test_an_attribute_line_says_what_kind_of_module_it_is():
    documents = (
        'Attribute VB_Name = "Sheet1"\r\nAttribute VB_Base = "0{00020820-0000-0000-C000-000000000046}"\r\n'
    )
    assert Module("Sheet1", "' x", SHEET).source.startswith(documents)
    assert "Attribute VB_PredeclaredId = True\r\n" in Module("Sheet1", "", SHEET).source
    assert "Attribute VB_PredeclaredId = False\r\n" in Module("Thing", "", CLASS).source
    assert Module("Tools", "' x\n").source == 'Attribute VB_Name = "Tools"\r\n\' x\r\n'


HEADER_OF_A_CLASS = """VERSION 1.0 CLASS
BEGIN
  MultiUse = -1  'True
END
Attribute VB_Name = "Thing"
Attribute VB_GlobalNameSpace = False
Attribute VB_Exposed = True
Attribute VB_Description = "A thing"
"""
CODE = "' VERSION 1.0\nPublic Property Get Item()\nAttribute Item.VB_UserMemId = 0\nEnd Property\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["", 'Attribute VB_Name = "Thing"\n', HEADER_OF_A_CLASS])
def test_an_exported_file_loses_its_header_and_nothing_else(header, end):
    module = Module.exported("Thing", (header + CODE).replace("\n", end), CLASS)
    assert module == Module("Thing", CODE, CLASS)


@pytest.mark.parametrize("letter", ["漢", "\u0081", "😀"])
@pytest.mark.parametrize("kind", [STANDARD, WORKBOOK])
def test_a_letter_that_vba_cannot_hold_is_refused_by_module_and_line(kind, letter):
    with pytest.raises(
        BookError, match=rf"line 3 of the VBA module Tools holds '{re.escape(repr(letter)[1:-1])}'"
    ):
        vba_project([Module("Tools", f"Option Explicit\n\n' {letter}\n' {letter}", kind)])


@pytest.mark.parametrize("name", ["", "1st", "a b", "N" * 32, "é", "_a"])
def test_a_name_that_vba_does_not_take_is_refused(name):
    with pytest.raises(AssertionError, match="cannot name a module"):
        vba_project([Module(name, "")])


@pytest.mark.parametrize("names", [("Tools", "Tools"), ("Tools", "TOOLS"), ("Tools", "Dir")])
def test_two_modules_cannot_share_a_stream(names):
    with pytest.raises(AssertionError, match="two modules of one name"):
        vba_project([Module(name, "") for name in names])


# ---- compression -----------------------------------------------------------------------------------------


def decompressed(container: bytes) -> bytes:
    """By [MS-OVBA] 2.4.1.3.1 to 2.4.1.3.5 and 2.4.1.3.19, and stricter: nothing may be left over or run on."""
    assert container[0] == 1
    data, at = bytearray(), 1
    while at < len(container):
        (header,) = struct.unpack_from("<H", container, at)
        end = at + (header & 0xFFF) + 3
        assert header >> 12 & 7 == 3 and end <= len(container)
        chunk = container[at + 2 : end]
        data += _of_tokens(chunk) if header >> 15 else chunk
        assert len(data) % 4096 == 0 or end == len(container)
        at = end
    return bytes(data)


def _of_tokens(chunk: bytes) -> bytes:
    data, at = bytearray(), 0
    while at < len(chunk):
        flags, at = chunk[at], at + 1
        for bit in range(8):
            if at == len(chunk):
                assert flags >> bit == 0
                break
            if flags >> bit & 1:
                (token,) = struct.unpack_from("<H", chunk, at)
                bits = next(bits for bits in range(4, 13) if len(data) <= 1 << bits)
                offset, length = (token >> 16 - bits) + 1, (token & 0xFFFF >> bits) + 3
                assert offset <= len(data)
                for _ in range(length):
                    data.append(data[-offset])
                at += 2
            else:
                data.append(chunk[at])
                at += 1
    assert len(data) <= 4096
    return bytes(data)


# [MS-OVBA] 3.2: nothing to repeat, some repetitions, one as long as can be.
EXAMPLES = [
    (
        "abcdefghijklmnopqrstuv.",
        "01 19 B0 00 61 62 63 64 65 66 67 68 00 69 6A 6B 6C 6D 6E 6F 70 00 71 72 73 74 75 76 2E",
    ),
    (
        "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
        "01 2F B0 00 23 61 61 61 62 63 64 65 82 66 00 70 61 67 68 69 6A 01 38 08 61 6B 6C 00 30 6D 6E 6F 70 06 71"
        " 02 70 04 10 72 73 74 75 76 10 77 78 79 7A 00 3C",
    ),
    ("a" * 73, "01 03 B0 02 61 45 00"),
]


@pytest.mark.parametrize(("text", "container"), EXAMPLES)
def test_the_specifications_examples_decompress_and_ours_are_no_longer(text, container):
    container = bytes.fromhex(container)
    assert decompressed(container) == text.encode()
    assert decompressed(compressed(text.encode())) == text.encode()
    assert len(compressed(text.encode())) <= len(container)


def repetitive(seed: int, length: int, letters: int) -> bytes:
    """Bytes of a few letters, with repetitions of all lengths at all distances."""
    chance, data = random.Random(seed), bytearray()
    while len(data) < length:
        if data and chance.random() < 0.5:
            start = chance.randrange(len(data))
            data += data[start : start + chance.randrange(1, 200)]
        else:
            data += bytes(chance.choices(range(letters), k=chance.randrange(1, 20)))
    return bytes(data[:length])


@given(
    st.binary(max_size=3000)
    | st.builds(repetitive, st.integers(0, 1000), st.integers(0, 20_000), st.integers(1, 256))
)
def test_two_decompressors_agree_on_what_was_compressed(data):
    container = compressed(data)
    assert decompressed(container) == data
    if data:  # of an empty container oletools asks for a chunk
        assert decompress_stream(container) == data


@pytest.mark.parametrize(
    "length", [1, 2, 3, 4, 15, 16, 17, 18, 32, 33, 2048, 2049, 4095, 4096, 4097, 8191, 8192]
)
@pytest.mark.parametrize("letters", [1, 2, 3])
def test_a_chunk_may_end_anywhere(length, letters):
    data = (bytes(range(letters)) * length)[:length]
    assert decompressed(compressed(data)) == decompress_stream(compressed(data)) == data


def test_a_chunk_that_does_not_get_shorter_stands_as_it_is():
    data = random.Random(0).randbytes(8192)
    container = compressed(data)
    assert len(container) == 1 + 2 * (2 + 4096)
    assert decompressed(container) == decompress_stream(container) == data


# ---- protection and identity -----------------------------------------------------------------------------


def decrypted(text: str, identity: str) -> bytes:
    """The data of CMG, DPB or GC, by [MS-OVBA] 2.4.3.3."""
    seed, version, key, *rest = bytes.fromhex(text)
    assert seed ^ version == 2
    assert seed ^ key == sum(identity.encode()) & 0xFF
    plain, previous, before, decoded = seed ^ key, key, version, []
    for byte in rest:
        plain = byte ^ (before + plain & 0xFF)
        before, previous = previous, byte
        decoded.append(plain)
    data = bytes(decoded[(seed & 6) // 2 :])
    (length,) = struct.unpack_from("<I", data)
    assert len(data) == 4 + length
    return data[4:]


def protection(project: str) -> dict[str, bytes]:
    (identity,) = re.findall(r'^ID="(\{.*\})"', project)
    return {
        key: decrypted(text, identity) for key, text in re.findall(r'^(CMG|DPB|GC)="(\w+)"', project, re.M)
    }


# [MS-OVBA] 3.1.6, a project of the same state: not protected, no password, visible.
EXAMPLE = 'ID="{917DED54-440B-4FD1-A5C1-74ACF261E600}"\r\nCMG="0705D8E3D8EDDBF1DBF1DBF1DBF1"\r\nDPB="0E0CD1ECDFF4E7F5E7F5E7"\r\nGC="1517CAF1D6F9D7F9D706"\r\n'


def test_the_project_is_open_to_be_seen_and_changed():
    open_to_all = {"CMG": bytes(4), "DPB": b"\0", "GC": b"\xff"}
    assert protection(EXAMPLE) == open_to_all
    for code in "abcdefgh":  # seeds and identities differ
        project = stream(vba_project([Module("Tools", f"' {code}")]), "PROJECT").decode("cp1252")
        assert protection(project) == open_to_all


def test_other_modules_are_another_project():
    first, again, other = (
        re.match(rb'ID="(.*?)"', stream(vba_project([Module("Tools", code)]), "PROJECT"))[1] for code in "aab"
    )
    assert first == again != other
    assert re.fullmatch(rb"\{[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}\}", first)


def test_the_project_lists_its_modules_by_kind():
    project = vba_project(CASES["a module of every kind"])
    lines = stream(project, "PROJECT").decode("cp1252").split("\r\n")
    listed = ["Document=ThisWorkbook/&H00000000", "Document=Sheet1/&H00000000", "Module=Tools", "Class=Thing"]
    assert lines[1:5] == listed
    assert stream(project, "PROJECTwm") == b"".join(
        name + b"\0" + name.decode().encode("utf-16-le") + b"\0\0"
        for name in (b"ThisWorkbook", b"Sheet1", b"Tools", b"Thing")
    ) + bytes(2)
    assert stream(project, "VBA", "_VBA_PROJECT") == bytes.fromhex("CC61FFFF000000")  # 2.3.4.1


def records(data: bytes):
    """(id, content) of the dir stream's records ([MS-OVBA] 2.3.4.2)."""
    at = 0
    while at < len(data):
        number, size = struct.unpack_from("<HI", data, at)
        size = 6 if number == 0x0009 else size  # PROJECTVERSION: that field is reserved
        yield number, data[at + 6 : at + 6 + size]
        at += 6 + size
    assert at == len(data)


OF_A_MODULE = [0x19, 0x47, 0x1A, 0x32, 0x1C, 0x48, 0x31, 0x1E, 0x2C]


def test_the_dir_stream_has_the_records_in_the_order_asked_for():
    modules = CASES["a module of every kind"]
    found = list(records(decompressed(stream(vba_project(modules), "VBA", "dir"))))
    information = [0x01, 0x02, 0x14, 0x03, 0x04, 0x05, 0x40, 0x06, 0x3D, 0x07, 0x08, 0x09, 0x0C, 0x3C]
    references = [0x16, 0x3E, 0x0D] * 2
    kinds = [[*OF_A_MODULE, 0x21 if m.kind == STANDARD else 0x22, 0x2B] for m in modules]
    assert [n for n, _ in found] == [*information, *references, 0x0F, 0x13, *sum(kinds, []), 0x10]
    assert [text.decode() for n, text in found if n == 0x1A] == [module.name for module in modules]
    assert dict(found)[0x0F] == struct.pack("<H", len(modules))
    assert dict(found)[0x03] == struct.pack("<H", 1252)
