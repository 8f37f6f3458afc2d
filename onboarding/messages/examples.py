"""People and occasions to try a message with, from everything known to nothing known."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from onboarding.messages.safety import LONG

_TODAY = date(2026, 3, 2)
_APP = {
    "name": "Onboarding",
    "company": "Contoso",
    "hr_contact": "people@contoso.example",
    "handbook_url": "https://intranet.contoso.example/handbook",
    "console_url": "https://onboarding.contoso.example/console/",
}
_ANA = {
    "given_name": "Ana",
    "display_name": "Ana García",
    "upn": "ana@contoso.example",
    "job_title": "Service engineer",
    "department": "Field service",
    "office": "Madrid",
    "time_zone": "Europe/Madrid",
    "start_date": date(2026, 3, 9),
    "manager": {"display_name": "Jo Fraser", "given_name": "Jo", "upn": "jo@contoso.example"},
    "buddy": {"display_name": "Sam Okafor", "given_name": "Sam", "upn": "sam@contoso.example"},
    "x": {"x_locker": "B 12"},
}
_HOSTILE = (
    '"}],"x":[{ {{ settings }} [click](javascript:alert(1)) **bold** <at>everyone</at> '
    "<script>alert(1)</script> {{DATE(2026-03-02T00:00:00Z)}} 1. # - `code` https://x.example \\ "
)
_LONG = (_HOSTILE * 5)[:LONG]
_STRANGER = {"display_name": _LONG, "given_name": _LONG, "upn": _LONG}
_TEAM = {"id": "19:field-service@thread.tacv2", "name": "Field service Iberia"}

EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "joined a team": {
            "person": _ANA,
            "team": _TEAM,
            "channel": {"name": "General"},
            "trigger": {"kind": "team_join", "who": "Kim Nguyen"},
            "app": _APP,
            "today": _TODAY,
            "text": "Lunch on Thursday?",
            "existing_members": "ask",
            "existing_count": 12,
        },
        "on HR's list": {
            "person": _ANA | {"start_date": _TODAY, "buddy": None},
            "batch": {"id": "b1", "name": "March starters", "submitted_by": "Robin Meyer"},
            "trigger": {"kind": "batch"},
            "app": _APP | {"handbook_url": None},
            "today": _TODAY,
            "steps_done": ["profile"],
            "existing_count": 1,
        },
        "all done, messages stopped": {
            "person": {"given_name": "Noa", "start_date": date(2026, 2, 27)},
            "trigger": {"kind": "request"},
            "app": {"company": "Contoso"},
            "today": _TODAY,
            "steps_done": ["profile", "say_hello", "first_week"],
            "opted_out": True,
        },
        "little known": {
            "person": {"display_name": "שרה לוי"},
            "team": _TEAM,
            "trigger": {"kind": "team_join"},
            "existing_members": "always",
        },
        "long and hostile names": {
            "person": _STRANGER
            | {"department": _LONG, "manager": _STRANGER, "buddy": _STRANGER, "start_date": _TODAY},
            "team": {"id": _LONG, "name": _LONG},
            "channel": {"name": _LONG},
            "batch": {"id": _LONG, "name": _LONG, "submitted_by": _LONG},
            "trigger": {"kind": "team_join", "who": _LONG},
            "app": {"name": _LONG, "company": _LONG, "hr_contact": _LONG, "handbook_url": _LONG},
            "text": _LONG,
            "today": _TODAY,
        },
        "nothing known": {},
    }
)
"""Contexts by what they stand for; the first one has a value for every variable."""
