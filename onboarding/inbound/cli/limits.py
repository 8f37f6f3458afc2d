"""The rate limits that all processes share: look at them, adjust them while everything runs."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import AsJson, print_table, table, with_app

if TYPE_CHECKING:
    from onboarding.wiring import App

commands = typer.Typer(help="The rate limits: look at them, adjust them.", no_args_is_help=True)

DEFAULT = "default"


@commands.command("show")
def show(as_json: AsJson = False) -> None:
    """Every rate limit: what it is, how much of it is in use, and whether it rests."""
    _print(with_app(_limits), as_json)


@commands.command("set")
def adjust(
    limit: Annotated[str, typer.Argument(help="Which, as `limits show` names it.")],
    per_second: Annotated[
        str, typer.Argument(help="Requests a second, or `default` for the setting.")
    ],
    as_json: AsJson = False,
) -> None:
    """Adjust a rate limit for all processes, at once and until it is set to `default`."""

    async def run(opened: "App") -> dict[str, Any]:
        from onboarding import views

        lane = views.lane(opened.settings.budgets, limit)
        await opened.intake.adjust(lane, opened.settings.azure_tenant_id, _rate(per_second))
        return await _limits(opened)

    _print(with_app(run), as_json)


async def _limits(opened: "App") -> dict[str, Any]:
    from onboarding import views

    settings = opened.settings
    return await opened.database.do(views.limits, settings.azure_tenant_id, settings.budgets)


def _rate(text: str) -> float | None:
    if text == DEFAULT:
        return None
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"{text!r} is no number.", f"Write it like 30, or {DEFAULT}.") from None


def _print(limits: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(limits))
        return
    made = table("limit", "per second", "in use", "rests", "")
    for one in limits["items"]:
        rate = f"{one['per_second']:g}" + (" (adjusted)" if one["adjusted"] else "")
        made.add_row(
            one["lane"], rate, f"{one['share']:.0%}", f"{one['rests_s']:g} s", one["stopped"] or ""
        )
    print_table(made)
