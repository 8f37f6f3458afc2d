"""One person: everything that is known about them, and how to forget it."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import AsJson, print_table, table, with_app

if TYPE_CHECKING:
    from onboarding.wiring import App

commands = typer.Typer(help="One person: their whole story; forget them.", no_args_is_help=True)

PersonId = Annotated[str, typer.Argument(help="Object id, sign-in name (UPN) or 29:… id.")]


@commands.command()
def show(person_id: PersonId, as_json: AsJson = False) -> None:
    """Everything that the ledger knows about one person, as a timeline."""
    from onboarding import views

    async def look(opened: "App") -> tuple[dict[str, Any], ZoneInfo]:
        tenant = opened.settings.azure_tenant_id
        seen = await opened.database.do(views.person, tenant, person_id)
        return seen, ZoneInfo(opened.settings.default_time_zone)

    seen, zone = with_app(look)
    if as_json:
        print(json.dumps(seen))
        return
    _print_profile(seen)
    _print_timeline(seen, zone)


@commands.command()
def erase(
    person_id: PersonId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget one person; says what was kept, and why."""
    from onboarding.erasure import erase as forget

    _make_sure(person_id, yes)
    erased = with_app(
        lambda opened: opened.database.do(
            forget, opened.settings.azure_tenant_id, person_id, datetime.now(UTC)
        )
    )
    if as_json:
        print(json.dumps(erased))
        return
    _print_erased(erased)


def _make_sure(person_id: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("Erasing cannot be undone.", "Repeat the command with --yes.")
    typer.confirm(f"Erase {person_id}? This cannot be undone.", abort=True, err=True)


def _print_profile(seen: dict[str, Any]) -> None:
    known = seen["profile"]
    if known is None:
        print(f"{seen['aad_object_id']}: no profile is kept, only what follows.")
        return
    named = known["display_name"] or "Somebody whose name is not kept"
    print(f"{named} ({known['upn'] or seen['aad_object_id']})")
    facts = {
        "object id": seen["aad_object_id"],
        "job": _joined(known, "job_title", "department", "office"),
        "first day": known["start_date"] or known["hire_date"],
        "language": known["locale_asked"] or known["locale"] or known["locale_seen"],
        "time zone": known["time_zone"],
        "manager": (known["manager"] or {}).get("display_name"),
        "employee id": known["employee_id"],
        "employment": known["employment"] if known["employment"] > 1 else None,
        "account": _account(known),
        "app": {True: "installed", False: "not installed", None: None}[known["installed"]],
        "messages": _wish(known),
        "teams": ", ".join(t["name"] or t["id"] for t in seen["teams"] if t["member"]),
        "steps done": ", ".join(one["step"] for one in seen["steps"] if one["done"]),
    }
    shown = table("fact", "value")
    shown.show_header = False
    for name, value in facts.items():
        if value:
            shown.add_row(f"  {name}", str(value))
    print_table(shown)


def _joined(known: dict[str, Any], *names: str) -> str:
    return ", ".join(known[name] for name in names if known[name])


def _wish(known: dict[str, Any]) -> str:
    if known["opted_out"]:
        return "opted out: only answers"
    return "blocked the bot: nothing until they write to it" if known["blocked"] else "welcome"


def _account(known: dict[str, Any]) -> str | None:
    if known["is_enabled"] is False:
        return "disabled"
    return "guest" if known["is_guest"] else None


def _print_timeline(seen: dict[str, Any], zone: ZoneInfo) -> None:
    shown = table("when", "what")
    shown.show_header = False
    for event in seen["timeline"]:
        at = datetime.fromisoformat(event["at"]).astimezone(zone)
        next_step = f" {event['remedy']}" if event["remedy"] else ""
        shown.add_row(at.strftime("%Y-%m-%d %H:%M"), event["what"] + next_step)
    print_table(shown)
    for one in seen["deliveries"]:
        if one["due_at"]:
            due = datetime.fromisoformat(one["due_at"]).astimezone(zone)
            print(f"next: {one['message']} at {due:%Y-%m-%d %H:%M %Z}")


def _print_erased(erased: dict[str, Any]) -> None:
    went = {
        "profile": erased["profile"],
        "ticked steps": erased["steps"],
        "team memberships": erased["memberships"],
        "names on messages": erased["nameless"],
        "mentions in what others were sent": erased["mentions"],
    }
    told = ", ".join(f"{number} {name}" for name, number in went.items() if number)
    print(f"Erased {erased['aad_object_id']}: {told or 'nothing was left to erase'}.")
    for sentence in erased["kept"]:
        print(f"  {sentence}")
    print("  The directory and Teams itself still know them; the bot learns them anew if they")
    print("  write to it, join a team that has it, or stand in a batch.")
