"""A file of 1,000 rows that holds every known fault once gets exactly these verdicts."""

import csv
import datetime as dt
import io
from dataclasses import dataclass

import pytest

from onboarding.domain.audience import Audience, RefusedRow, check_rows
from onboarding.inbound.people_file import read_rows, refused_csv

TODAY = dt.date(2026, 2, 1)
COLUMNS = [
    "aad_object_id",
    "upn",
    "given_name",
    "locale",
    "time_zone",
    "start_date",
    "manager_upn",
    "buddy_upn",
    "employee_id",
    "status",
    "x_note",
]


@dataclass(frozen=True, slots=True)
class Fault:
    cells: dict[str, str]
    field: str
    problem: str
    remedy: str


FAULTS = [
    Fault(
        {"upn": "", "aad_object_id": ""},
        "upn",
        "The row does not say who it is: neither sign-in name nor object id.",
        "Fill in upn (the sign-in name or work e-mail) or aad_object_id.",
    ),
    Fault(
        {"aad_object_id": "87d349ed-44d7"},
        "aad_object_id",
        '"87d349ed-44d7" is not an object id.',
        "Copy the Object ID from the person's page in Entra; it has 36 characters such as"
        " 87d349ed-44d7-43e1-9a83-5f2406dee5bd.",
    ),
    Fault(
        {"aad_object_id": "adele@contoso.com"},
        "aad_object_id",
        '"adele@contoso.com" is an address, not an object id.',
        "Put it into the column upn.",
    ),
    Fault(
        {"aad_object_id": "00000000-0000-0000-0000-000000000000"},
        "aad_object_id",
        "The object id is all zeros.",
        "Copy the Object ID from the person's page in Entra.",
    ),
    Fault(
        {"upn": "adele vance@contoso.com"},
        "upn",
        'The sign-in name "adele vance@contoso.com" contains a space.',
        "Write one address without spaces.",
    ),
    Fault(
        {"upn": "adele@@contoso.com"},
        "upn",
        'The sign-in name "adele@@contoso.com" has more than one @.',
        "Write one address, one person per row.",
    ),
    Fault(
        {"upn": "adele@contoso.com; megan@contoso.com"},
        "upn",
        'The sign-in name "adele@contoso.com; megan@contoso.com" has more than one @.',
        "Write one address, one person per row.",
    ),
    Fault(
        {"upn": "adele@"},
        "upn",
        'The sign-in name "adele@" has no domain behind the @.',
        "Add the domain, such as contoso.com.",
    ),
    Fault(
        {"upn": "@contoso.com"},
        "upn",
        '"@contoso.com" looks like a formula.',
        "Write the value itself into the cell.",
    ),
    Fault(
        {"upn": "adele.vance"},
        "upn",
        'The sign-in name "adele.vance" has no @.',
        "Write it in full, such as anna@contoso.com.",
    ),
    Fault(
        {"upn": "adele@contoso"},
        "upn",
        'The sign-in name "adele@contoso" has no full domain.',
        "Add the ending, such as .com.",
    ),
    Fault(
        {"upn": "adele@contoso.com."},
        "upn",
        'The sign-in name "adele@contoso.com." ends in ".".',
        "Write adele@contoso.com.",
    ),
    Fault(
        {"upn": "adele@contoso.com,"},
        "upn",
        'The sign-in name "adele@contoso.com," ends in ",".',
        "Write adele@contoso.com.",
    ),
    Fault(
        {"upn": "mailto:Adele@contoso.com?subject=Hi"},
        "upn",
        'The sign-in name "mailto:Adele@contoso.com?subject=Hi" is a link.',
        "Write adele@contoso.com.",
    ),
    Fault(
        {"upn": "adele＠contoso.com"},
        "upn",
        'The sign-in name "adele＠contoso.com" has a full-width ＠.',
        "Write adele@contoso.com.",
    ),
    Fault(
        {"upn": "adèle@contoso.com"},
        "upn",
        'The sign-in name "adèle@contoso.com" contains "è".',
        "Use plain letters, as at sign-in.",
    ),
    Fault(
        {"upn": "adele..v@contoso.com"},
        "upn",
        'The sign-in name "adele..v@contoso.com" has two dots in a row.',
        "Delete one of them.",
    ),
    Fault(
        {"upn": "87d349ed-44d7-43e1-9a83-5f2406dee5bd"},
        "upn",
        'The sign-in name "87d349ed-44d7-43e1-9a83-5f2406dee5bd" is an object id.',
        "Put it into the column aad_object_id.",
    ),
    Fault(
        {"upn": "=cmd|' /C calc'!A0"},
        "upn",
        "\"=cmd|' /C calc'!A0\" looks like a formula.",
        "Write the value itself into the cell.",
    ),
    Fault(
        {"upn": "+adele@contoso.com"},
        "upn",
        '"+adele@contoso.com" looks like a formula.',
        "Write the value itself into the cell.",
    ),
    Fault(
        {"upn": "a" * 120 + "@contoso.com"},
        "upn",
        f'The sign-in name "{"a" * 59}…" is longer than 113 characters.',
        "Use the sign-in name.",
    ),
    Fault(
        {"upn": ".adele@contoso.com"},
        "upn",
        'The sign-in name ".adele@contoso.com" is not a valid address.',
        "Copy it from the person's page in Entra or Outlook.",
    ),
    Fault(
        {"upn": "#N/A"},
        "upn",
        "The cell shows Excel's error #N/A.",
        "Mend the formula, or write the value itself.",
    ),
    Fault(
        {"start_date": "03/04/2026"},
        "start_date",
        '"03/04/2026" can mean 2026-04-03 or 2026-03-04.',
        "Write 2026-04-03 or 2026-03-04, or choose the file's format: DD/MM/YYYY or MM/DD/YYYY.",
    ),
    Fault(
        {"start_date": "2026-02-30"},
        "start_date",
        '"2026-02-30" is not a day of the calendar.',
        "Check day and month; write YYYY-MM-DD.",
    ),
    Fault(
        {"start_date": "31.04.2026"},
        "start_date",
        '"31.04.2026" is not a day of the calendar.',
        "Check day and month; write YYYY-MM-DD.",
    ),
    Fault(
        {"start_date": "01.03.26"},
        "start_date",
        'The year in "01.03.26" has only two digits.',
        "Write it as YYYY-MM-DD.",
    ),
    Fault(
        {"start_date": "46000"},
        "start_date",
        '"46000" is Excel\'s inner number for a day, perhaps 2025-12-09.',
        "Format the column as a date and save the file again.",
    ),
    Fault(
        {"start_date": "1926-03-01"},
        "start_date",
        "The start date 1926-03-01 cannot be right.",
        "Check the year; it must not be before 1950 or more than five years ahead.",
    ),
    Fault(
        {"start_date": "2062-03-01"},
        "start_date",
        "The start date 2062-03-01 cannot be right.",
        "Check the year; it must not be before 1950 or more than five years ahead.",
    ),
    Fault(
        {"start_date": "next Monday"},
        "start_date",
        '"next Monday" is not a date.',
        "Write it as YYYY-MM-DD.",
    ),
    Fault(
        {"start_date": "1. März 26"},
        "start_date",
        'The year in "1. März 26" has only two digits.',
        "Write it as YYYY-MM-DD.",
    ),
    Fault(
        {"start_date": "30/30/2026"},
        "start_date",
        '"30/30/2026" is not a day of the calendar.',
        "Check day and month; write YYYY-MM-DD.",
    ),
    Fault(
        {"time_zone": "CET+1"},
        "time_zone",
        '"CET+1" is not a time zone.',
        "Write its IANA name, perhaps Europe/Berlin.",
    ),
    Fault(
        {"time_zone": "Berlin"},
        "time_zone",
        '"Berlin" is not a time zone.',
        "Write its IANA name, perhaps Europe/Berlin.",
    ),
    Fault(
        {"time_zone": "Europe/Berln"},
        "time_zone",
        '"Europe/Berln" is not a time zone.',
        "Write its IANA name, perhaps Europe/Berlin.",
    ),
    Fault(
        {"time_zone": "EST"},
        "time_zone",
        '"EST" is not a time zone.',
        "Write its IANA name, perhaps America/New_York.",
    ),
    Fault(
        {"time_zone": "(UTC+01:00) Amsterdam, Berlin, Bern"},
        "time_zone",
        '"(UTC+01:00) Amsterdam, Berlin, Bern" is not a time zone.',
        "Write its IANA name, perhaps Europe/Amsterdam.",
    ),
    Fault(
        {"time_zone": "+01:00"},
        "time_zone",
        '"+01:00" is not a time zone.',
        "Write its IANA name, such as Europe/Berlin.",
    ),
    Fault({"locale": "deutsch"}, "locale", '"deutsch" is not a language tag.', "Write de-DE."),
    Fault(
        {"locale": "German (Germany)"},
        "locale",
        '"German (Germany)" is not a language tag.',
        "Write de-DE.",
    ),
    Fault({"locale": "en-UK"}, "locale", '"en-UK" is not a language tag.', "Write en-GB."),
    Fault(
        {"locale": "xx-YY"},
        "locale",
        '"xx-YY" is not a language tag.',
        "Write a tag such as en-GB, de-DE, es-ES or fr-FR.",
    ),
    Fault({"locale": "italiano"}, "locale", '"italiano" is not a language tag.', "Write it-IT."),
    Fault(
        {"locale": "1031"},
        "locale",
        '"1031" is not a language tag.',
        "Write a tag such as en-GB, de-DE, es-ES or fr-FR.",
    ),
    Fault(
        {"upn": "adele@contoso.com", "manager_upn": "adele@contoso.com"},
        "manager_upn",
        "The person is their own manager.",
        "Write the manager's address, or leave the cell empty.",
    ),
    Fault(
        {"upn": "adele@contoso.com", "buddy_upn": "ADELE@contoso.com"},
        "buddy_upn",
        "The person is their own buddy.",
        "Write the buddy's address, or leave the cell empty.",
    ),
    Fault(
        {"manager_upn": "Miriam Graham"},
        "manager_upn",
        'The manager\'s address "Miriam Graham" has no @.',
        "Write it in full, such as anna@contoso.com.",
    ),
    Fault(
        {"buddy_upn": "lee@"},
        "buddy_upn",
        'The buddy\'s address "lee@" has no domain behind the @.',
        "Add the domain, such as contoso.com.",
    ),
    Fault(
        {"status": "Terminated"},
        "status",
        'The status says "Terminated": this person is not to be welcomed.',
        "Delete the row, or correct the status if the person does start.",
    ),
    Fault(
        {"status": "rescinded"},
        "status",
        'The status says "rescinded": this person is not to be welcomed.',
        "Delete the row, or correct the status if the person does start.",
    ),
    Fault(
        {"status": "gekündigt", "upn": "x@"},
        "status",
        'The status says "gekündigt": this person is not to be welcomed.'
        ' Also upn: The sign-in name "x@" has no domain behind the @.'
        " Add the domain, such as contoso.com.",
        "Delete the row, or correct the status if the person does start.",
    ),
    Fault(
        {"given_name": "A" * 4001},
        "given_name",
        "The cell holds more than 4,000 characters.",
        "Shorten it; perhaps a quotation mark is missing here.",
    ),
    Fault(
        {"given_name": "A" * 300},
        "given_name",
        "The text is longer than 256 characters.",
        "Shorten it, or put long texts into a column whose name starts with x_.",
    ),
    Fault(
        {"given_name": "MÃ¼ller"},
        "given_name",
        'The letters of "MÃ¼ller" are broken.',
        'Export the file again and save it as "CSV UTF-8" or as an Excel workbook.',
    ),
    Fault(
        {"given_name": "Ad\x07ele"},
        "given_name",
        "The cell holds an invisible control character.",
        "Delete the cell's content and type it again instead of pasting it.",
    ),
    Fault(
        {"given_name": "#REF!"},
        "given_name",
        "The cell shows Excel's error #REF!.",
        "Mend the formula, or write the value itself.",
    ),
    Fault(
        {"x_note": "#WERT!"},
        "x_note",
        "The cell shows Excel's error #WERT!.",
        "Mend the formula, or write the value itself.",
    ),
    Fault(
        {"x_note": "y" * 4001},
        "x_note",
        "The cell holds more than 4,000 characters.",
        "Shorten it; perhaps a quotation mark is missing here.",
    ),
    Fault(
        {"employee_id": "12345678901234567"},
        "employee_id",
        "The employee id has 17 characters; Microsoft 365 keeps 16.",
        "Shorten it, or put it into a column named x_employee_id.",
    ),
    Fault(
        {"employee_id": "1.23457E+11"},
        "employee_id",
        'Excel has shortened the employee id to "1.23457E+11".',
        "Format the column as text, enter the id again and save the file again.",
    ),
    Fault(
        {"employee_id": "=A1"},
        "employee_id",
        '"=A1" looks like a formula.',
        "Write the value itself into the cell.",
    ),
    Fault(
        {"upn": "x@", "start_date": "46000", "locale": "deutsch"},
        "upn",
        'The sign-in name "x@" has no domain behind the @.'
        ' Also locale: "deutsch" is not a language tag. Write de-DE.'
        ' Also start_date: "46000" is Excel\'s inner number for a day, perhaps 2025-12-09.'
        " Format the column as a date and save the file again.",
        "Add the domain, such as contoso.com.",
    ),
]
AGAINST_OTHERS = [
    Fault(
        {"upn": "PERSON1@contoso.com"},
        "upn",
        "The same person is already in row 1.",
        "Delete this row; row 1 is used.",
    ),
    Fault(
        {"aad_object_id": "00000002-44D7-43E1-9A83-5F2406DEE5BD", "upn": ""},
        "aad_object_id",
        "The same person is already in row 2.",
        "Delete this row; row 2 is used.",
    ),
    Fault(
        {"aad_object_id": "00000002-44d7-43e1-9a83-5f2406dee5bd"},
        "aad_object_id",
        "Row 2 has the same object id, but another sign-in name.",
        "Correct whichever is wrong, or delete one row.",
    ),
    Fault(
        {"aad_object_id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd", "upn": "person3@contoso.com"},
        "upn",
        "Row 3 has the same sign-in name, but another object id.",
        "Correct whichever is wrong, or delete one row.",
    ),
    Fault(
        {"aad_object_id": "00000004-44d7-43e1-9a83-5f2406dee5bd", "upn": "person5@contoso.com"},
        "aad_object_id",
        "The object id belongs to row 4, but the sign-in name to row 5.",
        "Correct the two so that both mean the same person, or delete this row.",
    ),
    Fault(
        {"employee_id": "e0006"},
        "employee_id",
        "Row 6 has the same employee id, but is another person.",
        "Correct the employee id, or delete one of the two rows.",
    ),
]
EVERY_FAULT = [*FAULTS, *AGAINST_OTHERS]
FAULTY = {(position + 1) * 13: fault for position, fault in enumerate(EVERY_FAULT)}


