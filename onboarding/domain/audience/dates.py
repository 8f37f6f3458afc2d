"""Days as HR writes them, in digits and in words; none that could mean two days."""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache, lru_cache

from babel import Locale

from onboarding.domain.audience.wording import fold, quoted
from onboarding.errors import BadInput

CLOCK = re.compile(
    r"[T ]\s*[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AP]M)?(Z| ?[+-][0-9:]{2,6})?$", re.I
)
YEAR_FIRST = re.compile(r"([0-9]{4})([-/.]|(?=[0-9]{4}$))([0-9]{1,2})\2([0-9]{1,2})")
YEAR_LAST = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{4}|[0-9]{2})")
DAY_MONTH_NAME = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|er|\.)?[\s-]+(?:de\s+)?([^\W\d_]{3,})[.,]?[\s-]+(?:de\s+)?([0-9]{4}|[0-9]{2})",
    re.I,
)
MONTH_NAME_DAY = re.compile(
    r"([^\W\d_]{3,})\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})", re.I
)
SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")


def read_date_format(date_format: str | None) -> bool | None:
    """Whether the day comes first in 03/04/2026: yes, no, or not known."""
    if date_format is None:
        return None
    order = re.sub(r"(.)\1+", r"\1", re.sub(r"[^a-z]", "", date_format.lower()))
    if order not in ("dmy", "mdy"):
        raise BadInput(
            f"The date format {quoted(date_format)} is unknown.", "Use DD/MM/YYYY or MM/DD/YYYY."
        )
    return order == "dmy"


def read_start_date(text: str, today: dt.date, day_first: bool | None) -> dt.date:
    """The day somebody starts, between 1950 and five years after `today`."""
    day = _read_day(text, day_first)
    five_years_before = day.year - 5, day.month, day.day
    if day.year < 1950 or five_years_before > (today.year, today.month, today.day):
        raise BadInput(
            f"The start date {day.isoformat()} cannot be right.",
            "Check the year; it must not be before 1950 or more than five years ahead.",
        )
    return day


@lru_cache(maxsize=4096)
def _read_day(text: str, day_first: bool | None) -> dt.date:
    if len(text) > 60:
        raise _not_a_date(text)
    bare = CLOCK.sub("", text)
    if found := YEAR_FIRST.fullmatch(bare):
        return _on_calendar(text, found[1], found[3], found[4])
    if found := YEAR_LAST.fullmatch(bare):
        first, mark, second, year = found.groups()
        _require_century(text, year)
        by_day = True if mark == "." else day_first
        return _on_calendar(text, year, *_month_and_day(text, first, second, year, by_day))
    return _read_named_day(text, bare)


def _read_named_day(text: str, bare: str) -> dt.date:
    if found := DAY_MONTH_NAME.fullmatch(bare):
        day, name, year = found.groups()
    elif found := MONTH_NAME_DAY.fullmatch(bare):
        name, day, year = found.groups()
    else:
        raise _not_a_date(text)
    month = _months_by_name().get(fold(name))
    if not month:
        raise _not_a_date(text)
    _require_century(text, year)
    return _on_calendar(text, year, month, day)


def _month_and_day(
    text: str, first: str, second: str, year: str, day_first: bool | None
) -> tuple[str, str]:
    """25/03/2026 and 03/25/2026 explain themselves; 03/04/2026 needs to be told its order."""
    if day_first is None:
        day_first = int(first) > 12 or int(first) == int(second)
        if not day_first and int(second) <= 12:
            one, other = f"{year}-{second:0>2}-{first:0>2}", f"{year}-{first:0>2}-{second:0>2}"
            raise BadInput(
                f'"{text}" can mean {one} or {other}.',
                f"Write {one} or {other}, or choose the file's format: DD/MM/YYYY or MM/DD/YYYY.",
            )
    return (second, first) if day_first else (first, second)


def _on_calendar(text: str, year: str, month: str | int, day: str) -> dt.date:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise BadInput(
            f'"{text}" is not a day of the calendar.', "Check day and month; write YYYY-MM-DD."
        ) from None


def _require_century(text: str, year: str) -> None:
    if len(year) == 2:
        raise BadInput(f'The year in "{text}" has only two digits.', "Write it as YYYY-MM-DD.")


def _not_a_date(text: str) -> BadInput:
    if SERIAL.fullmatch(text):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(text[:5]))
        return BadInput(
            f'"{text}" is Excel\'s inner number for a day, perhaps {day.isoformat()}.',
            "Format the column as a date and save the file again.",
        )
    return BadInput(f"{quoted(text)} is not a date.", "Write it as YYYY-MM-DD.")


@cache
def _months_by_name() -> Mapping[str, int]:
    table: dict[str, int] = {"sept": 9}
    for language in ("en", "de", "es", "fr"):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names = Locale(language).months[context][width]
                table.update({fold(name): number for number, name in names.items()})
    return table
