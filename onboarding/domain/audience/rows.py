"""A row as it comes, and the two ways in which it can leave."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

Cell = str | dt.date | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One accepted row. Addresses and the object id are lower-case; `x` holds the x_ columns."""

    row: int
    aad_object_id: str | None = None
    upn: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    start_date: dt.date | None = None
    department: str | None = None
    job_title: str | None = None
    office: str | None = None
    manager_upn: str | None = None
    buddy_upn: str | None = None
    employee_id: str | None = None
    x: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Why one row cannot be used: the first problem with its field, remedy and value.

    Further problems of the same row follow in `problem`. `field` is "row" when the row as a whole
    is at fault; `value` is what was found, cut to 100 characters.
    """

    row: int
    field: str
    problem: str
    remedy: str
    value: str


@dataclass(frozen=True, slots=True)
class Audience:
    """The verdict on a whole list: `rows` is the number of accepted and refused rows together."""

    accepted: list[PersonRow]
    refused: list[RefusedRow]
    rows: int
    warnings: list[str]
