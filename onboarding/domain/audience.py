"""Who is to be welcomed: the columns HR uses, and one verdict for every row.

Rows come from a spreadsheet (`check_rows`) or as JSON objects (`check_people`). Each row that
is not blank is either accepted or refused, never both and never neither:

    len(accepted) + len(refused) == rows

A row is known by its number: data rows count from 1, a completely blank line is not a row.
"""

import datetime as dt
import difflib
import re
import unicodedata
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial

from babel import Locale
from babel.core import get_global, parse_locale

from onboarding.errors import BadInput

Cell = str | dt.date | None

MAX_CELL = 4_000
MAX_TEXT = 256  # displayName of a Graph user: https://learn.microsoft.com/graph/api/resources/user
MAX_EMPLOYEE_ID = 16  # employeeId, the same page
MAX_ADDRESS = 113  # 64 before the @ and 48 behind it, userPrincipalName on the same page

# Each field with the names that HR systems in English, German, Spanish and French give it.
ALIASES: Mapping[str, str] = {
    "aad_object_id": (
        "aad object id; object id; entra object id; azure object id; azure ad object id; user "
        "object id; external directory object id; Objekt-ID; ID de objeto; ID del objeto; ID "
        "d'objet; ID de l'objet"
    ),
    "upn": (
        "upn; user principal name; user name; login; sign-in name; Benutzerprinzipalname; "
        "Benutzername; Anmeldename; nombre principal de usuario; nombre de usuario; nom "
        "d'utilisateur principal; nom d'utilisateur"
    ),
    "mail": (
        "mail; email; email address; work email; work email address; business email; company "
        "email; primary email; primary smtp address; E-Mail-Adresse; Mailadresse; "
        "geschäftliche E-Mail; geschäftliche E-Mail-Adresse; dienstliche E-Mail; correo; "
        "correo electrónico; correo corporativo; dirección de correo electrónico; courriel; "
        "adresse e-mail; adresse mail; adresse électronique; e-mail professionnel; adresse "
        "e-mail professionnelle"
    ),
    "display_name": (
        "display name; name; full name; employee name; Anzeigename; vollständiger Name; "
        "nombre completo; nombre para mostrar; nom complet; nom d'affichage; nom affiché"
    ),
    "given_name": (
        "given name; first name; forename; Vorname; nombre; nombre de pila; primer nombre; prénom"
    ),
    "preferred_name": (
        "preferred name; preferred first name; known as; nickname; Rufname; nombre preferido; "
        "prénom usuel; prénom d'usage"
    ),
    "surname": (
        "surname; last name; family name; Nachname; Familienname; apellido; apellidos; nom; "
        "nom de famille"
    ),
    "locale": (
        "locale; language; preferred language; Sprache; bevorzugte Sprache; idioma; idioma "
        "preferido; langue; langue préférée"
    ),
    "time_zone": "time zone; tz; Zeitzone; zona horaria; huso horario; fuseau horaire",
    "start_date": (
        "start date; starting date; joining date; join date; date of joining; hire date; "
        "employee hire date; first day; first day of work; Eintrittsdatum; Eintritt; "
        "Startdatum; Einstellungsdatum; erster Arbeitstag; fecha de inicio; fecha de ingreso; "
        "fecha de incorporación; fecha de alta; fecha de contratación; date d'entrée; date "
        "d'arrivée; date de début; date d'embauche; premier jour"
    ),
    "department": "department; dept; Abteilung; departamento; département; service",
    "job_title": (
        "job title; title; position; role; Stellenbezeichnung; Berufsbezeichnung; Jobtitel; "
        "Funktion; puesto; puesto de trabajo; cargo; poste; intitulé du poste; fonction"
    ),
    "office": (
        "office; office location; work location; location; site; Standort; Büro; Arbeitsort; "
        "Dienstort; oficina; sede; ubicación; lugar de trabajo; bureau; lieu de travail"
    ),
    "manager_upn": (
        "manager upn; manager; manager email; manager mail; manager email address; line "
        "manager; line manager email; supervisor; supervisor email; reports to; Vorgesetzter; "
        "Vorgesetzte; Führungskraft; E-Mail Vorgesetzter; Vorgesetzter E-Mail; E-Mail "
        "Führungskraft; Führungskraft E-Mail; jefe; responsable; correo del jefe; correo del "
        "responsable; supérieur; e-mail du responsable; e-mail du manager"
    ),
    "buddy_upn": (
        "buddy upn; buddy; buddy email; onboarding buddy; mentor; mentor email; Pate; Patin; "
        "E-Mail Pate; correo del mentor; parrain; marraine; e-mail du parrain"
    ),
    "employee_id": (
        "employee id; employee number; employee no; personnel number; personnel no; worker "
        "id; staff id; Personalnummer; Personal-Nr.; Mitarbeiternummer; Mitarbeiter-ID; "
        "número de empleado; nº de empleado; id de empleado; numéro d'employé; matricule; "
        "numéro de matricule"
    ),
    "status": (
        "status; employment status; employee status; worker status; Mitarbeiterstatus; "
        "Beschäftigungsstatus; estado; estado laboral; statut"
    ),
}

