"""A person's text in Markdown: it reads as it was typed, and is no link, picture, heading or other markup.

Escapes are those of CommonMark and of GitHub's tables, strikethrough and autolinks. They stand only where a
character could mean something, so that the text also reads well in a terminal.
"""

import re

# What readers of Markdown make a link of by itself: https://…, www.…, somebody@…, example.org
_LINKED = re.compile(r"\S*(?://|www\.|@|mailto:|[\w-]\.[^\W\d_]{2,})\S*", re.IGNORECASE)
_CLOSING = ".,;:!?)\"'"  # what ends a sentence rather than an address
_MARKUP = re.compile(
    r"""
      \\ (?= [!-/:-@\[-`{-~] | $ )   # a backslash that would escape, or break a line
    | [`*\[~|]
    | (?<![^\W_]) _ | _ (?![^\W_])   # not within a word, where it means nothing
    | < (?= [A-Za-z/!?] )
    | & (?= \#|[A-Za-z] )
    """,
    re.VERBOSE,
)
_AT_START = re.compile(r"(?:\d{1,9}(?=[.)](?:\s|$)))?(?P<mark>#{1,6}(?=\s|$)|[-+=>:]|(?<=\d)[.)])")


def inert(text: str) -> str:
    """Lines of text as a paragraph of Markdown, a line each."""
    return "  \n".join(_line(line.strip()) for line in text.splitlines())


def inert_cell(text: str) -> str:
    """Text as a cell of a table, on one line."""
    return _line(" ".join(text.split()), is_cell=True)


def _line(text: str, is_cell: bool = False) -> str:
    parts, at = [], 0
    for found in _LINKED.finditer(text):
        address = found[0].rstrip(_CLOSING)
        parts += [_escaped(text[at : found.start()]), _code(address, is_cell)]
        at = found.start() + len(address)
    line = "".join([*parts, _escaped(text[at:])])
    if opening := _AT_START.match(line):
        line = line[: opening.start("mark")] + "\\" + line[opening.start("mark") :]
    return line


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", text)


def _code(text: str, is_cell: bool) -> str:
    """As code, which nothing is read into."""
    if is_cell:
        text = text.replace("|", "\\|")  # a table is cut into cells first
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    inner = f" {text} " if longest else text
    return f"{fence}{inner}{fence}"
