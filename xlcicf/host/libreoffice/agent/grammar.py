"""Formula text between Calc's API grammar, =SUM($Net.C5;{1|2}), and that of .xlsx files, =SUM(Net!C5,{1;2}).

What a function is called in either, LibreOffice says itself (`names_by`). What the other grammar has no words
for, such as a reference into another file, stays as it is written; its reader will name it.
"""

import re

TEXT = r'"(?:[^"]|"")*"'
QUOTED = r"'(?:[^']|'')*'"
BRACKETS = r"\[(?:'.|[^\[\]']|\[(?:'.|[^\[\]'])*\])*\]"  # of a structured reference, in which ' escapes
ERROR = r"#(?:N/A|DIV/0!|[A-Z_]+[!?])"
NUMBER = r"(?<![\w.$])(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?(?![\w.])"
CALLED = r"[^\W\d][\w.]*(?=\()"
WORD = r"[^\W\d][\w.?\\]*"
ROW, COL = r"\$?[1-9]\d*", r"\$?[A-Z]{1,3}"
CELL = COL + ROW

# Calc's references: a dot behind the sheet; a deleted row, column or sheet is #REF! in its place.
LOST = r"\$?(?:[A-Z]{1,3}\$?#REF!|#REF!\$?[1-9]\d*|#REF!\$?#REF!)"
CALC_SHEET = rf"\$?(?:{QUOTED}|#REF!|[^\W\d]\w*)\."
CALC_CELL = rf"(?:{LOST}|{CELL}|#REF!)(?![\w(.])"
CALC_FIRST = rf"(?:{CALC_CELL}|(?:{COL}|{ROW})(?=:))"
CALC_LAST = rf"(?:{CALC_CELL}|(?:{COL}|{ROW})(?![\w(.]))"
FROM_CALC = re.compile(
    "|".join(
        (
            rf"(?P<text>{TEXT})",
            rf"(?P<file>{QUOTED}#)",
            rf"(?P<unknown>{QUOTED}!)",
            rf"(?P<columns>{BRACKETS})",
            rf"(?P<sheet>{CALC_SHEET})(?P<first>{CALC_FIRST})(?::(?P<other>{CALC_SHEET})?(?P<last>{CALC_LAST}))?",
            rf"(?P<owner>\$?{QUOTED}\.|\$[^\W\d]\w*\.)(?=[^\W\d])",
            rf"(?P<lost>{LOST}(?::(?:{LOST}|{CELL}))?|{CELL}:{LOST})",
            rf"(?P<error>{ERROR})",
            r"(?P<truth>(?:TRUE|FALSE)\(\))",
            rf"(?P<called>{CALLED})",
            rf"(?P<number>{NUMBER})",
            rf"(?P<word>{WORD})",
            r"(?P<sign>[;|~!])",
        )
    )
)
SIGNS_IN_EXCEL = {";": ",", "|": ";", "~": ",", "!": " "}
PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
LIKE_A_CELL = re.compile(r"[A-Z]{1,3}\d+|R\d*(?:C\d*)?|C\d*", re.IGNORECASE)  # needs quotes before a !

# Excel's: an exclamation mark behind the sheet, or behind the first and the last of several.
ANY_COL = r"\$?[A-Za-z]{1,3}"
ANY_CELL = ANY_COL + ROW
EXCEL_AREA = (
    rf"(?P<first>{ANY_CELL}|(?:{ANY_COL}|{ROW})(?=:))(?::(?P<last>{ANY_CELL}|{ANY_COL}|{ROW}))?(?![\w(.!])"
)
FROM_EXCEL = re.compile(
    "|".join(
        (
            rf"(?P<text>{TEXT})",
            rf"(?P<error>{ERROR})",
            r"(?P<file>'(?:[^'\[]|'')*\[(?:[^'\]]|'')*\](?:[^']|'')*'!|\[[^\[\]]+\][^\[\]'!,;() ]*!)",
            rf"(?P<sheet>(?:{QUOTED}|[^\W\d][\w.]*(?::[^\W\d][\w.]*)?)!)(?:{EXCEL_AREA})?",
            rf"(?P<columns>{BRACKETS})",
            rf"(?P<called>{CALLED})",
            rf"(?P<number>{NUMBER})",
            rf"(?P<word>{WORD})",
            r"(?P<space>\s+)",
            r"(?P<sign>[,;{}()@])",
        )
    )
)
ENDS_OPERAND, STARTS_OPERAND = re.compile(r"[\w)\]!?.]"), re.compile(r"[\w(\[$'#]")