FILE_ONLY = frozenset({"mail", "preferred_name"})
IDS = frozenset({"aad_object_id", "upn", "mail"})
TEXTS = "display_name given_name preferred_name surname department job_title office"

LEFT = (
    "terminated; rescinded; left; leaver; resigned; dismissed; withdrawn; declined; cancelled; "
    "canceled; inactive; no show; ausgeschieden; gekündigt; inaktiv; zurückgezogen; abgesagt; "
    "baja; cesado; inactivo; rescindido; anulado; parti; sorti; inactif; annulé; démissionné"
)
COMING = (
    "active; pre-hire; pre-start; future; future hire; new; new hire; hired; pending; onboarding; "
    "aktiv; neu; activo; alta; actif; nouveau"
)

ZONE_ABBREVIATIONS = (
    "cet cest mez mesz Europe/Berlin; wet Europe/Lisbon; eet Europe/Athens; bst Europe/London; "
    "est edt America/New_York; cst cdt America/Chicago; mst mdt America/Denver; "
    "pst pdt America/Los_Angeles; ist Asia/Kolkata; jst Asia/Tokyo"
)

# Languages whose own names HR writes into a language column ("deutsch", "italiano").
LANGUAGES = "en de es fr it pt nl pl sv da nb fi cs sk hu ro el tr ru uk he ar hi th vi ja ko zh"

EMPTY = frozenset({"", "-", "–", "—", "n/a", "n.a."})
EXCEL_ERROR = re.compile(
    r"#(?:N/A|NV|REF!|BEZUG!|VALUE!|WERT!|DIV/0!|NAME\?|NULL!|NUM!|ZAHL!|SPILL!|CALC!|FIELD!|BUSY!)",
    re.IGNORECASE,
)
# Control characters, and those that turn the direction of the text around them.
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
INVISIBLE = "\u00ad\u200b\u2060\ufeff"
# UTF-8 that some program before us read as Windows-1252: "MÃ¼ller", "Oâ€™Brien".
BROKEN_LETTERS = re.compile("Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")
TEXT_FORMULA = re.compile(r'="([^"]*)"')


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One accepted row. Addresses and the object id are lower-case; `x` holds the x_ columns."""

    row: int
    aad_object_id: str | None
    upn: str | None
    display_name: str | None
    given_name: str | None
    surname: str | None
    locale: str | None
    time_zone: str | None
    start_date: dt.date | None
    department: str | None
    job_title: str | None
    office: str | None
    manager_upn: str | None
    buddy_upn: str | None
    employee_id: str | None
    x: Mapping[str, str]


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


@dataclass(frozen=True, slots=True)
class Column:
    """What one column of the file means: a known field, "x" for an own column, "" for ignored."""

    index: int
    name: str
    field: str


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

    today: dt.date
    day_first: bool | None
    accepted: list[PersonRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    by_object_id: dict[str, PersonRow] = field(default_factory=dict)
    by_upn: dict[str, PersonRow] = field(default_factory=dict)
    by_employee_id: dict[str, PersonRow] = field(default_factory=dict)
    leavers: list[tuple[int, str | None, str | None]] = field(default_factory=list)
    odd_statuses: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    parsers: dict[str, Callable[[Cell], object]] = field(default_factory=dict)


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
    unnamed = [column.index for column in columns if not column.name]
    used = [column for column in columns if column.field]
    desk = open_desk(today, date_format)
    for number, cells in rows:
        if is_blank(cells):
            continue
        require_names(unnamed, cells)
        findings = surplus_cells(cells, len(columns))
        values, own = pick_cells(used, cells)
        settle(desk, number, values, own, findings)
    return close_desk(desk, ignored_columns(columns))


def check_people(
    people: Sequence[object], today: dt.date, date_format: str | None = None
) -> Audience:
    """Judge people given as JSON objects by the same rules; a row's number is its position from 1.

    Keys are the fields of PersonRow, `status`, and any x_ name; values are text or null.
    Raises BadInput when nobody is in the list.
    """
    desk = open_desk(today, date_format)
    for number, person in enumerate(people, 1):
        values, own, findings = read_object(person)
        settle(desk, number, values, own, findings)
    return close_desk(desk, [], "The list holds nobody.", "Put at least one person into it.")


def known_fields() -> list[str]:
    """The names a person may have besides x_ ones, in the order HR sees them."""
    return [name for name in ALIASES if name not in FILE_ONLY]


def open_desk(today: dt.date, date_format: str | None) -> Desk:
    desk = Desk(today, read_date_format(date_format))
    desk.parsers.update(
        aad_object_id=read_object_id,
        upn=partial(read_address, label="sign-in name"),
        mail=partial(read_address, label="e-mail address"),
        locale=read_locale,
        time_zone=read_time_zone,
        start_date=partial(read_start_date, today=today, day_first=desk.day_first),
        manager_upn=partial(read_address, label="manager's address"),
        buddy_upn=partial(read_address, label="buddy's address"),
        employee_id=read_employee_id,
        status=read_text,
    )
    desk.parsers.update(dict.fromkeys(TEXTS.split(), read_text))
    return desk


def close_desk(
    desk: Desk,
    warnings: list[str],
    problem: str = "The file has column names, but nobody beneath them.",
    remedy: str = "Add one row for each person and upload it again.",
) -> Audience:
    rows = len(desk.accepted) + len(desk.refused)
    if not rows:
        raise BadInput(problem, remedy)
    warnings = [*warnings, *status_warnings(desk), *leaver_warnings(desk)]
    return Audience(desk.accepted, desk.refused, rows, warnings)


def read_header(header: Sequence[str]) -> list[Column]:
    """What each column means, in the file's order; BadInput when they cannot be used."""
    names = [" ".join(str(name).split()) for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise BadInput(
            "The file is empty.", "Put column names into its first line and people beneath them."
        )
    folded = {fold(name) for name in names}
    columns = [Column(i, name, field_of(name, folded)) for i, name in enumerate(names)]
    refuse_repeated(columns)
    require_identity(columns)
    return columns


def field_of(name: str, all_names: set[str]) -> str:
    if name[:2].casefold() == "x_" and len(name) > 2:
        return "x"
    key = fold(name)
    if key == "name" and "vorname" in all_names:
        # Beside "Vorname" a German list means the family name by "Name".
        return "surname"
    return fields_by_alias().get(key, "")


@cache
def fields_by_alias() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for name, aliases in ALIASES.items():
        for alias in (name, *aliases.split(";")):
            table[fold(alias)] = name
            table[fold(spell_out_umlauts(alias))] = name
    return table


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A name without case, accents, spaces and punctuation, so that spellings can be compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())


