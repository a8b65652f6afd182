"""What a cell holds: made of a Python value as Excel takes it, shown as a date or as it would be typed."""

import datetime as dt
import numbers
from decimal import Decimal

import numpy as np
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils.datetime import WINDOWS_EPOCH, to_excel

from xlcicf.errors import DataError
from xlcicf.formula.snapshot import ERRORS, ExcelError, Scalar
from xlcicf.ooxml.edits import Content, Formula
from xlcicf.ooxml.splice import number_text

DATE_FORMAT, TIME_FORMAT = BUILTIN_FORMATS[14], BUILTIN_FORMATS[22]  # shown as the reader's country has it
LAST_DAY = 2_958_465  # 9999-12-31


def content_of(value, epoch: dt.datetime = WINDOWS_EPOCH) -> Content:
    """What a cell holds after `range.value = value`, as Excel takes it: "=A1" is a formula, "'=A1" text.

    NaN and NaT empty a cell, as with xlwings and Excel. Raises DataError for what no cell can hold.
    """
    if is_missing(value):
        return None
    match value:
        case Formula():
            return value
        case bool() | np.bool_():
            return bool(value)
        case dt.date() | dt.time() | dt.timedelta() | np.datetime64():
            return serial_of(value, epoch)
        case numbers.Real() | Decimal() | np.number():
            return _number(value)
        case str():
            return _text(value)
    raise DataError(
        f"a {type(value).__name__} cannot stand in a cell; write text, numbers, dates or TRUE and FALSE"
    )


def _number(value) -> float:
    try:
        return float(value)
    except OverflowError:
        raise DataError("a number above 1.8e308 cannot stand in a cell; write a smaller one") from None


def is_missing(value) -> bool:
    """None, "", NaN, NaT or pandas' NA: nothing equals what is missing, not even itself."""
    try:
        return value is None or (isinstance(value, str) and not value) or bool(value != value)
    except TypeError:  # pandas' NA does not even say that it differs
        return True
    except ValueError:  # an array, which is refused below
        return False


def is_moment(value) -> bool:
    return isinstance(value, dt.date | np.datetime64) and not is_missing(value)


def _text(text: str) -> Content:
    if text in ERRORS:
        return ExcelError(text)
    if text.startswith("=") and len(text) > 1:
        return Formula(text)
    return text.removeprefix("'") if text.startswith("'") else str(text)


def serial_of(moment, epoch: dt.datetime) -> float:
    """Days since the epoch, as Excel counts dates; a time zone is left out, as xlwings does."""
    if isinstance(moment, np.datetime64):
        moment = moment.astype("datetime64[us]").item()
    if isinstance(moment, dt.datetime | dt.time):
        moment = moment.replace(tzinfo=None)
    return float(to_excel(moment, epoch))


def moment_of(serial: float, epoch: dt.datetime) -> dt.datetime | float:
    """The date and time that a cell shows, to the millisecond; a number that is no date stays one."""
    if not 0 <= serial <= LAST_DAY:
        return serial
    return epoch + dt.timedelta(milliseconds=round(serial * 86_400_000))


def typed(value: Scalar) -> str:
    """A value as a person would type it."""
    if value is None or isinstance(value, bool):
        return str(value).upper() if value is not None else ""
    return value if isinstance(value, str) else number_text(value)
