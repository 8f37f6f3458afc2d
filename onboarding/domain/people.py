"""People: as the directory knows them, and as the ledger does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """One user of Microsoft Entra; ids and UPN are lower case, whatever is unknown is None.

    `has_teams_licence` is None unless the user's plans were read.
    """

    aad_object_id: str
    upn: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    mail: str | None = None
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    locale: str | None = None
    employee_id: str | None = None
    start_date: date | None = None
    is_guest: bool = False
    is_enabled: bool = True
    has_teams_licence: bool | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One person as the ledger knows them; `store.tables.people` tells what each field means."""

    tenant_id: str
    aad_object_id: str
    teams_id: str | None = None
    upn: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    locale: str | None = None
    locale_seen: str | None = None
    locale_asked: str | None = None
    time_zone: str | None = None
    employee_id: str | None = None
    start_date: date | None = None
    hire_date: date | None = None
    employment: int = 1
    is_guest: bool = False
    is_enabled: bool | None = None
    manager: Mapping[str, Any] | None = None
    profile_at: datetime | None = None
    conversation_id: str | None = None
    service_url: str | None = None
    installed: bool | None = None
    install_asked_at: datetime | None = None
    chat_at: datetime | None = None
    blocked: bool = False
    opted_out: bool = False
    opted_at: datetime | None = None
