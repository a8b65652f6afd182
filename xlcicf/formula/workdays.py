"""Days of work among days of 1900's count: all but those of a weekend and holidays."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from xlcicf.formula.coercion import number_of
from xlcicf.formula.context import Fails
from xlcicf.formula.dates import weekday
from xlcicf.formula.plain import Cells


@dataclass(frozen=True)
class Weekend:
    """Which days of the week are off, Monday first."""

    off: tuple[bool, ...]

    @classmethod
    def said(cls, weekend: object) -> "Weekend":
        """By a number, 1 (also left empty) for Saturday and Sunday, 11 for Sunday alone, or by seven letters
        0 and 1. Raises Fails."""
        if isinstance(weekend, str):
            if len(weekend) != 7 or set(weekend) - {"0", "1"}:
                raise Fails("#VALUE!", "is told the weekend by no seven letters 0 and 1, Monday first")
            return cls(tuple(letter == "1" for letter in weekend))
        number = 1 if weekend is None else int(number_of(weekend))
        if 1 <= number <= 7:
            off = {(number + 4) % 7, (number + 5) % 7}
        elif 11 <= number <= 17:
            off = {(number - 5) % 7}
        else:
            raise Fails("#NUM!", f"knows no weekend of the number {number}")
        return cls(tuple(day in off for day in range(7)))

    @property
    def is_all_week(self) -> bool:
        return all(self.off)

    def is_off(self, day: int) -> bool:
        return self.off[weekday(day)]

    def work_days(self, first: int, last: int) -> int:
        """How many days from first to last are not off."""
        weeks, rest = divmod(last + 1 - first, 7)
        return weeks * self.off.count(False) + sum(
            not self.is_off(day) for day in range(last + 1 - rest, last + 1)
        )

    def work_day(self, start: int, count: int, holidays: "Holidays") -> int:
        """The day of work that is number `count` after the start (before it, of a negative number)."""
        step, day = (1 if count > 0 else -1), start
        while count:
            before = day
            day = self._later(day, abs(count), step)
            between = (before + 1, day) if step > 0 else (day, before - 1)
            count = holidays.between(*between)
        return day

    def _later(self, day: int, count: int, step: int) -> int:
        weeks, rest = divmod(count - 1, self.off.count(False))
        day += 7 * weeks * step
        for _ in range(rest + 1):
            day += step
            while self.is_off(day):
                day += step
        return day


@dataclass(frozen=True)
class Holidays:
    """Days in order, none of a weekend among them."""

    days: list[int]

    @classmethod
    def listed(cls, cells: Cells | None, day_of: Callable[[object], int], weekend: Weekend) -> "Holidays":
        """Raises Fails where one is no date."""
        values = [] if cells is None else [value for value in cells.values if value is not None]
        if cells is not None and cells.first_error:
            raise Fails(str(cells.first_error))
        if any(isinstance(value, bool) for value in values):
            raise Fails("#VALUE!", "finds TRUE or FALSE among the holidays")
        return cls(sorted({day for day in map(day_of, values) if not weekend.is_off(day)}))

    def between(self, first: int, last: int) -> int:
        return bisect_right(self.days, last) - bisect_left(self.days, first)