def spell_out_umlauts(text: str) -> str:
    return text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")


def refuse_repeated(columns: Iterable[Column]) -> None:
    first: dict[str, Column] = {}
    for column in columns:
        key = column.name.casefold() if column.field == "x" else column.field
        earlier = first.setdefault(key, column) if key else column
        if earlier is not column:
            raise BadInput(
                f"{place(earlier)} and {place(column)} mean the same thing.",
                "Keep one of them: delete the other, or rename it so that it starts with x_.",
            )


def require_identity(columns: Sequence[Column]) -> None:
    if any(column.field in IDS for column in columns):
        return
    if any("@" in column.name for column in columns):
        raise BadInput(
            "The first line holds a person, not column names.",
            'Insert a first line with column names such as "upn", "given_name", "start_date".',
        )
    found = ", ".join(f'"{clip(column.name, 30)}"' for column in columns[:10] if column.name)
    raise BadInput(
        f"No column says who the people are. Found: {found}.",
        'Name one column "upn" (sign-in name or work e-mail) or "aad_object_id", and delete any'
        " lines above the column names.",
    )


def require_names(unnamed: Iterable[int], cells: Sequence[Cell]) -> None:
    for index in unnamed:
        if index < len(cells) and not is_blank(cells[index : index + 1]):
            raise BadInput(
                f"Column {letter(index)} holds values, but has no name.",
                f"Name column {letter(index)} in the first line, or delete it.",
            )


def surplus_cells(cells: Sequence[Cell], width: int) -> list[Finding]:
    surplus = cells[width:]
    if not surplus or is_blank(surplus):
        return []
    value = next(as_text(cell) for cell in surplus if not is_blank([cell]))
    problem = f"The row has {len(cells)} cells, but there are only {width} column names."
    remedy = (
        "Put quotation marks around text that contains the separator, or empty the extra cells."
    )
    return [Finding("row", problem, remedy, value)]


def pick_cells(
    columns: Iterable[Column], cells: Sequence[Cell]
) -> tuple[dict[str, Cell], dict[str, Cell]]:
    values: dict[str, Cell] = {}
    own: dict[str, Cell] = {}
    for column in columns:
        if column.index < len(cells):
            if column.field == "x":
                own[column.name] = cells[column.index]
            else:
                values[column.field] = cells[column.index]
    return values, own


def ignored_columns(columns: Iterable[Column]) -> list[str]:
    names = [f'"{clip(column.name, 40)}"' for column in columns if column.name and not column.field]
    if not names:
        return []
    return [
        f"Not used, because the meaning is unknown: {enumerate_some(names)}."
        " Put x_ before a column's name to use it in a message."
    ]


def read_object(person: object) -> tuple[dict[str, Cell], dict[str, Cell], list[Finding]]:
    values: dict[str, Cell] = {}
    own: dict[str, Cell] = {}
    if not isinstance(person, Mapping):
        problem = "This is not an object with a person's fields."
        return values, own, [Finding("row", problem, 'Write {"upn": "anna@contoso.com"}.')]
    findings: list[Finding] = []
    for key, value in person.items():
        name = str(key)
        is_own = name[:2].casefold() == "x_" and len(name) > 2
        if not is_own and (name not in ALIASES or name in FILE_ONLY):
            findings.append(unknown_key(name))
        elif value is not None and not isinstance(value, str):
            findings.append(wrong_type(name, value))
        else:
            (own if is_own else values)[name] = value
    return values, own, findings


