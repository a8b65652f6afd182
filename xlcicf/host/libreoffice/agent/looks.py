"""The look of cells: what the protocol calls each property (LOOKS), and what it is in Calc."""

# pyright: reportMissingImports=false

import uno
from com.sun.star.beans.PropertyState import AMBIGUOUS_VALUE
from com.sun.star.lang import Locale

CHARACTER, PADDING = 7 * 2540 / 96, 5 * 2540 / 96  # of a column's width, in hundredths of a millimetre
BOLD, REGULAR = 150.0, 100.0  # com.sun.star.awt.FontWeight
LEVELS = {"bottom": 0, "top": 1, "center": 2}  # com.sun.star.table.CellVertJustify2; 0 is the usual
NO_COLOUR = -1


def dress(document, cells, looks):
    """Gives cells a look."""
    for name, value in looks.items():
        if name == "column_width":
            cells.Columns.Width = round(value * CHARACTER + PADDING)
            continue
        kept_as, to_calc, _ = PROPERTIES[name]
        cells.setPropertyValue(kept_as, to_calc(document, value))


def look(document, cells, name):
    """What cells have of it; None where they differ."""
    if name == "column_width":
        columns = cells.Columns
        widths = {columns.getByIndex(i).Width for i in range(columns.Count)}
        return round((widths.pop() - PADDING) / CHARACTER, 2) if len(widths) == 1 else None
    kept_as, _, shown = PROPERTIES[name]
    if cells.getPropertyState(kept_as) == AMBIGUOUS_VALUE:
        return None
    return shown(document, cells.getPropertyValue(kept_as))


def _format_key(document, code):
    formats, english = document.NumberFormats, Locale("en", "US", "")
    key = formats.queryKey(code, english, False)
    return formats.addNew(code, english) if key == -1 else key


def _format_code(document, key):
    return document.NumberFormats.getByKey(key).FormatString


def _packed(_document, rgb):
    if rgb is None:
        return NO_COLOUR
    red, green, blue = rgb
    return red << 16 | green << 8 | blue


def _fill(_document, number):
    return None if number == NO_COLOUR else [number >> 16 & 255, number >> 8 & 255, number & 255]


def _ink(document, number):
    return _fill(document, max(number, 0))  # left to Calc, it is black


def _side(_document, side):
    word = "STANDARD" if side == "general" else side.upper()
    return uno.Enum("com.sun.star.table.CellHoriJustify", word)


def _side_shown(_document, value):
    return "general" if value.value == "STANDARD" else value.value.lower()


def _level_shown(_document, value):
    return next((name for name, level in LEVELS.items() if level == value), "bottom")


def _slant(_document, is_italic):
    return uno.Enum("com.sun.star.awt.FontSlant", "ITALIC" if is_italic else "NONE")


def _as_it_is(_document, value):
    return value


# name -> (Calc's property, to its value, back)
PROPERTIES = {
    "number_format": ("NumberFormat", _format_key, _format_code),
    "color": ("CellBackColor", _packed, _fill),
    "horizontal_alignment": ("HoriJustify", _side, _side_shown),
    "vertical_alignment": ("VertJustify", lambda _document, level: LEVELS[level], _level_shown),
    "wrap_text": ("IsTextWrapped", _as_it_is, _as_it_is),
    "font.bold": (
        "CharWeight",
        lambda _document, is_bold: BOLD if is_bold else REGULAR,
        lambda _document, weight: weight > REGULAR,
    ),
    "font.italic": ("CharPosture", _slant, lambda _document, slant: slant.value == "ITALIC"),
    "font.size": ("CharHeight", lambda _document, points: float(points), _as_it_is),
    "font.name": ("CharFontName", _as_it_is, _as_it_is),
    "font.color": ("CharColor", _packed, _ink),
}