def person(number: int) -> dict[str, str]:
    return {
        "aad_object_id": f"{number:08x}-44d7-43e1-9a83-5f2406dee5bd",
        "upn": f"person{number}@contoso.com",
        "given_name": "Zoë; the 2nd" if number % 7 == 0 else "Adele\nVance",
        "locale": "de-DE",
        "time_zone": "Europe/Berlin",
        "start_date": f"{number % 28 + 1:02}.03.2026",
        "manager_upn": "miriam@contoso.com",
        "buddy_upn": "-",
        "employee_id": f"E{number:04}",
        "status": "Active",
        "x_note": f"={number}" if number % 11 == 0 else "",
    }


def newcomer(number: int) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {"upn": f"new{number}@contoso.com", "given_name": "Megan"}


def the_file() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(COLUMNS)
    for number in range(1, 1001):
        fault = FAULTY.get(number)
        cells = newcomer(number) | fault.cells if fault else person(number)
        writer.writerow(cells.values())
        if number % 100 == 0:
            text.write(";;; ;\r\n\r\n")
    return text.getvalue().encode("utf-8-sig")


@pytest.fixture(scope="module")
def audience() -> Audience:
    table = read_rows(the_file(), "new people.csv", "text/csv")
    return check_rows(table.header, table.rows, TODAY)


