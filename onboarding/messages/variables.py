"""The variables that every message may use, whatever is known about the person.

Nothing here may be absent: a variable without a value reads as its fallback, which each
language gives in `templates/shared/words/`, and counts as false in a condition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from onboarding.messages.safety import LONG, SHORT, clean, https_url

_ACQUAINTANCE = ("display_name", "given_name", "upn")
_TEXTS = {
    "person": (
        *("given_name", "display_name", "upn", "job_title", "department", "office"),
        *("locale", "time_zone"),
    ),
    "person.manager": _ACQUAINTANCE,
    "person.buddy": _ACQUAINTANCE,
    "team": ("id", "name"),
    "channel": ("name",),
    "batch": ("id", "name", "submitted_by"),
    "trigger": ("kind", "who"),
    "app": ("name", "company", "hr_contact"),
}
_LINKS = ("handbook_url", "console_url")
COLUMNS = "person.x"
"""Whatever HR's file has in its `x_…` columns: `person.x.locker` is the column `x_locker`."""
VARIABLES = frozenset(
    [
        *(f"{place}.{name}" for place, names in _TEXTS.items() for name in names),
        *_TEXTS,
        *(f"app.{name}" for name in _LINKS),
        *("person.start_date", "person.x", "today", "steps_done", "text", "opted_out"),
        *("existing_members", "existing_count"),
    ]
)
"""Every variable by its full name; `person.x` stands for any column below it."""

STAND_INS = {"given_name": "display_name", "display_name": "given_name"}
"""Which name is said where the other one is unknown."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable without a value: it reads as the fallback of its name and counts as false."""

    name: str
    fallbacks: Mapping[str, str]

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.fallbacks.get(self.name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __getitem__(self, part: str) -> "Missing":
        name = f"{self.name}.{part}"
        if name not in VARIABLES and self.name != COLUMNS:
            raise KeyError(name)
        return Missing(name, self.fallbacks)


class Columns(dict[str, str]):
    """HR's own columns by name, with or without their `x_`; an absent one is `Missing`."""

    def __init__(self, columns: Mapping[str, str], fallbacks: Mapping[str, str]) -> None:
        super().__init__(columns)
        self.fallbacks = fallbacks

    def __missing__(self, name: str) -> Any:
        prefixed = f"x_{name}"
        if prefixed in self:
            return self[prefixed]
        return Missing(f"{COLUMNS}.{name}", self.fallbacks)


def known(context: Mapping[str, Any], fallbacks: Mapping[str, str]) -> dict[str, Any]:
    """The context as templates see it: every variable present, cleaned, or `Missing`.

    Any key of `context` may be absent or None; what has the wrong type counts as absent.
    """
    groups = {
        place: _group(_mapping(context.get(place)), place, fallbacks)
        for place in ("team", "channel", "batch", "trigger", "app")
    }
    app = _mapping(context.get("app"))
    for name in _LINKS:
        groups["app"][name] = _link(app.get(name)) or Missing(f"app.{name}", fallbacks)
    existing = context.get("existing_count")
    return groups | {
        "person": _person(_mapping(context.get("person")), fallbacks),
        "today": day(context.get("today")) or Missing("today", fallbacks),
        "steps_done": frozenset(_texts(context.get("steps_done"))),
        "text": _text(context.get("text"), LONG) or Missing("text", fallbacks),
        "opted_out": context.get("opted_out") is True,
        "existing_members": _text(context.get("existing_members")) or "never",
        "existing_count": existing
        if type(existing) is int
        else Missing("existing_count", fallbacks),
    }


def day(value: Any) -> date | None:
    """A date, also from its ISO 8601 text; None for anything else."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _person(values: Mapping[str, Any], fallbacks: Mapping[str, str]) -> dict[str, Any]:
    person = _group(values, "person", fallbacks)
    for name in ("manager", "buddy"):
        person[name] = _acquaintance(values.get(name), f"person.{name}", fallbacks)
    person["start_date"] = day(values.get("start_date")) or Missing("person.start_date", fallbacks)
    columns = {k: t for k, v in _mapping(values.get("x")).items() if (t := _text(v))}
    person["x"] = Columns(columns, fallbacks)
    return person


def _acquaintance(value: Any, place: str, fallbacks: Mapping[str, str]) -> Any:
    values = {"display_name": value} if isinstance(value, str) else _mapping(value)
    if not any(_text(values.get(name)) for name in ("display_name", "given_name")):
        return Missing(place, fallbacks)
    return _group(values, place, fallbacks)


def _group(values: Mapping[str, Any], place: str, fallbacks: Mapping[str, str]) -> dict[str, Any]:
    group: dict[str, Any] = {}
    for name in _TEXTS[place]:
        value = values.get(name) or values.get(STAND_INS.get(name, name))
        group[name] = _text(value) or Missing(f"{place}.{name}", fallbacks)
    return group


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any, limit: int = SHORT) -> str:
    if isinstance(value, str):
        return clean(value, limit)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number or isinstance(value, date) else ""


def _texts(value: Any) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list | tuple | set) else []


def _link(value: Any) -> str | None:
    return https_url(value.strip()) if isinstance(value, str) else None
