"""Judge a whole list, be it a spreadsheet's rows or JSON objects."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from onboarding.domain.audience.cells import as_text, is_blank
from onboarding.domain.audience.dates import read_date_format
from onboarding.domain.audience.header import pick_cells, read_header
from onboarding.domain.audience.names import ALIASES, FILLS, is_own, known_fields, nearest_field
from onboarding.domain.audience.rows import Audience, Cell
from onboarding.domain.audience.verdicts import Finding, close_desk, open_desk, settle
from onboarding.domain.audience.wording import clip, quoted
from onboarding.errors import BadInput


def check_rows(
    header: Sequence[str],
    rows: Iterable[tuple[int, Sequence[Cell]]],
    today: dt.date,
    date_format: str | None = None,
) -> Audience:
    """Judge the rows of a spreadsheet: `header` as written, `rows` as (number from 1, cells).

    `today` bounds the start dates. `date_format` is "DD/MM/YYYY" or "MM/DD/YYYY" and decides dates
    such as 03/04/2026, which are refused without it. Unknown columns are left out with a warning.
    Raises BadInput when the file as a whole cannot be used.
    """
    columns = read_header(header)
    desk = open_desk(today, read_date_format(date_format))
    for number, cells in rows:
        if not is_blank(cells):
            findings = _surplus(cells, columns.width)
            settle(desk, number, pick_cells(columns, cells), findings)
    return close_desk(desk, columns.warnings)


def check_people(
    people: Sequence[object], today: dt.date, date_format: str | None = None
) -> Audience:
    """Judge people given as JSON objects by the same rules; a row's number is its position from 1.

    Keys are the fields of PersonRow, `status`, and any x_ name; values are text or null.
    Raises BadInput when nobody is in the list.
    """
    if not people:
        raise BadInput("The list holds nobody.", "Put at least one person into it.")
    desk = open_desk(today, read_date_format(date_format))
    for number, person in enumerate(people, 1):
        settle(desk, number, *_read_object(person))
    return close_desk(desk)


def _surplus(cells: Sequence[Cell], width: int) -> list[Finding]:
    value = next((as_text(cell) for cell in cells[width:] if not is_blank([cell])), None)
    if value is None:
        return []
    problem = f"The row has {len(cells)} cells, but there are only {width} column names."
    remedy = (
        "Put quotation marks around text that contains the separator, or empty the extra cells."
    )
    return [Finding("row", problem, remedy, value)]


def _read_object(person: object) -> tuple[Mapping[str, Cell], list[Finding]]:
    if not isinstance(person, Mapping):
        problem = "This is not an object with a person's fields."
        return {}, [Finding("row", problem, 'Write {"upn": "anna@contoso.com"}.')]
    cells: dict[str, Cell] = {}
    findings: list[Finding] = []
    for name, value in sorted(person.items(), key=lambda item: is_own(item[0])):
        if not is_own(name) and (name in FILLS or name not in ALIASES):
            findings.append(_unknown_key(name))
        elif value is not None and not isinstance(value, str):
            findings.append(_wrong_type(name, value))
        else:
            cells[name] = value
    return cells, findings


def _unknown_key(key: str) -> Finding:
    nearest = nearest_field(key[:60])
    remedy = (
        f'Did you mean "{nearest}"?'
        if nearest
        else f"Known are {', '.join(known_fields())}; own fields start with x_."
    )
    return Finding(clip(key, 40), f"There is no field {quoted(key)}.", remedy, key)


def _wrong_type(key: str, value: object) -> Finding:
    problem = f"{quoted(key)} must be text, not {_json_name(value)}."
    remedy = "Write it in quotation marks"
    remedy += ", so that leading zeros stay." if key == "employee_id" else "."
    return Finding(clip(key, 40), problem, remedy, "" if isinstance(value, list) else str(value))


def _json_name(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"
