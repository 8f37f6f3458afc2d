"""One verdict for each row: what is wrong with it, with whom it collides, or that it is fine."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from onboarding.domain.audience.cells import as_text, clean, read_text
from onboarding.domain.audience.dates import read_start_date
from onboarding.domain.audience.ids import read_address, read_employee_id, read_object_id
from onboarding.domain.audience.locales import read_locale, read_time_zone
from onboarding.domain.audience.names import ALIASES, FILLS, is_own
from onboarding.domain.audience.rows import Audience, Cell, PersonRow, RefusedRow
from onboarding.domain.audience.wording import clip, enumerate_some, fold, quoted
from onboarding.errors import BadInput

LEFT = (
    "terminated; rescinded; left; leaver; resigned; dismissed; withdrawn; declined; cancelled; "
    "canceled; inactive; no show; ausgeschieden; gekündigt; inaktiv; zurückgezogen; abgesagt; "
    "baja; cesado; inactivo; rescindido; anulado; parti; sorti; inactif; annulé; démissionné"
)
COMING = (
    "active; pre-hire; pre-start; future; future hire; new; new hire; hired; pending; onboarding; "
    "aktiv; neu; activo; alta; actif; nouveau"
)
MOST_STATUSES = 100

Reader = Callable[[str], object]
READERS: Mapping[str, Reader] = {
    "aad_object_id": read_object_id,
    "upn": partial(read_address, label="sign-in name"),
    "mail": partial(read_address, label="e-mail address"),
    "manager_upn": partial(read_address, label="manager's address"),
    "buddy_upn": partial(read_address, label="buddy's address"),
    "employee_id": read_employee_id,
    "locale": read_locale,
    "time_zone": read_time_zone,
}
# These repeat from row to row: one object each keeps 100,000 rows small.
SHARED = ("department", "job_title", "office", "manager_upn", "buddy_upn")
UNIQUE = ("aad_object_id", "upn", "employee_id")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one row."""

    field: str
    problem: str
    remedy: str
    value: str = ""


