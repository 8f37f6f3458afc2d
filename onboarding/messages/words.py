"""The words of a message: one TOML file per language, and what a writer may use in them.

greeting = "Welcome, {{ person.given_name }}!"

[people_here]
one = "One person is already here."
other = "{{ existing_count }} people are already here."
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from jinja2 import Environment, Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from onboarding.errors import BadInput
from onboarding.messages.safety import is_marked
from onboarding.messages.variables import Missing

PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
_NEW_FOR = 60
_NEAR = {-1: "time.yesterday", 0: "time.today", 1: "time.tomorrow"}


class Words(str):
    """Text that a writer of ours wrote: it may hold Markdown, and hidden values."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a words file. `template` is None when it has no placeholder."""

    key: str
    file: str
    number: int
    source: str
    template: Template | None


Lines = Mapping[str, Line]
Say = Callable[..., Words]


def negotiate(wanted: str | None, available: Collection[str], default: str) -> str:
    """The best of `available`: exactly the wanted one, else its language, else the default."""
    tags = {tag.casefold(): tag for tag in available}
    parts = (wanted or "").replace("_", "-").casefold().split("-")
    for length in range(len(parts), 0, -1):
        if found := tags.get("-".join(parts[:length])):
            return found
    return default


def read(text: str, file: str, environment: Environment) -> dict[str, Line]:
    """The lines of one words file by key, `step.profile.title` for a table within a table.

    BadInput names the file and the line of whatever cannot be read.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file}: {error}.", "Mend the TOML of this line.") from error
    return {
        key: _line(key, source, _number(text, key), file, environment)
        for key, source in _flat(table, "", file)
    }


def line(lines: Lines, key: str, count: int | None, locale: Locale) -> Line | None:
    """The line of `key`, in the grammatical number that `count` asks for in this language."""
    if count is None:
        return lines.get(key)
    return lines.get(f"{key}.{locale.plural_form(count)}") or lines.get(f"{key}.other")


def speaker(books: list[tuple[Lines, Locale]], variables: Mapping[str, Any]) -> Say:
    """`t(key, count=None)`: the words of `key` from the first of the books that has it."""

    def say(key: str, count: int | None = None) -> Words:
        for lines, locale in books:
            if found := line(lines, key, count, locale):
                return spoken(found, variables)
        raise BadInput(f"No words for {key!r}.", f"Add {key} to the words of the language en.")

    return say


def spoken(line: Line, variables: Mapping[str, Any]) -> Words:
    """The line with its values hidden in it."""
    if line.template is None:
        return Words(line.source)
    try:
        return Words(line.template.render(variables))
    except (UndefinedError, SecurityError, TypeError) as error:
        problem = f"{line.file}, line {line.number}: {error}."
        raise BadInput(problem, "Use a variable of the table in templates/README.md.") from error


def helpers(locale: Locale, today: date | Missing, say: Say) -> dict[str, Any]:
    """What words may call: `date(day)` in full, `relative(day)` like "in 5 days", or nothing."""

    def spell(day: Any) -> str:
        return format_date(day, "full", locale) if isinstance(day, date) else str(day)

    def distance(day: Any) -> str:
        if not isinstance(day, date) or not isinstance(today, date):
            return ""
        days = (day - today).days
        if days in _NEAR:
            return say(_NEAR[days])
        return _distance(days, locale) if days >= -_NEW_FOR else ""

    return {"date": spell, "relative": distance}


@cache
def babel_locale(tag: str) -> Locale:
    """Babel's data for a BCP 47 tag; for an unknown region, its language; else English."""
    parts = tag.replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def _distance(days: int, locale: Locale) -> str:
    in_days_alone = 1e9
    apart = timedelta(days=days)
    return format_timedelta(apart, "day", in_days_alone, add_direction=True, locale=locale)


def _flat(table: Mapping[str, Any], prefix: str, file: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.", file)
        elif isinstance(value, str) and not is_marked(value):
            found.append((f"{prefix}{name}", value.strip()))
        else:
            problem = f"{file}: {prefix}{name} is not text."
            raise BadInput(problem, 'Put the words in "quotation marks".')
    return found


def _line(key: str, source: str, number: int, file: str, environment: Environment) -> Line:
    if "{{" not in source and "{%" not in source and "{#" not in source:
        return Line(key, file, number, source, None)
    try:
        return Line(key, file, number, source, environment.from_string(source))
    except TemplateSyntaxError as error:
        problem = f"{file}, line {number}: {error.message}"
        raise BadInput(problem, "Placeholders look like {{ person.given_name }}.") from error


def _number(text: str, key: str) -> int:
    """The line on which a key stands, counted from 1; the first line when it is spelt unusually."""
    table, _, name = key.rpartition(".")
    start = text.find(f"[{table}]") if table else 0
    found = re.compile(rf"^[ \t]*\"?{re.escape(name)}\"?[ \t]*=", re.M).search(text, max(start, 0))
    return text.count("\n", 0, found.start()) + 1 if found else 1