def unknown_key(key: str) -> Finding:
    nearest = nearest_field(key[:60])
    remedy = (
        f'Did you mean "{nearest}"?'
        if nearest
        else f"Known are {', '.join(known_fields())}; own fields start with x_."
    )
    return Finding(clip(key, 40), f'There is no field "{clip(key, 40)}".', remedy, key)


@lru_cache(maxsize=256)
def nearest_field(key: str) -> str | None:
    found = fields_by_alias().get(fold(key))
    if not found:
        alike = [alias for alias in fields_by_alias() if alias[:1] == fold(key)[:1]]
        near = difflib.get_close_matches(fold(key), alike, n=1, cutoff=0.7)
        found = fields_by_alias()[near[0]] if near else None
    return {"mail": "upn", "preferred_name": "given_name"}.get(found or "", found)


def wrong_type(key: str, value: object) -> Finding:
    problem = f'"{clip(key, 40)}" must be text, not {json_name(value)}.'
    remedy = "Write it in quotation marks"
    remedy += ", so that leading zeros stay." if key == "employee_id" else "."
    return Finding(clip(key, 40), problem, remedy, "" if isinstance(value, list) else str(value))


def json_name(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def settle(
    desk: Desk,
    number: int,
    values: Mapping[str, Cell],
    own: Mapping[str, Cell],
    findings: list[Finding],
) -> None:
    """Put one row on the accepted or the refused pile, and remember who was in it."""
    read = read_fields(desk, values, findings)
    extras = read_own(own, findings)
    person = assemble(desk, number, read, extras)
    left = judge_status(desk, read.get("status"), findings)
    judge_identity(person, findings)
    judge_relations(person, findings)
    if not findings:
        judge_uniqueness(desk, person, findings)
    if left:
        desk.leavers.append((number, person.aad_object_id, person.upn))
    if findings:
        desk.refused.append(refuse(number, findings))
    else:
        admit(desk, person)


def read_fields(
    desk: Desk, values: Mapping[str, Cell], findings: list[Finding]
) -> dict[str, object]:
    read: dict[str, object] = {}
    for name, cell in values.items():
        if cell is None or cell == "":
            continue
        try:
            read[name] = desk.parsers[name](cell)
        except BadInput as fault:
            findings.append(Finding(name_outside(name), fault.problem, fault.remedy, as_text(cell)))
    return read


def name_outside(name: str) -> str:
    return {"mail": "upn", "preferred_name": "given_name"}.get(name, name)


def read_own(own: Mapping[str, Cell], findings: list[Finding]) -> dict[str, str]:
    extras: dict[str, str] = {}
    for name, cell in own.items():
        try:
            text = clean(cell)
        except BadInput as fault:
            findings.append(Finding(clip(name, 40), fault.problem, fault.remedy, as_text(cell)))
        else:
            if text:
                extras[name] = text
    return extras


def assemble(
    desk: Desk, number: int, read: Mapping[str, object], extras: Mapping[str, str]
) -> PersonRow:
    def text(name: str) -> str | None:
        value = read.get(name)
        return value if isinstance(value, str) else None

    def shared(name: str) -> str | None:
        # Departments and offices repeat: one object each keeps 100,000 rows small.
        value = text(name)
        return desk.texts.setdefault(value, value) if value else None

    started = read.get("start_date")
    return PersonRow(
        row=number,
        aad_object_id=text("aad_object_id"),
        upn=text("upn") or text("mail"),
        display_name=text("display_name"),
        given_name=text("preferred_name") or text("given_name"),
        surname=text("surname"),
        locale=shared("locale"),
        time_zone=shared("time_zone"),
        start_date=started if isinstance(started, dt.date) else None,
        department=shared("department"),
        job_title=shared("job_title"),
        office=shared("office"),
        manager_upn=shared("manager_upn"),
        buddy_upn=shared("buddy_upn"),
        employee_id=text("employee_id"),
        x=extras,
    )


def judge_status(desk: Desk, status: object, findings: list[Finding]) -> bool:
    """Whether the status says that nobody is to be welcomed; that finding goes first."""
    if not isinstance(status, str):
        return False
    key = fold(status)
    if key in statuses(LEFT):
        problem = f'The status says "{clip(status, 40)}": this person is not to be welcomed.'
        remedy = "Delete the row, or correct the status if the person does start."
        findings.insert(0, Finding("status", problem, remedy, status))
        return True
    if key not in statuses(COMING) and (
        status in desk.odd_statuses or len(desk.odd_statuses) < 100
    ):
        desk.odd_statuses[status] = desk.odd_statuses.get(status, 0) + 1
    return False


@cache
def statuses(names: str) -> frozenset[str]:
    return frozenset(fold(name) for name in names.split(";"))


def judge_identity(person: PersonRow, findings: list[Finding]) -> None:
    faulty = {finding.field for finding in findings}
    if person.aad_object_id or person.upn or faulty & {"aad_object_id", "upn", "row"}:
        return
    problem = "The row does not say who it is: neither sign-in name nor object id."
    remedy = "Fill in upn (the sign-in name or work e-mail) or aad_object_id."
    findings.append(Finding("upn", problem, remedy))


def judge_relations(person: PersonRow, findings: list[Finding]) -> None:
    for name, other in (("manager", person.manager_upn), ("buddy", person.buddy_upn)):
        if other and other == person.upn:
            problem = f"The person is their own {name}."
            remedy = f"Write the {name}'s address, or leave the cell empty."
            findings.append(Finding(f"{name}_upn", problem, remedy, other))


def judge_uniqueness(desk: Desk, person: PersonRow, findings: list[Finding]) -> None:
    by_id = desk.by_object_id.get(person.aad_object_id or "")
    by_upn = desk.by_upn.get(person.upn or "")
    if by_id and by_upn and by_id is not by_upn:
        findings.append(two_people_at_once(person, by_id, by_upn))
    elif by_id:
        findings.append(repeated("aad_object_id", person, by_id))
    elif by_upn:
        findings.append(repeated("upn", person, by_upn))
    else:
        taken = desk.by_employee_id.get((person.employee_id or "").casefold())
        if taken:
            findings.append(borrowed_employee_id(person, taken))


def two_people_at_once(person: PersonRow, by_id: PersonRow, by_upn: PersonRow) -> Finding:
    problem = f"The object id belongs to row {by_id.row}, but the sign-in name to row {by_upn.row}."
    remedy = "Correct the two so that both mean the same person, or delete this row."
    return Finding("aad_object_id", problem, remedy, person.aad_object_id or "")


def repeated(name: str, person: PersonRow, earlier: PersonRow) -> Finding:
    other = "upn" if name == "aad_object_id" else "aad_object_id"
    mine, theirs = getattr(person, other), getattr(earlier, other)
    value = str(getattr(person, name))
    label = {"aad_object_id": "object id", "upn": "sign-in name"}
    if mine and theirs and mine != theirs:
        problem = f"Row {earlier.row} has the same {label[name]}, but another {label[other]}."
        return Finding(name, problem, "Correct whichever is wrong, or delete one row.", value)
    problem = f"The same person is already in row {earlier.row}."
    return Finding(name, problem, f"Delete this row; row {earlier.row} is used.", value)


def borrowed_employee_id(person: PersonRow, taken: PersonRow) -> Finding:
    problem = f"Row {taken.row} has the same employee id, but is another person."
    remedy = "Correct the employee id, or delete one of the two rows."
    return Finding("employee_id", problem, remedy, person.employee_id or "")


def admit(desk: Desk, person: PersonRow) -> None:
    desk.accepted.append(person)
    if person.aad_object_id:
        desk.by_object_id[person.aad_object_id] = person
    if person.upn:
        desk.by_upn[person.upn] = person
    if person.employee_id:
        desk.by_employee_id[person.employee_id.casefold()] = person


def refuse(number: int, findings: Sequence[Finding]) -> RefusedRow:
    first = findings[0]
    further = [
        f"{finding.field}: {finding.problem}{' ' if finding.remedy else ''}{finding.remedy}"
        for finding in findings[1:10]
    ]
    problem = " Also ".join([first.problem, *further])
    return RefusedRow(number, first.field, problem, first.remedy, clip(first.value, 100))


def status_warnings(desk: Desk) -> list[str]:
    if not desk.odd_statuses:
        return []
    names = [f'"{clip(name, 40)}" ({count})' for name, count in desk.odd_statuses.items()]
    return [f"Status without a known meaning, read as active: {enumerate_some(names)}."]


def leaver_warnings(desk: Desk) -> list[str]:
    pairs = [
        f"row {number} and row {person.row}"
        for number, object_id, upn in desk.leavers
        if (person := desk.by_object_id.get(object_id or "") or desk.by_upn.get(upn or ""))
    ]
    if not pairs:
        return []
    return [
        f"The same person is both leaving and accepted: {enumerate_some(pairs)}."
        " Check these before sending."
    ]


def clean(cell: Cell) -> str:
    """A cell as text without the blanks around it; "" when it stands for nothing.

    Raises BadInput for what no message may contain: Excel's error values, control characters,
    letters broken by a wrong encoding, more than 4,000 characters.
    """
    text = as_text(cell).strip().strip(INVISIBLE).strip()
    if text.lower() in EMPTY:
        return ""
    if len(text) > MAX_CELL:
        raise BadInput(
            f"The cell holds more than {MAX_CELL:,} characters.",
            "Shorten it; perhaps a quotation mark is missing here.",
        )
    if text[0] in "#='":
        text = unwrap(text)
    if not text.isascii() or not text.isprintable():
        refuse_broken(text)
    return text


def unwrap(text: str) -> str:
    """What is meant by ="00123" and by '+49; an error value such as #REF! is refused."""
    if EXCEL_ERROR.fullmatch(text):
        raise BadInput(
            f"The cell shows Excel's error {text}.", "Mend the formula, or write the value itself."
        )
    if text[0] == "'":
        return text[1:] if text[1:2] in tuple("=+-@") else text
    quoted = TEXT_FORMULA.fullmatch(text)
    return quoted[1].strip() if quoted else text


def refuse_broken(text: str) -> None:
    if UNPRINTABLE.search(text):
        raise BadInput(
            "The cell holds an invisible control character.",
            "Delete the cell's content and type it again instead of pasting it.",
        )
    if BROKEN_LETTERS.search(text):
        raise BadInput(
            f'The letters of "{clip(text, 40)}" are broken.',
            'Export the file again and save it as "CSV UTF-8" or as an Excel workbook.',
        )


def as_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ", "minutes")
    return cell.isoformat()


def is_blank(cells: Iterable[Cell]) -> bool:
    """Whether nothing can be seen in any of the cells."""
    return not any(as_text(cell).strip().strip(INVISIBLE) for cell in cells if cell)


def read_text(cell: Cell) -> str | None:
    text = " ".join(clean(cell).split())
    if len(text) > MAX_TEXT:
        raise BadInput(
            f"The text is longer than {MAX_TEXT} characters.",
            "Shorten it, or put long texts into a column whose name starts with x_.",
        )
    return text or None


def refuse_formula(text: str) -> None:
    if text[0] in "=+-@":
        raise BadInput(
            f'"{clip(text, 40)}" looks like a formula.', "Write the value itself into the cell."
        )


def read_object_id(cell: Cell) -> str | None:
    text = clean(cell)
    if not text:
        return None
    refuse_formula(text)
    if "@" in text:
        raise BadInput(
            f'"{clip(text, 60)}" is an address, not an object id.',
            "Put it into the column upn.",
        )
    if not re.fullmatch(r"\{?[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}?", text):
        raise BadInput(
            f'"{clip(text, 60)}" is not an object id.',
            "Copy the Object ID from the person's page in Entra; it has 36 characters such as"
            " 87d349ed-44d7-43e1-9a83-5f2406dee5bd.",
        )
    guid = uuid.UUID(text.strip("{}"))
    if not guid.int:
        raise BadInput(
            "The object id is all zeros.", "Copy the Object ID from the person's page in Entra."
        )
    return str(guid)


def read_employee_id(cell: Cell) -> str | None:
    text = clean(cell)
    if not text:
        return None
    refuse_formula(text)
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", text, re.IGNORECASE):
        raise BadInput(
            f'Excel has shortened the employee id to "{clip(text, 40)}".',
            "Format the column as text, enter the id again and save the file again.",
        )
    if len(text) > MAX_EMPLOYEE_ID:
        raise BadInput(
            f"The employee id has {len(text)} characters; Microsoft 365 keeps {MAX_EMPLOYEE_ID}.",
            "Shorten it, or put it into a column named x_employee_id.",
        )
    return text


def read_address(cell: Cell, label: str) -> str | None:
    """A sign-in name or e-mail address in lower case; "Anna Berg <anna@contoso.com>" is unwrapped.

    The letters a userPrincipalName may have: https://learn.microsoft.com/graph/api/resources/user
    """
    text = clean(cell)
    if not text:
        return None
    boxed = re.fullmatch(r"[^<>@]*<([^<>\s]+)>", text)
    address = boxed[1] if boxed else text
    if len(address) > MAX_ADDRESS or ".." in address or not ADDRESS.fullmatch(address):
        refuse_formula(address)
        problem, remedy = explain_address(address)
        raise BadInput(f'The {label} "{clip(text, 60)}" {problem}.', remedy)
    return address.lower()


# A mailbox may have + & * too; Entra refuses them in a sign-in name, but finds people by mail.
ADDRESS = re.compile(
    r"[A-Za-z0-9_!#$%&'*/?^`{|}~](?:[A-Za-z0-9._!#$%&'*+/?^`{|}~-]{0,62}[A-Za-z0-9_!#$%&'*+/?^`{|}~-])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)


def explain_address(text: str) -> tuple[str, str]:
    """What is wrong with an address and what to write instead; the first reason that fits."""
    before, _, behind = text.partition("@")
    for fits, problem, remedy in (
        (text.lower().startswith("mailto:"), "is a link", f"Write {write_instead(text[7:])}"),
        ("＠" in text, "has a full-width ＠", f"Write {write_instead(text.replace('＠', '@'))}"),
        (is_object_id(text), "is an object id", "Put it into the column aad_object_id."),
        ("@" not in text, "has no @", "Write it in full, such as anna@contoso.com."),
        (text.count("@") > 1, "has more than one @", "Write one address, one person per row."),
        (bool(re.search(r"\s", text)), "contains a space", "Write one address without spaces."),
        (not before, "has nothing before the @", "Write it in full, such as anna@contoso.com."),
        (not behind, "has no domain behind the @", "Add the domain, such as contoso.com."),
        (text[-1] in ".,;:", f'ends in "{text[-1]}"', f"Write {write_instead(text)}"),
        (
            not text.isascii(),
            f"contains {first_foreign(text)}",
            "Use plain letters, as at sign-in.",
        ),
        ("." not in behind, "has no full domain", "Add the ending, such as .com."),
        (".." in text, "has two dots in a row", "Delete one of them."),
        (
            len(text) > MAX_ADDRESS,
            f"is longer than {MAX_ADDRESS} characters",
            "Use the sign-in name.",
        ),
    ):
        if fits:
            return problem, remedy
    return "is not a valid address", "Copy it from the person's page in Entra or Outlook."


def write_instead(text: str) -> str:
    guess = re.sub(r"\s", "", text.partition("?")[0]).rstrip(".,;:").lower()
    return f"{guess}." if ADDRESS.fullmatch(guess) else "the plain address."


def is_object_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text))


