"""Builds the one app from one Settings."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from onboarding.delivery import CONNECTOR, READS, TEAM, Speaker, team_lane
from onboarding.domain.deliveries import Lane
from onboarding.domain.facts import Heard, Scope
from onboarding.intake import Enqueue, Intake, Policy, Shown
from onboarding.messages.catalogue import Catalogue, load
from onboarding.outbound.graph import Graph, warm_up
from onboarding.outbound.teams import Teams
from onboarding.outbound.tokens import Tokens
from onboarding.outbound.wire import Reading
from onboarding.roster import Rosters
from onboarding.settings import Settings
from onboarding.store import people
from onboarding.store.database import Database, open_database
from onboarding.store.migrate import migrate
from onboarding.submission import Submissions
from onboarding.work.calls import Calls
from onboarding.work.chats import Chats
from onboarding.work.deliver import Deliverer
from onboarding.work.engine import WorkEngine
from onboarding.work.lanes import Lanes
from onboarding.work.worker import Worker

TEMPLATES = Path(__file__).parent.parent / "templates"
PATIENCE_S = 8


@dataclass(frozen=True, slots=True)
class App:
    """The parts of one process, open and ready."""

    settings: Settings
    database: Database
    tokens: Tokens
    teams: Teams
    graph: Graph
    catalogue: Catalogue
    speaker: Speaker
    intake: Intake
    submissions: Submissions
    chats: Chats
    lanes: Lanes
    reading: Reading

    async def hear(self, heard: Heard) -> Shown | None:
        """Take a fact, and wake whoever waits for the chat that it told of."""
        shown = await self.intake.take(heard)
        who = heard.sender.aad_object_id
        if who and heard.place.scope is Scope.PERSONAL:
            self.chats.known(who)
        return shown

    async def card(self, shown: Shown) -> dict[str, object]:
        """The card that answers a pressed button."""
        who = shown.aad_object_id
        person = await self.database.do(people.person, shown.tenant_id, who) if who else None
        done = await self.database.do(people.steps_done, shown.tenant_id, who) if who else []
        context = {**shown.context, "steps_done": done}
        return self.speaker.render(shown.message, person, context, datetime.now(UTC)).card


@asynccontextmanager
async def open_app(settings: Settings, *, work: bool) -> AsyncIterator[App]:
    """Open everything, migrate the database, and (when `work`) start a worker.

    Leaving finishes what is in flight within 8 s and gives back the rest.
    """
    async with AsyncExitStack() as opened:
        database = open_database(settings.database_url)
        opened.callback(database.close)
        await asyncio.get_running_loop().run_in_executor(None, migrate, database.engine)
        tokens = Tokens(settings)
        opened.push_async_callback(tokens.close)
        teams = Teams(settings, tokens)
        opened.push_async_callback(teams.close)
        graph = Graph(settings, tokens)
        opened.push_async_callback(graph.close)
        catalogue = load(TEMPLATES)
        speaker = Speaker(settings, teams, graph, catalogue)
        lanes = Lanes(database, settings.budgets | {TEAM: settings.team_requests_per_second})
        calls = Calls(lanes, settings.azure_tenant_id, live=True)
        reading = Reading(
            calls.through(READS), lambda team: calls.through(team_lane(team), CONNECTOR)
        )
        name = "local" if settings.sqlite else _unique_name()
        chats = Chats(database)
        deliverer = Deliverer(database, settings, speaker, lanes, chats, name)
        engine = WorkEngine(database.engine, name)
        policy = Policy(settings.welcome_existing_members)
        intake = Intake(database, policy, _handing_to(engine) if work else None)
        worker = Worker(
            database,
            engine,
            deliverer,
            lanes,
            name,
            alone=settings.sqlite,
            keep=timedelta(days=settings.retention_days),
            errands=[Rosters(database, teams, intake, reading).read_asked_for],
        )
        if work:
            warming = asyncio.create_task(warm_up(), name="warm up Graph")
            opened.callback(warming.cancel)
            await worker.start()
            opened.push_async_callback(worker.stop, PATIENCE_S)
        submissions = Submissions(settings, database, graph, intake, catalogue, reading)
        yield App(
            settings,
            database,
            tokens,
            teams,
            graph,
            catalogue,
            speaker,
            intake,
            submissions,
            chats,
            lanes,
            reading,
        )


def _handing_to(engine: WorkEngine) -> Enqueue:
    """What somebody waits for goes to the live queue in the transaction that decided it."""

    def enqueue(connection: Connection, delivery_id: int, attempt: int) -> None:
        engine.enqueue(connection, Lane.LIVE, [(delivery_id, attempt)])

    return enqueue


def _unique_name() -> str:
    return f"{socket.gethostname()[:30]}-{os.getpid()}-{secrets.token_hex(4)}"
