"""Reads days, frame rates and missing tags out of a typed search, in English and German; the rest are words of names.

Knows no Django.
"""

import datetime as dt
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field

#: A winter's first clips and its last are of two years, but of one season.
SEASON_BEGINS_MONTH = 9
MONTHS = (
    "january jan januar jänner", "february feb februar", "march mar märz maerz mär mrz", "april apr", "may mai",
    "june jun juni", "july jul juli", "august aug", "september sept sep", "october oct oktober okt", "november nov",
    "december dec dezember dez",
)  # fmt: skip
MONTH_OF = {word: number for number, words in enumerate(MONTHS, 1) for word in words.split()}
LACKING = {
    "untagged": "both", "no tags": "both", "no rider": "person", "no person": "person", "without rider": "person",
    "ohne fahrer": "person", "ohne rider": "person", "no trick": "trick", "without trick": "trick",
    "ohne trick": "trick",
}  # fmt: skip

Span = tuple[dt.date, dt.date]


@dataclass
class Typed:
    """A search line, read.

    Attributes
    ----------
    spans : list of (date, date)
        A clip must be of a day in each of them, both ends included.
    months : dict of str to int
        Months of any year, by the word they were typed as. The word may as well be a name: Jan, April.
    rates : list of str
        As clips say them: 240FPS.
    lacking : list of str
        Which tags are missing: "both", "person" or "trick".
    words : str
        What is left.
    """

    spans: list[Span] = field(default_factory=list)
    months: dict[str, int] = field(default_factory=dict)
    rates: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    words: str = ""


def read(text: str, *, today: dt.date) -> Typed:
    """Return what a typed line says."""
    typed, left = Typed(), " ".join(unicodedata.normalize("NFC", text).casefold().split())
    for pattern, take in _PATTERNS:
        left = pattern.sub(lambda found, take=take: " " if take(typed, found, today) else found[0], left)
    typed.words = " ".join(left.split())
    return typed


def month_span(year: int, month: int) -> Span:
    """Return the first and the last day of a month."""
    return dt.date(year, month, 1), dt.date(year, month, monthrange(year, month)[1])


def _season(today: dt.date, *, back: int = 0) -> Span:
    year = today.year - back - (today.month < SEASON_BEGINS_MONTH)
    begins = dt.date(year, SEASON_BEGINS_MONTH, 1)
    return begins, begins.replace(year=year + 1) - dt.timedelta(days=1)


def _days(first: int, last: int | None = None) -> Callable[[dt.date], Span]:
    """Return a span by days from today."""
    return lambda today: (
        today + dt.timedelta(days=first), today + dt.timedelta(days=first if last is None else last)
    )  # fmt: skip


def _week(first: int, last: int) -> Callable[[dt.date], Span]:
    """Return a span by days from this week's Monday."""
    return lambda today: _days(first, last)(today - dt.timedelta(days=today.weekday()))


def _year(back: int) -> Callable[[dt.date], Span]:
    return lambda today: (dt.date(today.year - back, 1, 1), dt.date(today.year - back, 12, 31))


def _month(back: int) -> Callable[[dt.date], Span]:
    def span(today: dt.date) -> Span:
        year, month = divmod(12 * today.year + today.month - 1 - back, 12)
        return month_span(year, month + 1)

    return span


#: Spans relative to today. The last weekend is the one before this week, also on a Sunday.
RELATIVE: dict[str, Callable[[dt.date], Span]] = {}
for _phrases, _span in (
    ("today,heute", _days(0)),
    ("yesterday,gestern", _days(-1)),
    ("vorgestern", _days(-2)),
    ("this week,diese woche", _week(0, 6)),
    ("last week,letzte woche", _week(-7, -1)),
    ("this weekend,dieses wochenende", _week(5, 6)),
    ("last weekend,letztes wochenende", _week(-2, -1)),
    ("this month,dieser monat,diesen monat", _month(0)),
    ("last month,letzter monat,letzten monat", _month(1)),
    ("this year,dieses jahr", _year(0)),
    ("last year,letztes jahr", _year(1)),
    ("this season,diese saison", _season),
    ("last season,letzte saison", lambda today: _season(today, back=1)),
):
    RELATIVE |= dict.fromkeys(_phrases.split(","), _span)


def _take_day(typed: Typed, found: re.Match, _today: dt.date) -> bool:
    try:
        day = dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    typed.spans.append((day, day))
    return True


def _take_month(typed: Typed, found: re.Match, _today: dt.date) -> bool:
    month = MONTH_OF.get(found["month"]) or int(found["month"])
    year = int(found["year"])
    if not (1 <= month <= 12 and year >= dt.MINYEAR):
        return False
    typed.spans.append(month_span(year, month))
    return True


def _take_month_of_any_year(typed: Typed, found: re.Match, _today: dt.date) -> bool:
    typed.months[found[0]] = MONTH_OF[found[0]]
    return True


def _take_relative(typed: Typed, found: re.Match, today: dt.date) -> bool:
    typed.spans.append(RELATIVE[found[0]](today))
    return True


def _take_rate(typed: Typed, found: re.Match, _today: dt.date) -> bool:
    typed.rates.append(f"{int(found[1])}FPS")
    return True


def _take_lacking(typed: Typed, found: re.Match, _today: dt.date) -> bool:
    typed.lacking.append(LACKING[found[0]])
    return True


def _any(words: object) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NAMED = f"(?P<month>{_any(MONTH_OF)})"
#: Each with what takes its matches out of the text, unless it returns False.
_PATTERNS = [
    (re.compile(pattern), take)
    for pattern, take in (
        (r"(?<!\w)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{2})(?![^\W_])", _take_day),
        (r"(?<!\w)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\w)", _take_day),
        (r"(?<![\w./-])(?P<year>\d{4})[-./](?P<month>\d{2})(?![\w-])", _take_month),
        (r"(?<![\w./-])(?P<month>\d{1,2})[./](?P<year>\d{4})(?!\w)", _take_month),
        (rf"(?<!\w){_NAMED}\.? (?P<year>(?:19|20)\d\d)(?!\w)", _take_month),
        (rf"(?<!\w)(?P<year>(?:19|20)\d\d) {_NAMED}(?!\w)", _take_month),
        (rf"(?<!\w)(?:{_any(RELATIVE)})(?!\w)", _take_relative),
        (rf"(?<!\w)(?:{_any(LACKING)})(?!\w)", _take_lacking),
        (r"(?<!\w)(\d{1,4}) ?fps(?!\w)", _take_rate),
        (rf"(?<!\w)(?:{_any(MONTH_OF)})(?!\w)", _take_month_of_any_year),
    )
]
