"""vbaProject.bin from source text: modules in the container that Excel compiles them from ([MS-OVBA])."""

import hashlib
import re
import struct
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from xlcicf.addin.cfb import compound_file
from xlcicf.errors import BookError

CODE_PAGE = 1252
ENCODING = "cp1252"

STANDARD, CLASS, WORKBOOK, SHEET = "standard", "class", "workbook", "sheet"
_BASES = {
    CLASS: "0{FCFB3D2A-A0FA-1068-A738-08002B3371B5}",
    WORKBOOK: "0{00020819-0000-0000-C000-000000000046}",
    SHEET: "0{00020820-0000-0000-C000-000000000046}",
}
_ATTRIBUTES = "GlobalNameSpace Creatable PredeclaredId Exposed TemplateDerived Customizable".split()
_TRUE = {CLASS: (), WORKBOOK: ("PredeclaredId", "Exposed", "Customizable")}
_TRUE[SHEET] = _TRUE[WORKBOOK]

# The libraries that the modules name types of: OLE Automation, and Office's, which holds IRibbonControl.
_REFERENCES = {
    "stdole": r"*\G{00020430-0000-0000-C000-000000000046}#2.0#0#stdole2.tlb#OLE Automation",
    "Office": r"*\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#MSO.DLL#Microsoft Office Object Library",
}

