"""The rules for columns, values and people, without any file."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.domain.audience import (
    ALIASES,
    Audience,
    Cell,
    PersonRow,
    RefusedRow,
    check_people,
    check_rows,
    fields_by_alias,
    fold,
    known_fields,
)
from onboarding.errors import BadInput

TODAY = dt.date(2026, 2, 1)
ADELE = "87d349ed-44d7-43e1-9a83-5f2406dee5bd"


def check(header: list[str], *rows: list[Cell], date_format: str | None = None) -> Audience:
    return check_rows(header, list(enumerate(rows, 1)), TODAY, date_format)


def accepted(header: list[str], *rows: list[Cell], date_format: str | None = None) -> PersonRow:
    audience = check(header, *rows, date_format=date_format)
    assert audience.refused == []
    return audience.accepted[0]


def refused(header: list[str], *rows: list[Cell], date_format: str | None = None) -> RefusedRow:
    audience = check(header, *rows, date_format=date_format)
    assert len(audience.refused) == 1
    return audience.refused[0]


def refusal(header: list[str], *rows: list[Cell]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        check(header, *rows)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Object Id", "aad_object_id"),
        ("AAD-Object-ID", "aad_object_id"),
        ("userPrincipalName", "upn"),
        ("USER PRINCIPAL NAME", "upn"),
        ("E-Mail-Adresse", "upn"),
        ("Correo electrónico", "upn"),
        ("correo electronico", "upn"),
        ("Work e-mail", "upn"),
        ("Vorname", "given_name"),
        ("first_name", "given_name"),
        ("Prénom", "given_name"),
        ("Preferred Name", "given_name"),
        ("Nachname", "surname"),
        ("Apellidos", "surname"),
        ("Full name", "display_name"),
        ("bevorzugte Sprache", "locale"),
        ("preferredLanguage", "locale"),
        ("Fuseau horaire", "time_zone"),
        ("Eintrittsdatum", "start_date"),
        ("Fecha de inicio", "start_date"),
        ("Date d’entrée", "start_date"),
        ("employeeHireDate", "start_date"),
        ("Département", "department"),
        ("Stellenbezeichnung", "job_title"),
        ("Büro", "office"),
        ("Buero", "office"),
        ("Fuehrungskraft", "manager_upn"),
        ("Manager e-mail", "manager_upn"),
        ("Onboarding Buddy", "buddy_upn"),
        ("Personal-Nr.", "employee_id"),
        ("Nº de empleado", "employee_id"),
        ("Numéro d'employé", "employee_id"),
    ],
)
def test_a_column_is_known_by_the_names_hr_systems_use(column: str, field: str) -> None:
    values: dict[str, Cell] = {
        "aad_object_id": ADELE,
        "upn": "adele@contoso.com",
        "locale": "de-DE",
        "time_zone": "Europe/Berlin",
        "start_date": dt.date(2026, 3, 2),
        "manager_upn": "miriam@contoso.com",
        "buddy_upn": "lee@contoso.com",
    }
    value = values.get(field, "Sales")
    identity: list[str] = [] if field == "upn" else ["upn"]
    cells: list[Cell] = ["adele@contoso.com"] * len(identity)
    assert getattr(accepted([*identity, column], [*cells, value]), field) == value


def test_no_column_name_means_two_fields() -> None:
    for field, aliases in ALIASES.items():
        assert {fields_by_alias()[fold(name)] for name in (field, *aliases.split(";"))} == {field}


def test_of_an_accepted_person_no_more_than_the_row_must_be_known() -> None:
    assert (
        PersonRow(row=3, aad_object_id=ADELE)
        == check_people([{}, {}, {"aad_object_id": ADELE.upper()}], TODAY).accepted[0]
    )


def test_beside_vorname_a_german_list_means_the_surname_by_name() -> None:
    person = accepted(["Name", "Vorname", "E-Mail"], ["Vance", "Adele", "adele@contoso.com"])
    assert (person.surname, person.given_name, person.display_name) == ("Vance", "Adele", None)


def test_the_preferred_name_wins_and_the_sign_in_name_wins_over_the_mail_address() -> None:
    header = ["First name", "Preferred name", "E-mail", "UPN"]
    audience = check(
        header,
        ["Adelaide", "Adele", "adele.vance@contoso.com", "AdeleV@contoso.com"],
        ["Megan", "", "megan@contoso.com", ""],
    )
    assert [(person.given_name, person.upn) for person in audience.accepted] == [
        ("Adele", "adelev@contoso.com"),
        ("Megan", "megan@contoso.com"),
    ]


def test_own_columns_keep_their_name_and_unknown_ones_are_left_out_with_one_warning() -> None:
    audience = check(
        ["upn", "x_Desk", "Salary", "T-Shirt", "Salary"], ["adele@contoso.com", "4.12", "1", "M"]
    )
    assert audience.accepted[0].x == {"x_Desk": "4.12"}
    assert len(audience.warnings) == 1
    assert '"Salary", "T-Shirt"' in audience.warnings[0]


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ([], "empty"),
        (["", " "], "empty"),
        (["upn", "UPN"], 'Column A "upn" and Column B "UPN" mean the same thing.'),
        (["e-mail", "Mail"], "mean the same thing"),
        (["upn", "x_desk", "X_Desk"], "mean the same thing"),
        (["given_name", "start_date"], 'who the people are. Found: "given_name", "start_date".'),
        (["adele@contoso.com", "Adele"], "holds a person, not column names"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_the_whole_file(
    header: list[str], says: str
) -> None:
    assert says in refusal(header, ["adele@contoso.com", "x", "y"]).problem


def test_column_names_without_people_are_refused() -> None:
    assert "nobody beneath" in refusal(["upn"]).problem
    assert "nobody beneath" in refusal(["upn", "x_a"], ["", " "], [None, "\u200b"]).problem


def test_a_column_without_name_is_refused_only_when_it_holds_something() -> None:
    blank: list[str] = ["upn", "", "x_a", ""]
    assert accepted(blank, ["adele@contoso.com", "", "1", ""]).x == {"x_a": "1"}
    problem = refusal(blank, ["adele@contoso.com", "", "1"], ["lee@contoso.com", "?", "1"]).problem
    assert problem == "Column B holds values, but has no name."


def test_a_row_with_more_cells_than_columns_is_refused() -> None:
    row = refused(["upn", "x_a"], ["adele@contoso.com", "1", "", "Sales"])
    assert (row.field, row.value) == ("row", "Sales")
    assert row.problem == "The row has 4 cells, but there are only 2 column names."
    assert accepted(["upn"], ["adele@contoso.com", "", " "]).row == 1


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-02", (3, 2)),
        ("2026-3-2", (3, 2)),
        ("2026/03/02", (3, 2)),
        ("20260302", (3, 2)),
        ("2026-03-02T00:00:00Z", (3, 2)),
        ("2026-03-02 09:30", (3, 2)),
        ("02.03.2026", (3, 2)),
        ("2. 3. 2026", (3, 2)),
        ("02.03.2026 00:00:00", (3, 2)),
        ("25/03/2026", (3, 25)),
        ("03/25/2026", (3, 25)),
        ("3/25/2026 12:00:00 AM", (3, 25)),
        ("04/04/2026", (4, 4)),
        ("2 March 2026", (3, 2)),
        ("2-Mar-2026", (3, 2)),
        ("March 2nd, 2026", (3, 2)),
        ("2. März 2026", (3, 2)),
        ("2 de marzo de 2026", (3, 2)),
        ("1er août 2026", (8, 1)),
        (dt.date(2026, 3, 2), (3, 2)),
        (dt.datetime(2026, 3, 2, 9, 30), (3, 2)),
    ],
)
def test_a_date_with_one_reading_is_accepted(text: Cell, day: tuple[int, int]) -> None:
    person = accepted(["upn", "start_date"], ["adele@contoso.com", text])
    assert person.start_date == dt.date(2026, *day)


@pytest.mark.parametrize("order", ["DD/MM/YYYY", "%d/%m/%Y", "dmy", "dd-mm-yyyy"])
def test_a_date_format_decides_what_is_ambiguous(order: str) -> None:
    row: list[Cell] = ["adele@contoso.com", "03/04/2026"]
    header = ["upn", "start_date"]
    assert accepted(header, row, date_format=order).start_date == dt.date(2026, 4, 3)
    assert accepted(header, row, date_format="MM/DD/YYYY").start_date == dt.date(2026, 3, 4)
    assert "can mean 2026-04-03 or 2026-03-04" in refused(header, row).problem


def test_a_date_format_also_refuses_what_contradicts_it() -> None:
    row: list[Cell] = ["adele@contoso.com", "25/03/2026"]
    assert "calendar" in refused(["upn", "start_date"], row, date_format="MM/DD/YYYY").problem


def test_an_unknown_date_format_is_refused() -> None:
    with pytest.raises(BadInput, match="date format"):
        check(["upn"], ["adele@contoso.com"], date_format="YYYY")


def test_the_start_date_may_lie_up_to_five_years_ahead() -> None:
    header = ["upn", "start_date"]
    assert accepted(header, ["adele@contoso.com", "2031-02-01"]).start_date
    assert "cannot be right" in refused(header, ["adele@contoso.com", "2031-02-02"]).problem
    leap = [(1, ["adele@contoso.com", "2029-02-28"]), (2, ["lee@contoso.com", "2029-03-01"])]
    audience = check_rows(header, leap, dt.date(2024, 2, 29))
    assert [row.row for row in audience.refused] == [2]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("india standard time", "Asia/Calcutta"),
        ("utc", "UTC"),
    ],
)
def test_a_time_zone_may_be_named_as_iana_or_windows_do(text: str, zone: str) -> None:
    assert accepted(["upn", "tz"], ["adele@contoso.com", text]).time_zone == zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("CET", "Europe/Berlin"),
        ("PDT", "America/Los_Angeles"),
        ("Madrid (CET)", "Europe/Madrid"),
        ("Europe/Parris", "Europe/Paris"),
    ],
)
def test_a_time_zone_that_is_none_gets_the_nearest_as_remedy(text: str, zone: str) -> None:
    row = refused(["upn", "tz"], ["adele@contoso.com", text])
    assert row.remedy == f"Write its IANA name, perhaps {zone}."


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mailto:Adele@contoso.com?subject=Hi", "adele@contoso.com"),
        ("mailto:adele＠contoso.com", "adele@contoso.com"),
        ("adele@contoso.com;", "adele@contoso.com"),
        ("zoë@contoso.com.", "the plain address"),
    ],
)
def test_an_address_that_can_be_mended_is_shown_as_it_should_be(text: str, meant: str) -> None:
    assert refused(["upn"], [text]).remedy == f"Write {meant}."


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("DE-de", "de-DE"),
        ("de_CH", "de-CH"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("de-US", "de-US"),
    ],
)
def test_a_locale_is_written_in_its_usual_spelling(text: str, tag: str) -> None:
    assert accepted(["upn", "locale"], ["adele@contoso.com", text]).locale == tag


@pytest.mark.parametrize("text", ["", "-", "–", "N/A", "n/a", " n.a. ", "\u00a0", "\u200b", None])
def test_whatever_stands_for_nothing_is_empty(text: str | None) -> None:
    header = [
        "upn",
        "given_name",
        "start_date",
        "manager_upn",
        "employee_id",
        "x_a",
        "tz",
        "locale",
    ]
    person = accepted(header, ["adele@contoso.com", *[text] * 7])
    assert person.given_name is person.start_date is person.manager_upn is None
    assert person.employee_id is person.time_zone is person.locale is None
    assert person.x == {}


def test_somebody_may_be_called_null() -> None:
    assert accepted(["upn", "surname"], ["jennifer@contoso.com", "Null"]).surname == "Null"


def test_the_first_of_two_rows_for_one_person_is_used() -> None:
    header = ["upn", "aad_object_id", "start_date"]
    audience = check(
        header,
        ["adele@contoso.com", "", "46000"],
        ["Adele@contoso.com", ADELE, "2026-03-02"],
        ["", ADELE.upper(), ""],
        ["ADELE@CONTOSO.COM", "", ""],
    )
    assert [person.row for person in audience.accepted] == [2]
    assert [(row.row, row.field) for row in audience.refused] == [
        (1, "start_date"),
        (3, "aad_object_id"),
        (4, "upn"),
    ]
    assert "row 2" in audience.refused[1].problem


def test_a_leaver_who_is_also_accepted_is_called_out() -> None:
    audience = check(
        ["upn", "status"],
        ["adele@contoso.com", "terminated"],
        ["lee@contoso.com", "left"],
        ["Adele@contoso.com", "active"],
    )
    assert [person.row for person in audience.accepted] == [3]
    assert audience.warnings == [
        "The same person is both leaving and accepted: row 1 and row 3. Check these before sending."
    ]


def test_a_row_with_several_faults_is_refused_once_and_names_them_all() -> None:
    row = refused(
        ["upn", "locale", "tz", "start_date"], ["adele@", "deutsch", "CET+1", "2026-02-30"]
    )
    assert row.field == "upn"
    for field in ("locale:", "time_zone:", "start_date:"):
        assert field in row.problem


def test_people_given_as_json_follow_the_same_rules() -> None:
    audience = check_people(
        [
            {"upn": "Adele@contoso.com", "start_date": "2026-03-02", "x_desk": "4.12"},
            {"aad_object_id": ADELE, "locale": None},
            {"upn": "adele@contoso.com"},
            {"given_name": "Lee"},
            {"upn": "lee@contoso.com", "start_date": "03/04/2026"},
            {"upn": "megan@contoso.com", "status": "rescinded"},
        ],
        TODAY,
    )
    assert audience.rows == 6
    assert [person.row for person in audience.accepted] == [1, 2]
    assert audience.accepted[0].x == {"x_desk": "4.12"}
    assert [(row.row, row.field) for row in audience.refused] == [
        (3, "upn"),
        (4, "upn"),
        (5, "start_date"),
        (6, "status"),
    ]


@pytest.mark.parametrize(
    ("person", "field", "says"),
    [
        ("adele@contoso.com", "row", "not an object"),
        (None, "row", "not an object"),
        ({"upn": 5}, "upn", '"upn" must be text, not a number.'),
        ({"upn": "a@b.eu", "employee_id": 42}, "employee_id", "so that leading zeros stay"),
        ({"upn": "a@b.eu", "x_tags": ["a"]}, "x_tags", "not a list"),
        ({"upn": "a@b.eu", "x_tags": {}}, "x_tags", "not an object"),
        ({"upn": "a@b.eu", "x_vip": True}, "x_vip", "not true or false"),
        ({"upn": "a@b.eu", "frist_name": "A"}, "frist_name", 'Did you mean "given_name"?'),
        ({"upn": "a@b.eu", "startDate": "A"}, "startDate", 'Did you mean "start_date"?'),
        ({"email": "a@b.eu"}, "email", 'Did you mean "upn"?'),
        ({"mail": "a@b.eu"}, "mail", 'Did you mean "upn"?'),
        ({"preferred_name": "Al"}, "preferred_name", 'Did you mean "given_name"?'),
        ({"upn": "a@b.eu", "qqqq": "A"}, "qqqq", "Known are aad_object_id, upn, "),
        ({"upn": "a@b.eu", "given_name": "\ud800"}, "given_name", "control character"),
        ({"upn": "a@b.eu", "x_": "A"}, "x_", "no field"),
    ],
)
def test_a_person_in_json_that_cannot_be_used_is_refused(
    person: object, field: str, says: str
) -> None:
    audience = check_people([person], TODAY)
    (row,) = audience.refused
    assert (row.row, row.field) == (1, field)
    assert says in f"{row.problem} {row.remedy}"


def test_a_list_that_holds_nobody_is_refused() -> None:
    with pytest.raises(BadInput, match="nobody"):
        check_people([], TODAY)


def test_every_known_field_can_be_given_in_json() -> None:
    values = dict.fromkeys(known_fields(), None)
    assert check_people([values | {"upn": "a@b.eu"}], TODAY).accepted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*known_fields(), "x_a", "email"]) | st.text(max_size=8)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=6) | JSON, min_size=1, max_size=5))
def test_any_json_is_accepted_or_refused_row_by_row(people: list[object]) -> None:
    audience = check_people(people, TODAY)
    rows = [row.row for row in audience.accepted] + [row.row for row in audience.refused]
    assert sorted(rows) == list(range(1, len(people) + 1))
    assert audience.rows == len(people)


@given(
    st.sampled_from([name for name in known_fields() if name != "upn"]),
    st.text(max_size=40) | st.dates() | st.datetimes(),
)
def test_any_value_is_accepted_or_refused_in_its_own_field(field: str, value: Cell) -> None:
    audience = check(["upn", field], ["adele@contoso.com", value])
    assert len(audience.accepted) + len(audience.refused) == 1
    assert all(row.field == field and row.problem and row.remedy for row in audience.refused)


@given(st.lists(st.sampled_from(["adele", "megan", "lee", "bad address"]), min_size=1, max_size=12))
def test_nobody_is_accepted_twice_and_nobody_valid_is_lost(names: list[str]) -> None:
    audience = check(["upn"], *([f"{name}@contoso.com"] for name in names))
    found = [person.upn for person in audience.accepted]
    assert len(found) == len(set(found))
    assert set(found) == {f"{name}@contoso.com" for name in names if " " not in name}
