"""The messages: which there are, what to mend in them, and how one looks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onboarding.errors import BadInput
from onboarding.inbound.cli.common import TO_MEND, AsJson, print_table, table, with_app

if TYPE_CHECKING:
    from rich.text import Text

    from onboarding.messages.catalogue import Catalogue
    from onboarding.messages.lint import Finding
    from onboarding.messages.render import Rendered

commands = typer.Typer(help="The messages: list, check, preview.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option(help="The folder of the messages; default: templates/.")
]


@commands.command("list")
def list_messages(folder: Folder = None, as_json: AsJson = False) -> None:
    """Every message: what it is for, who gets it, and its languages."""
    messages = _catalogue(folder).messages.values()
    if as_json:
        shown = [
            {
                "name": one.name,
                "title": one.about.title,
                "purpose": one.about.purpose,
                "audience": one.about.audience,
                "occasion": one.about.occasion,
                "languages": sorted(one.words),
                "version": one.version,
            }
            for one in messages
        ]
        print(json.dumps({"messages": shown}))
        return
    made = table("name", "audience", "languages", "purpose")
    for one in messages:
        made.add_row(one.name, one.about.audience, " ".join(sorted(one.words)), one.about.purpose)
    print_table(made)


@commands.command()
def lint(folder: Folder = None, as_json: AsJson = False) -> None:
    """Name file, line and remedy of whatever is wrong with the messages."""
    findings = _findings(folder)
    if as_json:
        print(json.dumps({"findings": findings}))
    else:
        for one in findings:
            where = f"{one['file']}:{one['line']}: " if one["file"] else ""
            print(f"{where}{one['problem']} {one['remedy']}")
        if not findings:
            print("Nothing to mend.")
    raise typer.Exit(TO_MEND if findings else 0)


@commands.command()
def preview(
    name: Annotated[str, typer.Argument(help="The message's name, as `message list` shows it.")],
    locale: Annotated[str | None, typer.Option(help="A language, such as de or es-MX.")] = None,
    seen_by: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="PERSON|EXAMPLE",
            help="Somebody's UPN or object id, or an example such as “on HR's list”.",
        ),
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show a message as text, or with --json the card itself."""
    from onboarding.messages.examples import EXAMPLES

    if seen_by is None or seen_by in EXAMPLES:
        context = EXAMPLES[seen_by or next(iter(EXAMPLES))]
        rendered = _rendered(_catalogue(folder), name, context, locale)
    elif folder is not None:
        raise BadInput(
            "--folder shows a message to examples only.", f"Examples are: {', '.join(EXAMPLES)}."
        )
    else:
        rendered = _as_seen_by(seen_by, name, locale)
    if as_json:
        print(json.dumps(rendered.card, ensure_ascii=False))
        return
    _print_card(rendered)


def _catalogue(folder: Path | None) -> "Catalogue":
    from onboarding.messages.catalogue import load

    return load(folder or _templates())


def _templates() -> Path:
    from onboarding.wiring import TEMPLATES

    return TEMPLATES


def _findings(folder: Path | None) -> list[dict[str, Any]]:
    """What is to be mended; one finding without file for what keeps the rest from being read."""
    from onboarding.messages.lint import lint as check

    shelf = folder or _templates()
    try:
        return [_shown(one, shelf) for one in check(_catalogue(folder))]
    except BadInput as error:
        return [{"file": None, "line": None, "problem": error.problem, "remedy": error.remedy}]


def _shown(one: "Finding", shelf: Path) -> dict[str, Any]:
    file = shelf / one.file
    near = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return {"file": str(near), "line": one.line, "problem": one.problem, "remedy": one.remedy}


def _rendered(
    catalogue: "Catalogue", name: str, context: Mapping[str, Any], locale: str | None
) -> "Rendered":
    from onboarding.messages.render import render

    return render(catalogue, name, context, locale)


def _as_seen_by(who: str, name: str, locale: str | None) -> "Rendered":
    from onboarding.inbound.preview import preview_for

    rendered: Rendered = with_app(lambda opened: preview_for(opened, name, who, locale))
    return rendered


def _print_card(rendered: "Rendered") -> None:
    from rich.console import Console, Group
    from rich.panel import Panel

    from onboarding.messages.text import lines

    console = Console(highlight=False, markup=False)
    said = [_styled(one.kind, one.text) for one in lines(rendered.card)]
    console.print(
        Panel(
            Group(*said),
            title=f"{rendered.message} ({rendered.locale})",
            subtitle=f"version {rendered.version}",
            width=min(76, console.width),
            padding=(1, 2),
        )
    )
    console.print(f"notification: {rendered.summary}")


def _styled(kind: str, text: str) -> "Text":
    from rich.text import Text

    styles = {"heading": "bold", "subtle": "dim", "button": "cyan"}
    return Text(text, style=styles.get(kind, ""))
