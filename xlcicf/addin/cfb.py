"""A compound file, the container of vbaProject.bin: storages and streams in 512-byte sectors ([MS-CFB])."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

SECTOR, MINI_SECTOR = 512, 64
CUTOFF = 4096  # shorter streams lie in the mini stream
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
NONE = 0xFFFFFFFF  # "no entry" of a directory
HEADER_FATS = 109  # sectors of the FAT that the header lists: room for 7 MB
MAX_NAME = 31
NOT_IN_NAMES = frozenset("/\\:!")

STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1

Tree = Mapping[str, "bytes | Tree"]


@dataclass
class _Entry:
    """A line of the directory."""

    name: str
    kind: int
    data: bytes = b""
    colour: int = BLACK
    left: int = NONE
    right: int = NONE
    child: int = NONE
    start: int = END
    children: list[int] = field(default_factory=list)

    @property
    def order(self) -> tuple[int, str]:
        """Shorter names come first, then capitals decide ([MS-CFB] 2.6.4)."""
        return len(self.name), self.name.upper()

    def packed(self, size: int) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        return struct.pack(
            "<64sHBBIII16sIQQIQ",
            name,
            len(name),
            self.kind,
            self.colour,
            self.left,
            self.right,
            self.child,
            bytes(16),
            0,
            0,
            0,
            0 if self.kind == STORAGE else self.start,
            size,
        )


def compound_file(tree: Tree) -> bytes:
    """The bytes of a compound file, version 3: names -> a stream's bytes or a storage's own tree."""
    entries = _directory(tree)
    mini_stream, mini_fat = _mini(entries)
    sectors: list[bytes] = []  # all but those of the FAT
    fat: list[int] = []

    def put(data: bytes) -> int:
        """Chains the sectors of `data`; the number of the first."""
        if not data:
            return END
        first = len(sectors)
        pieces = [data[i : i + SECTOR].ljust(SECTOR, b"\0") for i in range(0, len(data), SECTOR)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), END])
        return first

    for entry in entries:
        if entry.kind == STREAM and len(entry.data) >= CUTOFF:
            entry.start = put(entry.data)
    entries[0].start = put(mini_stream)
    packed = b"".join(
        entry.packed(len(mini_stream) if entry.kind == ROOT else len(entry.data)) for entry in entries
    )
    unused = struct.pack("<64sHBBIII48x", b"", 0, 0, 0, NONE, NONE, NONE)
    packed += unused * (-len(entries) % (SECTOR // len(unused)))
    directory = put(packed)
    mini_fat_start = put(_filled(mini_fat))
    mini_fat_sectors = -(-len(mini_fat) * 4 // SECTOR)

    fats = next(n for n in count(1) if n * (SECTOR // 4) >= len(fat) + n)
    assert fats <= HEADER_FATS, "a VBA project of more than 7 MB"
    numbers = list(range(len(fat), len(fat) + fats))
    fat += [FAT] * fats
    header = (
        struct.pack(
            "<8s16xHHHHH6xIIIIIIIIII",
            bytes.fromhex("D0CF11E0A1B11AE1"),
            0x3E,  # minor and major version
            3,
            0xFFFE,  # little-endian
            9,  # sectors of 2^9 bytes, mini sectors of 2^6
            6,
            0,  # directory sectors: not counted in version 3
            fats,
            directory,
            0,
            CUTOFF,
            mini_fat_start,
            mini_fat_sectors,
            END,  # no further FAT sectors than the header lists
            0,
            numbers[0],
        )
        + struct.pack(f"<{HEADER_FATS - 1}I", *numbers[1:], *[FREE] * (HEADER_FATS - fats))
    )
    return header + b"".join(sectors) + _filled(fat)


def _filled(table: list[int]) -> bytes:
    """A table of sector numbers in whole sectors."""
    spare = [FREE] * (-len(table) % (SECTOR // 4))
    return struct.pack(f"<{len(table) + len(spare)}I", *table, *spare)


def _directory(tree: Tree) -> list[_Entry]:
    """The directory's entries, the root first, siblings linked as red-black trees."""
    entries = [_Entry("Root Entry", ROOT)]
    _add(entries, 0, tree)
    for entry in entries:
        ordered = sorted(entry.children, key=lambda number: entries[number].order)
        assert len({entries[number].order for number in ordered}) == len(ordered), "two siblings of one name"
        entry.child = _linked(entries, ordered, depth=max(len(ordered).bit_length(), 2))
    return entries


def _add(entries: list[_Entry], parent: int, tree: Tree) -> None:
    for name, content in tree.items():
        fits = 0 < len(name) <= MAX_NAME and name.isascii() and NOT_IN_NAMES.isdisjoint(name)
        assert fits, f"{name!r} cannot name a stream here"
        number = len(entries)
        entries[parent].children.append(number)
        if isinstance(content, bytes):
            entries.append(_Entry(name, STREAM, content))
        else:
            entries.append(_Entry(name, STORAGE))
            _add(entries, number, content)


def _linked(entries: list[_Entry], ordered: list[int], depth: int) -> int:
    """A balanced tree of siblings: the nodes of its last level, `depth` 1, are red, all others black.

    A lone node counts as of level 2: the root of a red-black tree is black.
    """
    if not ordered:
        return NONE
    middle = len(ordered) // 2
    entry = entries[ordered[middle]]
    entry.left = _linked(entries, ordered[:middle], depth - 1)
    entry.right = _linked(entries, ordered[middle + 1 :], depth - 1)
    entry.colour = RED if depth == 1 else BLACK
    return ordered[middle]


def _mini(entries: list[_Entry]) -> tuple[bytes, list[int]]:
    """The mini stream, which holds the short streams, and its table of chains."""
    stream, table = b"", []
    for entry in entries:
        if entry.kind == STREAM and 0 < len(entry.data) < CUTOFF:
            entry.start = len(table)
            pieces = -(-len(entry.data) // MINI_SECTOR)
            stream += entry.data.ljust(pieces * MINI_SECTOR, b"\0")
            table += [*range(entry.start + 1, entry.start + pieces), END]
    return stream, table
