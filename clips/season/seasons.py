"""Divides time into seasons, which begin in August, so that a winter is one."""

import datetime as dt
from dataclasses import dataclass

FIRST_MONTH = 8


@dataclass(frozen=True, order=True)
class Season:
    """A season by the year in which it begins."""

    year: int

    @classmethod
    def of(cls, day: dt.date) -> "Season":
        return cls(day.year if day.month >= FIRST_MONTH else day.year - 1)

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, FIRST_MONTH, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year + 1, FIRST_MONTH, 1) - dt.timedelta(days=1)

    @property
    def months(self) -> list[dt.date]:
        """Return the first day of each of its months."""
        numbers = range(FIRST_MONTH - 1, FIRST_MONTH + 11)
        return [dt.date(self.year + number // 12, number % 12 + 1, 1) for number in numbers]

    @property
    def short(self) -> str:
        """Return it as it stands below a bar."""
        return f"{self.year % 100:02d}/{(self.year + 1) % 100:02d}"

    def __str__(self) -> str:
        return f"{self.year}/{(self.year + 1) % 100:02d}"


def month_of(day: dt.date) -> dt.date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def last_day_of(month: dt.date) -> dt.date:
    """Return the last day of a month that is given by its first."""
    return (month + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
