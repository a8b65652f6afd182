"""A formula's text as tokens: operands, operators, brackets, separators and the spaces between them.

One regular expression cuts the text wherever something else may begin; pieces of one operand join up again.
All texts are read, or refused, as openpyxl's Tokenizer does, in a fifth of its time: that goes from letter to
letter.
"""

import re
from functools import lru_cache
from string import ascii_letters

from xlcicf.formula.immutable import immutable

# kinds; a name is a RANGE too
NUMBER, TEXT, LOGICAL, ERROR, RANGE = "number", "text", "logical", "error", "range"
PREFIX, INFIX, PERCENT = "prefix", "infix", "%"
FUNC, PAREN, ARRAY = "function(", "(", "{"
END_OF = {FUNC: "function)", PAREN: ")", ARRAY: "}"}
ARGUMENT, ROW = ",", ";"
SPACE = "space"  # one or more, with a meaning only between references
NO_FORMULA = "no formula"  # a text without "="

OPERANDS = frozenset((NUMBER, TEXT, LOGICAL, ERROR, RANGE))
OPENING, CLOSING = frozenset(END_OF), frozenset(END_OF.values())
SEPARATORS = frozenset((ARGUMENT, ROW))


@immutable
class Token:
    """A piece of a formula: the value is its text."""

    kind: str
    value: str


_PIECE = re.compile(
    r"""[^"'\[#\n +\-*/^&=><%{()};,]+"""
    r'''|"[^"]*+(?:""[^"]*+)*+"'''
    r"|'[^']*+(?:''[^']*+)*+'"
    r"|\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\]"
    r"|\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA)"
    r"|[ \n]+|>=|<=|<>|.",
    re.DOTALL,
)
_BRACKET = re.compile(r"[\[\]]")
_HALF_NUMBER = re.compile(r"[1-9](?:\.[0-9]+)?[Ee]")  # to which a sign belongs
_NO_NUMBER = frozenset("$'") | frozenset(ascii_letters) - frozenset("iInN")  # infinity and nan are numbers

_ENDING = frozenset(",;}) +-*/^&=><%")  # no operand goes on behind one of these
_SPECIAL = _ENDING | frozenset("\"'#\n({")
_BEFORE_INFIX = OPERANDS | CLOSING | {PERCENT}  # behind which + and - are no signs

# The same objects in all formulas, of which most are made.
_ALWAYS = {mark: Token(INFIX, mark) for mark in ("*", "/", "^", "&", "=", ">", "<", ">=", "<=", "<>")}
_ALWAYS |= {"%": Token(PERCENT, "%"), ";": Token(ROW, ";"), "{": Token(ARRAY, "{")}
_SIGNS, _INFIX_SIGNS = ({sign: Token(kind, sign) for sign in "+-"} for kind in (PREFIX, INFIX))
_SPACES = {space: Token(SPACE, space) for space in " \n"}
_UNION, _ARGUMENT = Token(INFIX, ","), Token(ARGUMENT, ",")
_PAREN = Token(PAREN, "(")
_ENDS = {kind: Token(end, end[-1]) for kind, end in END_OF.items()}


def tokens(formula: str) -> list[Token]:
    """The tokens of a formula with its "=". Raises ValueError where they cannot be told."""
    if not formula.startswith("="):
        return [Token(NO_FORMULA, formula)] if formula else []
    found: list[Token] = []
    opened: list[str] = []  # kinds of brackets
    held = ""  # an operand as far as it is read
    for piece in _pieces(formula):
        first = piece[0]
        if first not in _SPECIAL:
            held += piece
            continue
        if held and first in _ENDING:
            if first in _SIGNS and _HALF_NUMBER.fullmatch(held):
                held += piece
                continue
            found.append(_operand(held))
            held = ""
        if first == "(":
            found.append(Token(FUNC, held + "(") if held else _PAREN)
            opened.append(found[-1].kind)
            held = ""
        elif first == ")" or first == "}":
            if not opened or (end := _ENDS[opened.pop()]).value != first:
                raise _unreadable(formula)
            found.append(end)
        elif first == ",":
            found.append(_ARGUMENT if opened and opened[-1] != PAREN else _UNION)
        elif first in _SIGNS:
            found.append((_INFIX_SIGNS if _ends_operand(found) else _SIGNS)[first])
        elif first in _SPACES:
            found.append(_SPACES[first])
        elif first == "'" and len(piece) > 1 and held[-1:] in ("", ":"):
            held += piece
        elif first == '"' and len(piece) > 1 and held[-1:] in ("", ":"):
            found.append(Token(TEXT, piece))
        elif first == "#" and len(piece) > 1 and held[-1:] in ("", "!"):
            found.append(_operand(held + piece))
            held = ""
        elif piece in _ALWAYS and not held:
            found.append(_ALWAYS[piece])
            opened += [ARRAY] * (first == "{")
        else:
            raise _unreadable(formula)
    if held:
        found.append(_operand(held))
    return found


def _unreadable(formula: str) -> ValueError:
    return ValueError(f"{formula!r} cannot be read as a formula")


def _pieces(formula: str) -> list[str]:
    """What stands behind the "=", cut where something else may begin."""
    pieces = _PIECE.findall(formula, 1)
    while "[" in pieces:  # brackets that hold brackets that hold brackets, which only counting closes
        at = pieces.index("[")
        begin = 1 + sum(map(len, pieces[:at]))
        end = _closing(formula, begin)
        pieces[at:] = [formula[begin:end], *_PIECE.findall(formula, end)]
    return pieces


def _closing(formula: str, begin: int) -> int:
    """Where the bracket ends that begins there."""
    depth = 0
    for bracket in _BRACKET.finditer(formula, begin):
        depth += 1 if bracket[0] == "[" else -1
        if depth == 0:
            return bracket.end()
    raise _unreadable(formula)


def _ends_operand(found: list[Token]) -> bool:
    """Whether the last of these that is no space ends an operand: a sign behind it is an operator."""
    last = next((token.kind for token in reversed(found) if token.kind != SPACE), "")
    return last in _BEFORE_INFIX


@lru_cache(maxsize=2**14)
def _operand(text: str) -> Token:
    if text.startswith("#"):
        return Token(ERROR, text)
    if text in ("TRUE", "FALSE"):
        return Token(LOGICAL, text)
    if text[0] in _NO_NUMBER:
        return Token(RANGE, text)
    try:
        float(text)
    except ValueError:
        return Token(RANGE, text)
    return Token(NUMBER, text)