def first_foreign(text: str) -> str:
    return next((f'"{char}"' for char in text if not char.isascii()), "")


def read_date_format(date_format: str | None) -> bool | None:
    """Whether the day comes first in 03/04/2026: yes, no, or not known."""
    if date_format is None:
        return None
    order = re.sub(r"(.)\1+", r"\1", re.sub(r"[^a-z]", "", date_format.lower()))
    if order not in ("dmy", "mdy"):
        raise BadInput(
            f'The date format "{clip(date_format, 40)}" is unknown.',
            "Use DD/MM/YYYY or MM/DD/YYYY.",
        )
    return order == "dmy"


def read_start_date(cell: Cell, today: dt.date, day_first: bool | None) -> dt.date | None:
    """The day somebody starts, between 1950 and five years after `today`."""
    if isinstance(cell, dt.date):
        day = cell.date() if isinstance(cell, dt.datetime) else cell
    else:
        text = clean(cell)
        if not text:
            return None
        day = read_day(text, day_first)
    if day.year < 1950 or day > five_years_after(today):
        raise BadInput(
            f"The start date {day.isoformat()} cannot be right.",
            "Check the year; it must not be before 1950 or more than five years ahead.",
        )
    return day


def five_years_after(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year + 5)
    except ValueError:
        return day.replace(year=day.year + 5, day=28)