@dataclass(slots=True)
class Desk:
    """Where the rows of one list pile up while they are checked."""

    readers: Mapping[str, Reader]
    accepted: list[PersonRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    taken: dict[str, dict[str, PersonRow]] = field(default_factory=lambda: {n: {} for n in UNIQUE})
    leavers: list[PersonRow] = field(default_factory=list)
    odd_statuses: Counter[str] = field(default_factory=Counter)
    texts: dict[str, str] = field(default_factory=dict)


def open_desk(today: dt.date, day_first: bool | None) -> Desk:
    """A desk for one list; `today` bounds its start dates."""
    started = partial(read_start_date, today=today, day_first=day_first)
    texts = dict.fromkeys(ALIASES, read_text)
    return Desk({**texts, **READERS, "start_date": started})


def settle(desk: Desk, row: int, cells: Mapping[str, Cell], findings: list[Finding]) -> None:
    """Put one row on the accepted or the refused pile, and remember who was in it."""
    read = _read(desk, cells, findings)
    left = _judge_status(desk, read.pop("status", ""), findings)
    person = _assemble(desk, row, read)
    _judge_identity(person, findings)
    _judge_relations(person, findings)
    if not findings:
        _judge_uniqueness(desk, person, findings)
    if left:
        desk.leavers.append(person)
    if findings:
        desk.refused.append(_refuse(row, findings))
    else:
        _admit(desk, person)


def close_desk(desk: Desk, warnings: Sequence[str] = ()) -> Audience:
    """The verdict on the whole list. Raises BadInput when it held nobody."""
    rows = len(desk.accepted) + len(desk.refused)
    if not rows:
        raise BadInput(
            "The file has column names, but nobody beneath them.",
            "Add one row for each person and upload it again.",
        )
    warnings = [*warnings, *_status_warnings(desk), *_leaver_warnings(desk)]
    return Audience(desk.accepted, desk.refused, rows, warnings)


def _read(desk: Desk, cells: Mapping[str, Cell], findings: list[Finding]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, cell in cells.items():
        if not cell:
            continue
        try:
            if text := clean(cell):
                read[name] = desk.readers.get(name, str)(text)
        except BadInput as fault:
            where = clip(FILLS.get(name, name), 40)
            findings.append(Finding(where, fault.problem, fault.remedy, as_text(cell)))
    return read


def _assemble(desk: Desk, row: int, read: dict[str, Any]) -> PersonRow:
    own = {name: read.pop(name) for name in list(read) if is_own(name)}
    mail, preferred = read.pop("mail", None), read.pop("preferred_name", None)
    if mail:
        read.setdefault("upn", mail)
    if preferred:
        read["given_name"] = preferred
    for name in SHARED:
        if name in read:
            read[name] = desk.texts.setdefault(read[name], read[name])
    return PersonRow(row, x=own, **read)


def _judge_status(desk: Desk, status: str, findings: list[Finding]) -> bool:
    """Whether the status says that nobody is to be welcomed; that finding goes first."""
    key = fold(status)
    if key in _folded(LEFT):
        problem = f"The status says {quoted(status)}: this person is not to be welcomed."
        remedy = "Delete the row, or correct the status if the person does start."
        findings.insert(0, Finding("status", problem, remedy, status))
        return True
    is_odd = status and key not in _folded(COMING)
    if is_odd and (status in desk.odd_statuses or len(desk.odd_statuses) < MOST_STATUSES):
        desk.odd_statuses[status] += 1
    return False


@cache
def _folded(names: str) -> frozenset[str]:
    return frozenset(fold(name) for name in names.split(";"))


def _judge_identity(person: PersonRow, findings: list[Finding]) -> None:
    faulty = {finding.field for finding in findings}
    if person.aad_object_id or person.upn or faulty & {"aad_object_id", "upn", "row"}:
        return
    problem = "The row does not say who it is: neither sign-in name nor object id."
    remedy = "Fill in upn (the sign-in name or work e-mail) or aad_object_id."
    findings.append(Finding("upn", problem, remedy))


def _judge_relations(person: PersonRow, findings: list[Finding]) -> None:
    for name, other in (("manager", person.manager_upn), ("buddy", person.buddy_upn)):
        if other and other == person.upn:
            problem = f"The person is their own {name}."
            remedy = f"Write the {name}'s address, or leave the cell empty."
            findings.append(Finding(f"{name}_upn", problem, remedy, other))


def _judge_uniqueness(desk: Desk, person: PersonRow, findings: list[Finding]) -> None:
    by_id, by_upn, by_employee_id = (_taken(desk, person, name) for name in UNIQUE)
    if by_id and by_upn and by_id is not by_upn:
        problem = (
            f"The object id belongs to row {by_id.row}, but the sign-in name to row {by_upn.row}."
        )
        remedy = "Correct the two so that both mean the same person, or delete this row."
        findings.append(Finding("aad_object_id", problem, remedy, person.aad_object_id or ""))
    elif earlier := by_id or by_upn:
        findings.append(_repeated("aad_object_id" if by_id else "upn", person, earlier))
    elif by_employee_id:
        problem = f"Row {by_employee_id.row} has the same employee id, but is another person."
        remedy = "Correct the employee id, or delete one of the two rows."
        findings.append(Finding("employee_id", problem, remedy, person.employee_id or ""))


def _taken(desk: Desk, person: PersonRow, name: str) -> PersonRow | None:
    """The accepted person who has the same value in this field."""
    return desk.taken[name].get(_key(person, name))


def _key(person: PersonRow, name: str) -> str:
    value: str = getattr(person, name) or ""
    return value.casefold() if name == "employee_id" else value


def _repeated(name: str, person: PersonRow, earlier: PersonRow) -> Finding:
    labels = {"aad_object_id": "object id", "upn": "sign-in name"}
    [(other, label)] = [pair for pair in labels.items() if pair[0] != name]
    mine, theirs = getattr(person, other), getattr(earlier, other)
    problem = f"The same person is already in row {earlier.row}."
    remedy = f"Delete this row; row {earlier.row} is used."
    if mine and theirs and mine != theirs:
        problem = f"Row {earlier.row} has the same {labels[name]}, but another {label}."
        remedy = "Correct whichever is wrong, or delete one row."
    return Finding(name, problem, remedy, getattr(person, name))


def _admit(desk: Desk, person: PersonRow) -> None:
    desk.accepted.append(person)
    for name, taken in desk.taken.items():
        if key := _key(person, name):
            taken[key] = person


def _refuse(row: int, findings: Sequence[Finding]) -> RefusedRow:
    first = findings[0]
    further = [f"{one.field}: {one.problem} {one.remedy}" for one in findings[1:10]]
    problem = " Also ".join([first.problem, *further])
    return RefusedRow(row, first.field, problem, first.remedy, clip(first.value, 100))


def _status_warnings(desk: Desk) -> list[str]:
    if not desk.odd_statuses:
        return []
    names = [f"{quoted(name)} ({times})" for name, times in desk.odd_statuses.items()]
    return [f"Status without a known meaning, read as active: {enumerate_some(names)}."]


def _leaver_warnings(desk: Desk) -> list[str]:
    pairs = [
        f"row {leaver.row} and row {person.row}"
        for leaver in desk.leavers
        if (person := _taken(desk, leaver, "aad_object_id") or _taken(desk, leaver, "upn"))
    ]
    if not pairs:
        return []
    return [
        f"The same person is both leaving and accepted: {enumerate_some(pairs)}."
        " Check these before sending."
    ]
