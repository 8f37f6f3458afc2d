"""People as the directory knows them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """One user of Microsoft Entra; ids and UPN are lower case, whatever is unknown is None.

    `has_teams_licence` is None unless the user's plans were read.
    """

    aad_object_id: str
    upn: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    company: str | None = None
    country: str | None = None
    locale: str | None = None
    employee_id: str | None = None
    start_date: date | None = None
    is_guest: bool = False
    is_enabled: bool = True
    has_teams_licence: bool | None = None
