"""Excel's category Text, regular expressions: REGEXTEST, REGEXEXTRACT and REGEXREPLACE.

Excel's are those of PCRE2, Python's are nearly so: what the two read differently is written anew or refused
by name, and so is what would take Python long.
"""

import math
import re
from functools import lru_cache

from xlcicf.formula.coercion import no_error, number_of, text_of, within_limits
from xlcicf.formula.context import Fails, Misused
from xlcicf.formula.functions.table import making_arrays, of_constants
from xlcicf.formula.plain import Cells
from xlcicf.formula.snapshot import ExcelError

MOST_STEPS = 3e9  # that looking through a text may take, at worst
LONGEST_AT_NESTED = 24  # letters of a text in which repeats of repeats are looked for

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
_PIECE = re.compile(
    r"\\(?P<escaped>.)|\[:(?P<posix>\w+):\]|(?P<opens>\[\^?\]?)|(?P<closes>\])|(?P<named>\(\?<(?![=!]))|.",
    re.DOTALL,
)
_UNLIKE = "vuUN"  # letters that mean another thing behind a backslash in Python
_REPEAT = re.compile(r"\*|\+|\{\d*,\d*\}")


def _as_python(pattern: str) -> str:
    """The same pattern in Python's words. Raises Misused for what has none."""
    out, in_class = [], False
    for piece in _PIECE.finditer(pattern):
        text, escaped = piece[0], piece["escaped"]
        if escaped is not None and escaped in _UNLIKE:
            raise Misused(f"looks for {text}, which is not computed")
        if piece["posix"]:
            if not in_class or piece["posix"] not in _POSIX:
                raise Misused(f"looks for {text}, which is not computed")
            text = _POSIX[piece["posix"]]
        elif text == r"\z":
            text = r"\Z"
        elif text == r"\Z":
            text = r"(?=\n?\Z)"
        elif piece["opens"]:
            text = (r"\[" + text[1:].replace("^", r"\^")) if in_class else text
            in_class = True
        elif piece["closes"]:
            in_class = False
        elif piece["named"] and not in_class:
            text = "(?P<"
        out.append(text)
    return "".join(out)


_WRONG_IN_BOTH = (
    "missing ), unterminated subpattern",
    "unbalanced parenthesis",
    "unterminated character set",
    "bad escape (end of pattern)",
    "bad character range",
)


def _is_wrong_in_both(error: re.error) -> bool:
    """Whether PCRE2 knows no such pattern either: most that Python cannot read is one there."""
    before = str(error.pattern or "")[: error.pos or 0]
    repeats_nothing = error.msg == "nothing to repeat" and (not before or before[-1] in "(|")
    return error.msg.startswith(_WRONG_IN_BOTH) or repeats_nothing and not before.endswith(("\\(", "\\|"))


@lru_cache(256)
def _compiled(pattern: str, ignoring_case: bool) -> re.Pattern:
    if re.search(r"\{,\d*\}", pattern):
        raise Misused("repeats without a least number, which is not computed")
    try:
        return re.compile(_as_python(pattern), re.IGNORECASE if ignoring_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        if isinstance(error, re.error) and _is_wrong_in_both(error):
            raise Fails("#VALUE!", f"looks for {pattern[:40]!r}, which is no pattern: {error.msg}") from error
        raise Misused(f"looks for the pattern {pattern!r}, which is not computed: {error}") from error


def _looking(pattern: object, case: object, text: str) -> re.Pattern:
    """The pattern, for that text. Raises Fails and Misused."""
    asked = math.trunc(number_of(case))
    if asked not in (0, 1):
        raise Fails("#VALUE!", "knows the ways 0 and 1 of taking letters' case")
    written = text_of(pattern)
    found = _compiled(written, asked == 1)
    bare = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "x", written, flags=re.DOTALL)
    if len(text) ** (len(_REPEAT.findall(bare)) + 1) > MOST_STEPS:
        raise Misused("has too many repeats for so long a text; use a simpler pattern")
    if len(text) > LONGEST_AT_NESTED and _has_nested_repeats(bare):
        raise Misused("repeats what repeats, which may take long; use a simpler pattern")
    return found


def _has_nested_repeats(bare: str) -> bool:
    """Whether a group that has a repeat without an end, or alternatives, is repeated without an end."""
    inside = [False]
    for at, letter in enumerate(bare):
        if letter == "(":
            inside.append(False)
        elif letter == ")" and len(inside) > 1:
            held = inside.pop()
            repeated = _REPEAT.match(bare, at + 1) is not None
            if held and repeated:
                return True
            inside[-1] |= held or repeated
        elif letter == "|" or _REPEAT.match(bare, at):
            inside[-1] = True
    return False