# Numbers of rows, by which alone the formulas of a filled column differ.
ROWS = re.compile(r"(?<=[A-Z$])([1-9]\d*)(?![\w.(!])")
MARK, MARKS = "9%05d", re.compile(r"9\d{5}(?!\d)")


class Grammar:
    """Both ways.

    to_excel, to_office  names of functions in capitals, see `names_by`
    """

    def __init__(self, to_excel, to_office):
        self._functions_in_excel, self._functions_in_office = to_excel, to_office
        self._in_excel, self._in_office = _Forms(self._from_calc), _Forms(self._from_excel)
        self._owned = frozenset()

    def in_book(self, owned):
        """What comes is of a book whose sheets have these names of their own, {"net.rate"}, in small letters.
        A name of the whole book may have a dot too, as train.lr has."""
        if owned != self._owned:
            self._owned, self._in_excel = owned, _Forms(self._from_calc)

    def to_excel(self, text):
        """A formula, or what a name refers to, as an .xlsx file has it."""
        return self._in_excel.translated(text)

    def to_office(self, text):
        """A formula as `setFormula` and `setFormulaArray` take it."""
        return self._in_office.translated(text)

    def _from_calc(self, text):
        if "'#" in text and any(found.lastgroup == "file" for found in FROM_CALC.finditer(text)):
            return text
        return FROM_CALC.sub(self._piece_from_calc, text)

    def _piece_from_calc(self, found: "re.Match[str]") -> str:
        kind, whole = found.lastgroup, found.group()
        if kind in ("first", "last"):
            return _excel_reference(*found.group("sheet", "first", "other", "last"))
        if kind == "owner":
            return _in_front(whole) + "!"
        if kind == "word" and whole.lower() in self._owned:
            return whole.replace(".", "!", 1)
        if kind == "lost":
            return "#REF!"
        if kind == "truth":
            return whole[:-2]
        if kind == "called":
            return self._functions_in_excel.get(whole.upper()) or _in_capitals(whole)
        if kind == "columns":
            return whole.replace("];[", "],[")
        return SIGNS_IN_EXCEL.get(whole, whole)

    def _from_excel(self, text):
        if "]" in text and any(found.lastgroup == "file" for found in FROM_EXCEL.finditer(text)):
            return text
        return FROM_EXCEL.sub(_FromExcel(self._functions_in_office).piece, text)


class _Forms:
    """Translations, each made once for all formulas that differ in the numbers of rows only."""

    KEPT = 100_000

    def __init__(self, translate):
        self.translate, self.forms = translate, {}

    def translated(self, text):
        pieces = [text] if '"' in text or "'" in text else ROWS.split(text)
        form = tuple(pieces[::2])
        if form not in self.forms:
            if len(self.forms) >= self.KEPT:
                self.forms.clear()
            self.forms[form] = self._with_gaps(form)
        gaps = self.forms[form]
        return self.translate(text) if gaps is None else gaps % tuple(pieces[1::2])

    def _with_gaps(self, form):
        """The translation of all but the rows' numbers; None where these do not stay as they are."""
        marked = form[0] + "".join(MARK % at + piece for at, piece in enumerate(form[1:]))
        found = self.translate(marked)
        if MARKS.findall(found) != [MARK % at for at in range(len(form) - 1)]:
            return None
        return MARKS.sub("%s", found.replace("%", "%%"))