def test_every_row_gets_one_verdict(audience: Audience) -> None:
    assert audience.rows == 1000
    rows = [row.row for row in audience.accepted] + [row.row for row in audience.refused]
    assert sorted(rows) == list(range(1, 1001))


def test_the_list_holds_at_least_thirty_kinds_of_fault() -> None:
    assert len({fault.problem for fault in EVERY_FAULT}) >= 30


def test_all_rows_without_a_fault_are_accepted(audience: Audience) -> None:
    assert [row.row for row in audience.accepted] == [
        number for number in range(1, 1001) if number not in FAULTY
    ]


@pytest.mark.parametrize("number", FAULTY, ids=lambda number: f"{number}-{FAULTY[number].field}")
def test_each_fault_gets_exactly_its_verdict(audience: Audience, number: int) -> None:
    fault = FAULTY[number]
    found = next(row for row in audience.refused if row.row == number)
    assert (found.field, found.problem, found.remedy) == (fault.field, fault.problem, fault.remedy)


def test_an_accepted_row_holds_what_the_file_said(audience: Audience) -> None:
    found = audience.accepted[0]
    assert found.row == 1
    assert found.aad_object_id == "00000001-44d7-43e1-9a83-5f2406dee5bd"
    assert found.given_name == "Adele Vance"
    assert found.start_date == dt.date(2026, 3, 2)
    assert (found.buddy_upn, found.x) == (None, {})
    assert audience.accepted[10].x == {"x_note": "=11"}