CLOCK = re.compile(
    r"[T ]\s*[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AP]M)?(Z| ?[+-][0-9:]{2,6})?$", re.I
)
YEAR_FIRST = re.compile(r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))")
YEAR_LAST = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{4}|[0-9]{2})")
DAY_MONTH_NAME = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th|er|\.)?[\s-]+(?:de\s+)?([^\W\d_]{3,})[.,]?[\s-]+(?:de\s+)?([0-9]{4}|[0-9]{2})",
    re.I,
)
MONTH_NAME_DAY = re.compile(
    r"([^\W\d_]{3,})\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})", re.I
)
SERIAL = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")


@lru_cache(maxsize=4096)
def read_day(text: str, day_first: bool | None) -> dt.date:
    """A date in words or digits. Raises BadInput when it has no reading, or more than one."""
    if len(text) > 60:
        raise not_a_date(text)
    bare = CLOCK.sub("", text)
    if found := YEAR_FIRST.fullmatch(bare):
        year, _, month, day, packed_month, packed_day = found.groups()
        return on_calendar(text, int(year), int(month or packed_month), int(day or packed_day))
    if found := YEAR_LAST.fullmatch(bare):
        first, mark, second, year = found.groups()
        if len(year) == 2:
            raise two_digit_year(text)
        month_, day_ = order_parts(
            text, int(first), int(second), int(year), True if mark == "." else day_first
        )
        return on_calendar(text, int(year), month_, day_)
    return read_named_day(text, bare)