class _FromExcel:
    """A formula on the way to Calc's: which brackets are open tells what a comma is."""

    def __init__(self, functions):
        self.functions, self.opened, self.after_name = functions, [], False

    def piece(self, found: "re.Match[str]") -> str:
        kind, whole = found.lastgroup, found.group()
        after_name, self.after_name = self.after_name, kind == "called"
        if kind in ("sheet", "first", "last"):
            return _calc_reference(*found.group("sheet", "first", "last"))
        if kind == "called":
            return self.functions.get(whole.upper(), whole)
        if kind == "columns":
            return whole.replace("],[", "];[")
        if kind == "word" and whole.upper() in ("TRUE", "FALSE") and self.opened[-1:] != ["{"]:
            return whole + "()"  # without brackets it would become 1 or 0
        if kind == "space":
            return "!" if _intersect(found) else whole
        if kind == "sign":
            return self.sign(whole, after_name)
        return whole

    def sign(self, sign, after_name):
        if sign in "({":
            self.opened.append("call" if after_name else sign)
        elif sign in ")}":
            del self.opened[-1:]
        elif self.opened[-1:] == ["{"]:
            return {",": ";", ";": "|"}.get(sign, sign)
        elif sign == ",":
            return ";" if self.opened[-1:] == ["call"] else "~"
        elif sign == "@":
            return ""  # Calc takes the one cell of a range anyway where no array is asked for
        return sign


def names_by(calc, excel, external, ours):
    """(to_excel, to_office) for a Grammar: every function in one grammar -> in the other.

    calc, excel  (opcode, an add-in's function, name) for each name in the two grammars
    external     the opcode that all functions of add-ins share
    ours         such an add-in's function, as "org.xlcicf.AddIn.nnRelu" -> "NN_RELU"
    """
    own = {code: name for code, _, name in calc if code != external and name[:1].isalpha()}
    to_excel, to_office = {}, {}
    for code, _, name in excel:
        if code in own:
            to_excel[own[code]] = name
            if (
                name.upper() not in to_office or _bare(name) == own[code]
            ):  # one of Calc's is called as two of Excel's
                to_office[name.upper()] = own[code]
    added = {
        function: name for code, function, name in excel if code == external and name != function.upper()
    }
    for function, name in dict(added, **ours).items():
        to_excel[function.upper()] = name
        to_office[name.upper()] = function.upper()
    for name in list(to_office):  # a person may leave the prefix out
        to_office.setdefault(_bare(name), to_office[name])
    return to_excel, to_office


def _bare(function):
    return function.upper().replace("_XLFN.", "").replace("_XLWS.", "")


def _in_capitals(function):
    """One that Calc does not know, and so has in small letters."""
    for prefix in ("_xlfn.", "_xlws."):
        if function.lower().startswith(prefix):
            return prefix + _in_capitals(function[len(prefix) :])
    return function.upper()


def _excel_reference(sheet, first, other, last):
    if any("#REF!" in (part or "") for part in (sheet, first, other, last)):
        return "#REF!"
    sheet, other = _in_front(sheet), other and _in_front(other)
    if other in (None, sheet):
        return f"{sheet}!{first}" + (f":{last}" if last else "")
    both = f"{_unquoted(sheet)}:{_unquoted(other)}"
    if "'" in sheet + other:
        both = _quoted(both)
    return f"{both}!{first}" + (f":{last}" if last != first else "")


def _calc_reference(sheet, first, last):
    start, colon, end = _unquoted(sheet[:-1]).partition(":")
    if colon and first is None:
        return sheet  # Calc has no name of several sheets
    if "'" in sheet or not PLAIN_SHEET.fullmatch(start):
        start, end = _quoted(start), _quoted(end)
    if first is None:  # a name of the sheet's own
        return f"${start}."
    if colon:
        return f"${start}.{first}:${end}.{last or first}"
    return f"${start}.{first}" + (f":{last}" if last else "")


def _in_front(sheet):
    """A sheet as Excel has it in front of the !, of Calc's "$Net."."""
    sheet = sheet.lstrip("$")[:-1]
    return _quoted(sheet) if LIKE_A_CELL.fullmatch(sheet) else sheet


def _unquoted(sheet):
    return sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet


def _quoted(sheet):
    return "'" + sheet.replace("'", "''") + "'"


def _intersect(space):
    """Whether a space stands between two operands."""
    text = space.string
    before, behind = text[space.start() - 1], text[space.end() : space.end() + 1]
    return bool(ENDS_OPERAND.match(before) and STARTS_OPERAND.match(behind))