def test_verdicts_are_written_for_people_and_not_for_programmers(audience: Audience) -> None:
    for row in audience.refused:
        words = f"{row.problem} {row.remedy}".lower()
        assert row.remedy.endswith((".", "?"))
        assert not any(
            word in words for word in ("none", "exception", "error:", "traceback", "null")
        )
        assert len(row.value) <= 100


def test_the_refused_rows_come_back_in_the_columns_of_the_file(audience: Audience) -> None:
    table = read_rows(the_file())
    answer = refused_csv(table.header, table.rows, audience.refused, table.separator)
    again = read_rows(answer)
    assert answer.startswith(b"\xef\xbb\xbf")
    assert again.header == [*COLUMNS, "problem", "remedy"]
    assert len(list(again.rows)) == len(FAULTY)
    for (_, cells), verdict in zip(again.rows, audience.refused, strict=True):
        assert cells[-2:] == [guarded(verdict.problem), guarded(verdict.remedy)]


def test_no_cell_of_the_answer_starts_a_formula(audience: Audience) -> None:
    table = read_rows(the_file())
    answer = read_rows(refused_csv(table.header, table.rows, audience.refused))
    cells = [str(cell) for _, row in answer.rows for cell in row]
    assert any(cell.startswith("'=") for cell in cells)
    assert not any(cell[:1] in tuple("=+-@\t\r") for cell in cells if len(cell) > 1)


def test_checking_the_answer_again_brings_the_same_verdicts(audience: Audience) -> None:
    table = read_rows(the_file())
    alone = [row for row in audience.refused if FAULTY[row.row] in FAULTS]
    answer = read_rows(refused_csv(table.header, table.rows, alone))
    again = check_rows(answer.header, answer.rows, TODAY)
    assert [verdict(row) for row in again.refused] == [verdict(row) for row in alone]
    assert again.accepted == []


def verdict(row: RefusedRow) -> tuple[str, str, str]:
    return row.field, row.problem, row.remedy


def guarded(text: str) -> str:
    return f"'{text}" if text[:1] in tuple("=+-@") else text