_EXPORTED = re.compile(r"\A(?:VERSION [^\n]*\nBEGIN\n.*?\nEND\n)?(?:Attribute VB_[^\n]*\n)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


@dataclass(frozen=True)
class Module:
    """VBA source text, without its Attribute lines. `kind` is STANDARD, CLASS, WORKBOOK or SHEET."""

    name: str
    code: str
    kind: str = STANDARD

    @classmethod
    def exported(cls, name: str, text: str, kind: str) -> "Module":
        """A module from an exported file (.bas, .cls), whose header is left out."""
        return cls(name, _EXPORTED.sub("", text.replace("\r\n", "\n"), count=1), kind)

    @property
    def source(self) -> str:
        """What stands in the file: attributes and code, lines ended as in DOS."""
        lines = [f'Attribute VB_Name = "{self.name}"']
        if self.kind != STANDARD:
            lines.append(f'Attribute VB_Base = "{_BASES[self.kind]}"')
            lines += [
                f"Attribute VB_{attribute} = {attribute in _TRUE[self.kind]}" for attribute in _ATTRIBUTES
            ]
        text = "\n".join([*lines, self.code.replace("\r\n", "\n")])
        return text.replace("\n", "\r\n")

    def encoded(self) -> bytes:
        """Raises BookError, naming the line, for a letter that no VBA module can hold."""
        assert _NAME.fullmatch(self.name), f"{self.name!r} cannot name a module"
        try:
            self.code.encode(ENCODING)
        except UnicodeEncodeError as error:
            line = self.code.count("\n", 0, error.start) + 1  # as VBA's editor counts, which hides attributes
            letter = self.code[error.start]
            raise BookError(
                f"line {line} of the VBA module {self.name} holds {letter!r}, which VBA cannot; leave it out"
            ) from error
        return self.source.encode(ENCODING)


def vba_project(modules: Iterable[Module], name: str = "xlcicf") -> bytes:
    """The bytes of vbaProject.bin; the same modules give the same bytes. Raises as `Module.encoded` does."""
    modules = list(modules)
    sources = {module.name: module.encoded() for module in modules}
    names = {module.name.lower() for module in modules} - {"dir"}  # that stream is not a module's
    assert len(names) == len(modules), "two modules of one name"
    streams = {module: compressed(source) for module, source in sources.items()}
    return compound_file(
        {
            "VBA": {
                **streams,
                "_VBA_PROJECT": bytes.fromhex("CC61FFFF000000"),  # nothing compiled: Excel does that
                "dir": compressed(_dir(modules, name)),
            },
            "PROJECT": _project(modules, name, sources).encode(ENCODING),
            "PROJECTwm": _names(modules),
        }
    )


# --- the dir stream (2.3.4.2) ---------------------------------------------------------------------------


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HI", number, len(data)) + data


def _text(number: int, number_of_unicode: int, text: str) -> bytes:
    """A text twice, in the code page and in UTF-16."""
    return _record(number, text.encode(ENCODING)) + _record(number_of_unicode, text.encode("utf-16-le"))


def _long(number: int, value: int) -> bytes:
    return _record(number, struct.pack("<I", value))


def _short(number: int, value: int) -> bytes:
    return _record(number, struct.pack("<H", value))


def _dir(modules: list[Module], name: str) -> bytes:
    information = (
        _long(0x0001, 3)  # of a 64-bit Windows; others read it as well
        + _long(0x0002, 0x0409)  # the language, for text and for calls
        + _long(0x0014, 0x0409)
        + _short(0x0003, CODE_PAGE)
        + _record(0x0004, name.encode(ENCODING))
        + _text(0x0005, 0x0040, "")  # description
        + _text(0x0006, 0x003D, "")  # help file
        + _long(0x0007, 0)
        + _long(0x0008, 0)
        + struct.pack("<HIIH", 0x0009, 4, 1, 1)  # version 1.1
        + _text(0x000C, 0x003C, "")  # constants
    )
    references = b"".join(_reference(*reference) for reference in _REFERENCES.items())
    count = _short(0x000F, len(modules)) + _short(0x0013, 0xFFFF)
    return information + references + count + b"".join(map(_module, modules)) + _record(0x0010, b"")


def _reference(name: str, library: str) -> bytes:
    libid = library.encode(ENCODING)
    return _text(0x0016, 0x003E, name) + _record(
        0x000D, struct.pack("<I", len(libid)) + libid + struct.pack("<IH", 0, 0)
    )


def _module(module: Module) -> bytes:
    return (
        _text(0x0019, 0x0047, module.name)
        + _text(0x001A, 0x0032, module.name)  # its stream
        + _text(0x001C, 0x0048, "")
        + _long(0x0031, 0)  # the source begins at once: nothing is compiled
        + _long(0x001E, 0)
        + _short(0x002C, 0xFFFF)
        + _record(0x0021 if module.kind == STANDARD else 0x0022, b"")
        + _record(0x002B, b"")
    )


# --- PROJECT and PROJECTwm (2.3.1, 2.3.3) ---------------------------------------------------------------


def _project(modules: list[Module], name: str, sources: dict[str, bytes]) -> str:
    kinds = {STANDARD: "Module={}", CLASS: "Class={}"}
    declared = [kinds.get(m.kind, "Document={}/&H00000000").format(m.name) for m in modules]
    digest = hashlib.sha256(b"\0".join(sources.values())).digest()
    identity = "{" + str(uuid.UUID(bytes=digest[:16], version=4)).upper() + "}"
    lines = [
        f'ID="{identity}"',
        *declared,
        f'Name="{name}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{_encrypted(digest[16], identity, bytes(4))}"',  # not protected
        f'DPB="{_encrypted(digest[17], identity, bytes(1))}"',  # no password
        f'GC="{_encrypted(digest[18], identity, bytes([0xFF]))}"',  # visible
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
        "",
    ]
    return "\r\n".join(lines)


def _names(modules: list[Module]) -> bytes:
    pairs = (m.name.encode(ENCODING) + b"\0" + m.name.encode("utf-16-le") + b"\0\0" for m in modules)
    return b"".join(pairs) + b"\0\0"


def _encrypted(seed: int, identity: str, data: bytes) -> str:
    """Data encryption of 2.4.3.2, in hexadecimal: without it Excel takes the project for damaged."""
    key = sum(identity.encode(ENCODING)) & 0xFF
    out = [seed, seed ^ 2, seed ^ key]  # 2 is the version
    plain = [key]

    def put(byte: int) -> None:
        out.append(byte ^ ((out[-2] + plain[-1]) & 0xFF))
        plain.append(byte)

    for byte in (*bytes((seed & 6) // 2), *struct.pack("<I", len(data)), *data):
        put(byte)
    return bytes(out).hex().upper()


# --- compression (2.4.1) --------------------------------------------------------------------------------

CHUNK = 4096
SHORTEST = 3  # bytes that a copy is worth


def compressed(data: bytes) -> bytes:
    """A compressed container: chunks of 4,096 bytes, in each of which repetitions are told as copies."""
    chunks = (data[i : i + CHUNK] for i in range(0, len(data), CHUNK))
    return b"\x01" + b"".join(map(_chunk, chunks))


def _chunk(data: bytes) -> bytes:
    tokens = _tokens(data)
    if len(tokens) <= CHUNK:
        return struct.pack("<H", 0xB000 | (len(tokens) - 1)) + tokens
    assert len(data) == CHUNK, "only a full chunk may stand as it is; the end of a VBA module gets shorter"
    return struct.pack("<H", 0x3000 | (CHUNK - 1)) + data


def _tokens(data: bytes) -> bytes:
    """Eight tokens behind a byte that says which of them are copies."""
    out, flags, group, number, at = bytearray(), 0, bytearray(), 0, 0
    seen: dict[bytes, list[int]] = defaultdict(list)
    while at < len(data):
        offset, length = _longest(data, at, seen)
        if length:
            flags |= 1 << number
            bits = _offset_bits(at)
            group += struct.pack("<H", (offset - 1) << (16 - bits) | (length - SHORTEST))
        else:
            length = 1
            group.append(data[at])
        for place in range(at, at + length):
            seen[data[place : place + SHORTEST]].append(place)
        at, number = at + length, number + 1
        if number == 8 or at == len(data):
            out.append(flags)
            out += group
            flags, group, number = 0, bytearray(), 0
    return bytes(out)


def _longest(data: bytes, at: int, seen: dict[bytes, list[int]]) -> tuple[int, int]:
    """(how far back, how long) of the longest repetition that begins at `at`; (0, 0) where there is none."""
    limit = min(len(data) - at, (0xFFFF >> _offset_bits(at)) + SHORTEST)
    best = 0, 0
    for place in reversed(seen.get(data[at : at + SHORTEST], ())):
        length = SHORTEST
        while length < limit and data[place + length] == data[at + length]:
            length += 1
        if length > best[1]:
            best = at - place, length
            if length == limit:
                break
    return best


def _offset_bits(at: int) -> int:
    """How many bits of a copy tell how far back it lies: as many as the bytes so far need, at least 4."""
    return max((at - 1).bit_length(), 4)
