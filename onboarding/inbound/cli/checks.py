"""Looking for what is amiss: `doctor` at the whole, `reconcile` at one team or group."""

import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import (
    TO_MEND,
    AsJson,
    print_receipt,
    print_table,
    settings,
    table,
    with_app,
)

if TYPE_CHECKING:
    from onboarding.doctor import Check
    from onboarding.submission import Receipt
    from onboarding.wiring import App

commands = typer.Typer()

SHOWN_PEOPLE = 200


@commands.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that must be true before the bot works; changes nothing."""
    checks = _examined()
    well = all(check.level != "problem" for check in checks)
    if as_json:
        shown = [asdict(check) | {"ok": check.level != "problem"} for check in checks]
        print(json.dumps({"ok": well, "checks": shown}))
    else:
        _print_checks(checks)
    raise typer.Exit(0 if well else TO_MEND)


@commands.command()
def reconcile(
    team_or_group: Annotated[
        str, typer.Argument(help="A team's id (19:…), or the object id of a team or group.")
    ],
    send: Annotated[
        bool, typer.Option("--send", help="Submit whoever was missed as a batch.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who sends it, as newcomers read it.")] = "HR",
    as_json: AsJson = False,
) -> None:
    """Compare a roster with the ledger: who was never welcomed, and why."""
    from onboarding import reconcile as rolls

    async def run(opened: "App") -> "tuple[dict[str, Any], Receipt | None]":
        call = await rolls.call_roll(
            opened.settings,
            opened.database,
            opened.teams,
            opened.graph,
            opened.reading,
            team_or_group,
        )
        sent = await rolls.welcome_missed(opened.submissions, call, by) if send else None
        return rolls.shown(call), sent

    seen, receipt = with_app(run)
    if as_json:
        from onboarding.inbound.api import shown

        print(json.dumps(seen | {"batch": shown(receipt) if receipt else None}))
    else:
        _print_roll(seen, receipt)
    raise typer.Exit(TO_MEND if receipt and receipt.refused else 0)


def _examined() -> "list[Check]":
    from onboarding.doctor import examine, unreadable
    from onboarding.inbound.packaging import write_package
    from onboarding.wiring import TEMPLATES

    try:
        chosen = settings()
    except BadInput as error:
        return unreadable(error)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(
            examine(chosen, TEMPLATES, lambda: write_package(chosen, Path(folder), "1.0.0"))
        )


def _print_checks(checks: "list[Check]") -> None:
    from rich.text import Text

    colours = {"ok": "green", "note": "yellow", "problem": "bold red"}
    made = table("", "what", "found")
    for check in checks:
        found = f"{check.found} {check.remedy}".strip()
        made.add_row(Text(check.level, style=colours[check.level]), check.name, found)
    print_table(made)


def _print_roll(seen: dict[str, Any], receipt: "Receipt | None") -> None:
    states = seen["states"]
    counts = ", ".join(f"{number} {name}" for name, number in states.items() if number)
    print(f"{seen['name']}: {seen['members']} members = {counts or '0'}")
    made = table("state", "who", "why")
    for one in seen["people"][:SHOWN_PEOPLE]:
        who = one["upn"] or one["display_name"] or one["aad_object_id"] or "somebody"
        why = f"{one['reason'] or ''} {one['remedy'] or ''}".strip()
        made.add_row(one["state"], who, why)
    if seen["people"]:
        print_table(made)
    if len(seen["people"]) > SHOWN_PEOPLE:
        print(f"… and {len(seen['people']) - SHOWN_PEOPLE} more; --json shows them all")
    if receipt is not None:
        print_receipt(receipt, as_json=False)
    elif states["missed"]:
        print("Send them a welcome with --send.")