def read_named_day(text: str, bare: str) -> dt.date:
    if found := DAY_MONTH_NAME.fullmatch(bare):
        day, name, year = found.groups()
    elif found := MONTH_NAME_DAY.fullmatch(bare):
        name, day, year = found.groups()
    else:
        raise not_a_date(text)
    month = months_by_name().get(fold(name))
    if not month:
        raise not_a_date(text)
    if len(year) == 2:
        raise two_digit_year(text)
    return on_calendar(text, int(year), month, int(day))


def order_parts(
    text: str, first: int, second: int, year: int, day_first: bool | None
) -> tuple[int, int]:
    """Month and day of 25/03/2026 or 03/25/2026; 03/04/2026 needs to be told which comes first."""
    if day_first is None:
        if first == second or first > 12:
            day_first = True
        elif second > 12:
            day_first = False
        else:
            one, other = f"{year}-{second:02}-{first:02}", f"{year}-{first:02}-{second:02}"
            raise BadInput(
                f'"{text}" can mean {one} or {other}.',
                f"Write {one} or {other}, or choose the file's format: DD/MM/YYYY or MM/DD/YYYY.",
            )
    return (second, first) if day_first else (first, second)


def on_calendar(text: str, year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise BadInput(
            f'"{text}" is not a day of the calendar.', "Check day and month; write YYYY-MM-DD."
        ) from None


def two_digit_year(text: str) -> BadInput:
    return BadInput(f'The year in "{text}" has only two digits.', "Write it as YYYY-MM-DD.")


def not_a_date(text: str) -> BadInput:
    if SERIAL.fullmatch(text):
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(text[:5]))
        return BadInput(
            f'"{text}" is Excel\'s inner number for a day, perhaps {day.isoformat()}.',
            "Format the column as a date and save the file again.",
        )
    return BadInput(f'"{clip(text, 40)}" is not a date.', "Write it as YYYY-MM-DD.")


