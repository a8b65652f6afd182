"""XML in the form that nearly every program writes, read by a pattern: no tree is made of a large part.

A pattern is for XML that expat has found well formed, and it is strict: nothing is passed over. What it does
not know, such as a comment, raises UnusualForm; then the part is read by way of a tree.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from xml.etree import ElementTree

from xlcicf.errors import BookError
from xlcicf.ooxml.xml import local, parse, require_well_formed

ATTRIBUTES = r'(?: [A-Za-z][\w.:-]*="[^"<>&\t\n]*")*'  # in a pattern: those of a tag, as they are read
SPACE = r'(?: xml:space="preserve")?'

_TAG = rf"<((?:[A-Za-z_][\w.-]*:)?)NAME{ATTRIBUTES}>"
_DECLARATION = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml [^<>]*\?>")
_ATTRIBUTE = re.compile(r' ([^=]+)="([^"]*)"')
_CHUNK = 2**20  # bytes


class UnusualForm(Exception):
    """The part is not as a pattern knows it."""


@dataclass(frozen=True)
class Content:
    """What stands between the tags of an element that a part has once, and that has many others in it.

    tag     its start tag
    prefix  of its name, and of those in it: "" or such as "x:"
    around  the tree of the part without its content
    """

    data: bytes
    start: int
    end: int
    tag: str
    prefix: str
    around: ElementTree.Element

    @classmethod
    def of(cls, name: str, data: bytes, part: str) -> "Content":
        """That of the element `name`, the root or right below it. Raises BookError as `parse` does, and
        UnusualForm where its tags may not be what they seem: one might stand in a comment."""
        opened = re.search(_TAG.replace("NAME", name).encode(), data)
        if opened is None:
            raise UnusualForm
        start, end = opened.end(), data.rfind(b"</%b%b>" % (opened[1], name.encode()))
        head, tail = data[:start], data[max(start, end) :]
        if end < start or b"<!" in head + tail or b"<?" in _DECLARATION.sub(b"", head) + tail:
            raise UnusualForm
        require_well_formed(data, part)
        try:
            around = parse(head + tail, part)
        except BookError:  # these two tags do not belong together
            raise UnusualForm from None
        found = [element for element in around.iter() if local(element.tag) == name]
        if len(found) != 1 or found[0] not in (around, *around):
            raise UnusualForm
        return cls(data, start, end, opened[0].decode(), opened[1].decode(), around)

    def found(self, pattern: re.Pattern, item: str) -> Iterator[tuple[str | None, ...]]:
        """The groups of the pattern for all that stands here, as elements `item` follow each other."""
        return map(re.Match.groups, chain.from_iterable(map(pattern.finditer, self.texts(item))))

    def texts(self, item: str) -> Iterator[str]:
        """Some elements `item` at a time, with line ends as XML has them read."""
        at, closed = self.start, f"</{self.prefix}{item}>".encode()
        while at < self.end:
            cut = self.data.find(closed, min(at + _CHUNK, self.end), self.end)
            end = self.end if cut < 0 else cut + len(closed)
            yield self.data[at:end].decode().replace("\r\n", "\n").replace("\r", "\n")
            at = end


def attributes(text: str) -> Mapping[str, str]:
    """What ATTRIBUTES has matched. Raises UnusualForm for a namespace, which holds for the tag as well."""
    found = dict(_ATTRIBUTE.findall(text))
    if any(name.startswith("xmlns") for name in found):
        raise UnusualForm
    return found