@of_constants(
    "REGEXTEST",
    'IF(REGEXTEST("alfalfa","a.f"),~2,~3)',
    'IF(REGEXTEST(~12,"^\\d+$"),~2,~3)',
    'IF(REGEXTEST("Alfalfa","^al",1),~2,~3)',
    arity=(2, 3),
    arrays=lambda i: False,
)
def regex_test(text, pattern, case=0.0):
    return _looking(pattern, case, text_of(text)).search(text_of(text)) is not None


@making_arrays(
    "REGEXEXTRACT",
    'REGEXEXTRACT("a12b3","[0-9]+")&REGEXEXTRACT(~12,"2")',
    'ARRAYTOTEXT(REGEXEXTRACT("DylanWilliams","[A-Z][a-z]+",1))&REGEXEXTRACT(~12,"2")',
    'ARRAYTOTEXT(REGEXEXTRACT("x=12","(\\w)=(\\d+)",2))&REGEXEXTRACT(~12,"2")',
    'REGEXEXTRACT("abC","c",0,1)&REGEXEXTRACT(~12,"2")',
    arity=(2, 4),
)
def regex_extract(texts: Cells, patterns: Cells, mode: Cells | None = None, case: Cells | None = None):
    """The first match; with 1 all of them, and with 2 the groups of the first, in a row. Of several texts the
    first match of each."""
    way = math.trunc(number_of(_single(mode)))
    if way not in (0, 1, 2):
        raise Fails("#VALUE!", "knows the ways 0, 1 and 2 of extracting")

    def matches(text: object) -> list[re.Match]:
        written = text_of(no_error(text))
        found = list(_looking(_single(patterns), _single(case), written).finditer(written))
        if not found:
            raise Fails("#N/A", "finds nothing of that pattern")
        return found

    def first_of(text: object) -> object:
        try:
            return matches(text)[0][0]
        except Fails as failed:
            return ExcelError(failed.code)

    if len(texts) > 1:
        if way:
            raise Misused("extracts arrays of several texts; write a formula for each")
        firsts, width = [*map(first_of, texts.values)], texts.size[1]
        return [firsts[at : at + width] for at in range(0, len(firsts), width)]
    found = matches(texts.values[0])
    if way == 1:
        return [[match[0] for match in found]]
    if way == 2:
        if not found[0].groups():
            raise Fails("#N/A", "extracts groups that the pattern has not")
        return [[group or "" for group in found[0].groups()]]
    return [[found[0][0]]]


def _single(cells: Cells | None) -> object:
    if cells is None:
        return 0.0
    if len(cells) > 1:
        raise Misused("takes one pattern, and one way, at a time; write a formula for each")
    return no_error(cells.values[0])


@of_constants(
    "REGEXREPLACE",
    'REGEXREPLACE("a1b22","[0-9]+","#")&REGEXREPLACE(~12,"2",3)',
    'REGEXREPLACE("a1b22","[0-9]+","#",2)&REGEXREPLACE(~12,"2",3,-1)',
    'REGEXREPLACE("Sonia Ray","(\\w+) (\\w+)","$2, $1")&REGEXREPLACE(~12,"2",3)',
    'REGEXREPLACE("aBb","b","-",0,1)&REGEXREPLACE(~12,"2",3)',
    arity=(3, 5),
    arrays=lambda i: False,
)
def regex_replace(text, pattern, replacement, occurrence=0.0, case=0.0):
    """All occurrences, or that of a number, from the end where it is below 0."""
    written, new, which = text_of(text), text_of(replacement), math.trunc(number_of(occurrence))
    found = list(_looking(pattern, case, written).finditer(written))
    if which:
        at = which - 1 if which > 0 else len(found) + which
        found = [found[at]] if 0 <= at < len(found) else []
    out, end = [], 0
    for match in found:
        out += [written[end : match.start()], _filled(new, match)]
        end = match.end()
    return within_limits("".join([*out, written[end:]]))


_GROUP = re.compile(r"\$(?:\$|(\d+)|(\w+)|\{(\w+)\})|\$|\\")


def _filled(replacement: str, match: re.Match) -> str:
    """The replacement with the match's groups in the places of $1, ${1} and ${name}."""

    def group(found: re.Match) -> str:
        if found[0] == "$$":
            return "$"
        if found[0] in ("$", "\\"):
            raise Misused(f"replaces by a text with a lone {found[0]}, which is not computed")
        name = next(part for part in found.groups() if part is not None)
        try:
            return match[int(name) if name.isdigit() else name] or ""
        except IndexError:
            raise Fails("#VALUE!", f"replaces by the group {name}, which the pattern has not") from None

    return _GROUP.sub(group, replacement)