@cache
def months_by_name() -> Mapping[str, int]:
    table: dict[str, int] = {"sept": 9}
    for language in ("en", "de", "es", "fr"):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                names = Locale(language).months[context][width]
                table.update({fold(name): number for number, name in names.items()})
    return table


def read_time_zone(cell: Cell) -> str | None:
    """An IANA zone; the names of Windows are translated by Unicode's table."""
    text = clean(cell)
    return find_time_zone(text) if text else None


@lru_cache(maxsize=4096)
def find_time_zone(text: str) -> str:
    key = text.casefold().replace(" ", "_")
    found = zones().get(key) or windows_zones().get(text.casefold())
    if found:
        return found
    near = nearest_zone(text)
    remedy = f"Write its IANA name, {'perhaps' if near else 'such as'} {near or 'Europe/Berlin'}."
    raise BadInput(f'"{clip(text, 60)}" is not a time zone.', remedy)


@cache
def zones() -> Mapping[str, str]:
    # Short names such as EST are a fixed offset all year, hardly what HR means by them.
    names = {name for name in zoneinfo.available_timezones() if "/" in name} | {"UTC", "GMT"}
    return {name.casefold(): name for name in sorted(names) if not name.startswith("posix")}


@cache
def windows_zones() -> Mapping[str, str]:
    table: Mapping[str, str] = get_global("windows_zone_mapping")
    return {name.casefold(): zone for name, zone in table.items()}


@cache
def zones_by_city() -> Mapping[str, str]:
    names = [name for name in zones().values() if "/" in name and not name.startswith("Etc/")]
    return {fold(name.rsplit("/", 1)[-1]): name for name in names}


@cache
def zones_by_abbreviation() -> Mapping[str, str]:
    groups = [group.split() for group in ZONE_ABBREVIATIONS.split(";")]
    return {short: zone for *shorts, zone in groups for short in shorts}


def nearest_zone(text: str) -> str | None:
    words = re.split(r"[^\w]+", text[:100])
    for word in words:
        if fold(word) in zones_by_abbreviation():
            return zones_by_abbreviation()[fold(word)]
    cities = zones_by_city()
    city = fold(text[:100].rsplit("/", 1)[-1])
    for guess in (city, *map(fold, words)):
        if guess in cities:
            return cities[guess]
    alike = [name for name in cities if name[:1] == city[:1]]
    near = difflib.get_close_matches(city[:40], alike, n=1, cutoff=0.7)
    return cities[near[0]] if near else None


def read_locale(cell: Cell) -> str | None:
    """A language tag (BCP 47) in its usual spelling: de, de-DE, zh-Hans-CN."""
    text = clean(cell)
    return find_locale(text) if text else None


@lru_cache(maxsize=4096)
def find_locale(text: str) -> str:
    try:
        language, territory, script, *rest = parse_locale(text.replace("_", "-"), sep="-")
    except ValueError:
        raise unknown_locale(text) from None
    english = Locale("en")
    known = (
        language in english.languages
        and (not territory or territory in english.territories)
        and (not script or script in english.scripts)
        and not any(rest)
    )
    if not known:
        raise unknown_locale(text)
    return "-".join(part for part in (language, script, territory) if part)


def unknown_locale(text: str) -> BadInput:
    near = nearest_locale(text)
    return BadInput(
        f'"{clip(text, 40)}" is not a language tag.',
        f"Write {near}." if near else "Write a tag such as en-GB, de-DE, es-ES or fr-FR.",
    )


def nearest_locale(text: str) -> str | None:
    words = [fold(word) for word in re.split(r"[^\w]+", text[:60])]
    language = next((tags_by_name()[word] for word in words if word in tags_by_name()), None)
    if language:
        return language
    if len(words) == 2 and words[0] in Locale("en").languages:
        alias = get_global("territory_aliases").get(words[1].upper())
        return f"{words[0]}-{alias[0]}" if alias else with_territory(words[0])
    return None


@cache
def tags_by_name() -> Mapping[str, str]:
    """Language names in English, German, Spanish, French and their own tongue, to a full tag."""
    table: dict[str, str] = {}
    for code in LANGUAGES.split():
        for tongue in ("en", "de", "es", "fr", code):
            name = Locale(tongue).languages.get(code)
            if name:
                table.setdefault(fold(name), with_territory(code))
    return table


def with_territory(language: str) -> str:
    likely: str = get_global("likely_subtags").get(language, "")
    territory = likely.rpartition("_")[2]
    return f"{language}-{territory}" if len(territory) == 2 else language


def place(column: Column) -> str:
    return f'Column {letter(column.index)} "{clip(column.name, 40)}"'


def letter(index: int) -> str:
    """A column's letters as a spreadsheet shows them: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def clip(text: str, length: int) -> str:
    """A text that fits into a sentence: no control characters, at most `length` characters."""
    shown = "".join(char if char.isprintable() else " " for char in text[: length + 1])
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def enumerate_some(items: Sequence[str], most: int = 10) -> str:
    listed = ", ".join(items[:most])
    return f"{listed} and {len(items) - most} more" if len(items) > most else listed
