"""The names a person's fields have, here and in the lists that HR systems write."""

from collections.abc import Mapping
from functools import cache, lru_cache

from onboarding.domain.audience.wording import closest, fold

# Besides its own name, each field has those of HR systems in English, German, Spanish and French.
ALIASES: Mapping[str, str] = {
    "aad_object_id": (
        "object id; entra object id; azure object id; azure ad object id; user object id; external "
        "directory object id; Objekt-ID; ID de objeto; ID del objeto; ID d'objet; ID de l'objet"
    ),
    "upn": (
        "user principal name; user name; login; sign-in name; Benutzerprinzipalname; Benutzername; "
        "Anmeldename; nombre principal de usuario; nombre de usuario; nom d'utilisateur principal; "
        "nom d'utilisateur"
    ),
    "mail": (
        "email; email address; work email; work email address; business email; company email; "
        "primary email; primary smtp address; E-Mail-Adresse; Mailadresse; geschäftliche E-Mail; "
        "geschäftliche E-Mail-Adresse; dienstliche E-Mail; correo; correo electrónico; correo "
        "corporativo; dirección de correo electrónico; courriel; adresse e-mail; adresse mail; "
        "adresse électronique; e-mail professionnel; adresse e-mail professionnelle"
    ),
    "display_name": (
        "name; full name; employee name; Anzeigename; vollständiger Name; nombre completo; nombre "
        "para mostrar; nom complet; nom d'affichage; nom affiché"
    ),
    "given_name": "first name; forename; Vorname; nombre; nombre de pila; primer nombre; prénom",
    "preferred_name": (
        "preferred first name; known as; nickname; Rufname; nombre preferido; prénom usuel; prénom "
        "d'usage"
    ),
    "surname": (
        "last name; family name; Nachname; Familienname; apellido; apellidos; nom; nom de famille"
    ),
    "locale": (
        "language; preferred language; Sprache; bevorzugte Sprache; idioma; idioma preferido; "
        "langue; langue préférée"
    ),
    "time_zone": "tz; Zeitzone; zona horaria; huso horario; fuseau horaire",
    "start_date": (
        "starting date; joining date; join date; date of joining; hire date; employee hire date; "
        "first day; first day of work; Eintrittsdatum; Eintritt; Startdatum; Einstellungsdatum; "
        "erster Arbeitstag; fecha de inicio; fecha de ingreso; fecha de incorporación; fecha de "
        "alta; fecha de contratación; date d'entrée; date d'arrivée; date de début; date "
        "d'embauche; premier jour"
    ),
    "department": "dept; Abteilung; departamento; département; service",
    "job_title": (
        "title; position; role; Stellenbezeichnung; Berufsbezeichnung; Jobtitel; Funktion; puesto; "
        "puesto de trabajo; cargo; poste; intitulé du poste; fonction"
    ),
    "office": (
        "office location; work location; location; site; Standort; Büro; Arbeitsort; Dienstort; "
        "oficina; sede; ubicación; lugar de trabajo; bureau; lieu de travail"
    ),
    "manager_upn": (
        "manager; manager email; manager mail; manager email address; line manager; line manager "
        "email; supervisor; supervisor email; reports to; Vorgesetzter; Vorgesetzte; Führungskraft;"
        " E-Mail Vorgesetzter; Vorgesetzter E-Mail; E-Mail Führungskraft; Führungskraft E-Mail; "
        "jefe; responsable; correo del jefe; correo del responsable; supérieur; e-mail du "
        "responsable; e-mail du manager"
    ),
    "buddy_upn": (
        "buddy; buddy email; onboarding buddy; mentor; mentor email; Pate; Patin; E-Mail Pate; "
        "correo del mentor; parrain; marraine; e-mail du parrain"
    ),
    "employee_id": (
        "employee number; employee no; personnel number; personnel no; worker id; staff id; "
        "Personalnummer; Personal-Nr.; Mitarbeiternummer; Mitarbeiter-ID; número de empleado; nº de"
        " empleado; id de empleado; numéro d'employé; matricule; numéro de matricule"
    ),
    "status": (
        "employment status; employee status; worker status; Mitarbeiterstatus; "
        "Beschäftigungsstatus; estado; estado laboral; statut"
    ),
}

# A file may have these columns beside the fields that they fill.
FILLS: Mapping[str, str] = {"mail": "upn", "preferred_name": "given_name"}


def known_fields() -> list[str]:
    """The names a person may have besides x_ ones, in the order HR sees them."""
    return [name for name in ALIASES if name not in FILLS]


def is_own(name: str) -> bool:
    """Whether a name starts with x_: a field of HR's own, for use in messages."""
    return name[:2].casefold() == "x_" and len(name) > 2


@cache
def fields_by_alias() -> Mapping[str, str]:
    """The field meant by each folded name."""
    table: dict[str, str] = {}
    for name, aliases in ALIASES.items():
        for alias in (name, *aliases.split(";")):
            table[fold(alias)] = name
            table[fold(_spell_out_umlauts(alias))] = name
    return table


@lru_cache(maxsize=256)
def nearest_field(name: str) -> str | None:
    """The field that was probably meant by an unknown name."""
    alias = closest(fold(name), fields_by_alias())
    found = fields_by_alias()[alias] if alias else None
    return FILLS.get(found or "", found)


def _spell_out_umlauts(text: str) -> str:
    return text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
