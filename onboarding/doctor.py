"""Everything that must be true before the bot works, each with its remedy."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from onboarding.clouds import is_loopback
from onboarding.errors import BadInput, OnboardingError, Refused, Retry
from onboarding.messages.catalogue import load
from onboarding.messages.lint import lint
from onboarding.outbound.clock import ahead_of_entra
from onboarding.outbound.graph import Graph
from onboarding.outbound.tokens import Tokens
from onboarding.settings import Settings
from onboarding.store.health import Tables, tables

MOST_SKEW_S = 120.0


class Level(StrEnum):
    """`note` is worth knowing and stops nothing; `problem` must be mended."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and what to do unless it is well."""

    name: str
    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """A Graph permission: the least one first, then wider ones that do as well."""

    names: tuple[str, ...]
    enables: str
    needed: bool


PERMISSIONS = (
    Permission(
        (
            "TeamsAppInstallation.ReadWriteSelfForUser.All",
            "TeamsAppInstallation.ReadWriteForUser.All",
        ),
        "installs the app for people who lack it",
        True,
    ),
    Permission(
        ("AppCatalog.Read.All", "AppCatalog.ReadWrite.All"),
        "finds the app in the organisation's catalogue",
        True,
    ),
    Permission(
        ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
        "reads people and their managers; without it there are no batches",
        True,
    ),
    Permission(
        (
            "GroupMember.Read.All",
            "GroupMember.ReadWrite.All",
            "Group.Read.All",
            "Group.ReadWrite.All",
            "Directory.Read.All",
        ),
        "reads groups, for batch submit --group and reconcile",
        False,
    ),
)
"""Source: https://learn.microsoft.com/graph/permissions-reference"""


def unreadable(error: BadInput) -> list[Check]:
    """The checks when the settings themselves cannot be read: one problem for each mistake."""
    lines = error.problem.splitlines()
    return [Check("settings", Level.PROBLEM, line, error.remedy) for line in lines]


async def examine(
    settings: Settings, templates: Path, package: Callable[[], object]
) -> list[Check]:
    """Look at everything; nothing is changed, sent or installed. `package` builds the app package,
    or raises BadInput."""
    checks = [
        Check("settings", Level.OK, f"Readable; the {settings.cloud} cloud."),
        _public_url(settings),
        _database(settings),
        _messages(templates),
        _package(package),
    ]
    tokens = Tokens(settings)
    graph = Graph(settings, tokens)
    try:
        checks.append(await _clock(settings))
        checks.append(await _connector(settings, tokens))
        checks += [check async for check in _graph(settings, graph)]
    finally:
        await graph.close()
        await tokens.close()
    return checks


def _public_url(settings: Settings) -> Check:
    url, name = settings.public_url, "public address"
    if not url:
        return Check(
            name,
            Level.PROBLEM,
            "PUBLIC_URL is not set.",
            "Set it to the https address under which Teams reaches /api/messages.",
        )
    if is_loopback(url) and not settings.simulated:
        return Check(
            name,
            Level.PROBLEM,
            f"{url} is this machine itself; Teams cannot reach it.",
            "Set PUBLIC_URL to an https address that the internet reaches.",
        )
    return Check(name, Level.OK, f"{url}; whether Teams reaches it is not tried here.")


def _database(settings: Settings) -> Check:
    name = "database"
    try:
        found = tables(settings.database_url)
    except BadInput as error:
        return _problem(name, error)
    match found:
        case Tables.CURRENT:
            return Check(name, Level.OK, "Reachable, with the tables of this version.")
        case Tables.NONE:
            return Check(
                name, Level.NOTE, "It has no tables yet.", "They are made when serve starts."
            )
        case Tables.OTHER:
            return Check(
                name,
                Level.PROBLEM,
                "Its tables are of another version of this program.",
                "Start serve once: it migrates older tables. Newer ones need the newer program.",
            )


def _messages(templates: Path) -> Check:
    try:
        findings = lint(load(templates))
    except BadInput as error:
        return _problem("messages", error)
    if findings:
        first = findings[0]
        return Check(
            "messages",
            Level.PROBLEM,
            f"{len(findings)} to mend, first {first.file}:{first.line}: {first.problem}",
            "Run message lint and do what it says.",
        )
    return Check("messages", Level.OK, "Nothing to mend.")


def _package(package: Callable[[], object]) -> Check:
    try:
        package()
    except BadInput as error:
        return _problem("app package", error)
    return Check("app package", Level.OK, "It can be built.")


async def _clock(settings: Settings) -> Check:
    try:
        ahead = await ahead_of_entra(settings)
    except OnboardingError as error:
        return _problem("clock", error)
    if ahead is None:
        return Check("clock", Level.NOTE, "Not compared: no date came.", "Check it by hand.")
    off = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} Entra's."
    if abs(ahead) > MOST_SKEW_S:
        remedy = "Set this machine's clock by NTP; tokens are refused at five minutes."
        return Check("clock", Level.PROBLEM, off, remedy)
    return Check("clock", Level.OK, off)


async def _connector(settings: Settings, tokens: Tokens) -> Check:
    try:
        await tokens.renew(settings.endpoints.bot_scope)
    except OnboardingError as error:
        return _problem("bot token", error)
    return Check("bot token", Level.OK, "Entra gives a token to send messages with.")


async def _graph(settings: Settings, graph: Graph) -> AsyncIterator[Check]:
    try:
        granted = await graph.token_roles()
    except OnboardingError as error:
        yield _problem("Graph token", error)
        return
    yield Check("Graph token", Level.OK, "Entra gives a token for Microsoft Graph.")
    for check in _permissions(granted):
        yield check
    yield await _catalogue(settings, graph)


def _permissions(granted: frozenset[str]) -> Iterator[Check]:
    for one in PERMISSIONS:
        least = one.names[0]
        has = granted.intersection(one.names)
        if has:
            yield Check(least, Level.OK, f"Granted: {one.enables}.")
        else:
            level = Level.PROBLEM if one.needed else Level.NOTE
            remedy = f"Grant {least} in Entra, with admin consent."
            yield Check(least, level, f"Not granted: {one.enables}.", remedy)
    wider = granted - {one.names[0] for one in PERMISSIONS}
    if wider:
        yield Check(
            "least privilege",
            Level.NOTE,
            f"Also granted: {', '.join(sorted(wider))}.",
            "Take back what nothing else needs.",
        )


async def _catalogue(settings: Settings, graph: Graph) -> Check:
    name, app = "app catalogue", settings.teams_app_id
    if not app:
        return Check(
            name,
            Level.PROBLEM,
            "TEAMS_APP_ID is not set, so the app cannot be installed for anybody.",
            "Set it to the id in the manifest of the uploaded package.",
        )
    try:
        found = await graph.catalog_app_id(app)
    except OnboardingError as error:
        return _problem(name, error)
    return Check(name, Level.OK, f"The app is there, as {found}.")


def _problem(name: str, error: OnboardingError) -> Check:
    match error:
        case BadInput():
            found, remedy = " ".join(error.problem.splitlines()), error.remedy
        case Refused():
            found, remedy = error.reason, error.remedy
        case Retry():
            found = error.reason
            remedy = "Check the network, the proxy and SSL_CERT_FILE, then try again."
        case _:
            found, remedy = str(error), "Try again."
    return Check(name, Level.PROBLEM, found, remedy)
