"""The ledger on both databases: which call may move which row, and who wins when many call."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from alembic import command as alembic
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, delete, insert, select, text, update

from onboarding.domain.batches import Batch
from onboarding.domain.deliveries import (
    OPEN,
    OPTED_OUT,
    Draft,
    Key,
    Lane,
    Purpose,
    State,
    Verdict,
)
from onboarding.domain.facts import Account, AppInstalled, Heard, Place, Scope, TeamRef
from onboarding.intake import Intake, Invited, Policy
from onboarding.store import (
    attempts,
    batches,
    deliveries,
    lanes,
    people,
    places,
    queue,
    threads,
    workers,
)
from onboarding.store import tables as t
from onboarding.store.database import Away, Database, clock, open_database, ping
from onboarding.store.migrate import is_current, migrate
from tests.databases import free_port, fresh_database
from tests.simulated import ROOT

TENANT = "t1"
MEGAN = "00000000-0000-4000-8000-000000000001"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=1)
LATER = NOW + timedelta(hours=1)
MINE = "worker-1"
OTHER = "worker-2"
ATTEMPT = 3
BUSY = Verdict("busy", "Teams is busy.", "Retry later.")

numbers = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database for this module; tests that commit use names of their own."""
    with fresh_database(request.param, tmp_path_factory.mktemp("store")) as url:
        opened = open_database(url)
        migrate(opened.engine)
        yield opened
        opened.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction that begins with an empty ledger, and of which nothing stays."""
    with database.engine.connect() as opened:
        opened.execute(delete(t.deliveries))
        yield opened
        opened.rollback()


def together(number: int, work: Callable[[int], Any]) -> list[Any]:
    """Let so many threads do `work(n)` at the same moment; what each of them got."""
    barrier = Barrier(number)

    def start(n: int) -> Any:
        barrier.wait(30)
        return work(n)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(start, range(number)))


def put(connection: Connection, state: State, **values: Any) -> int:
    """A row as a worker left it; its id."""
    row = {
        "tenant_id": TENANT,
        "recipient": f"person-{next(numbers)}",
        "purpose": Purpose.WELCOME,
        "occasion": "employment:1",
        "message": "welcome",
        "lane": Lane.LIVE,
        "state": state,
        "code": "before",
        "reason": "Something was before.",
        "remedy": "Wait.",
        "context": {},
        "heeds_clock": True,
        "due_at": EARLIER,
        "attempt": ATTEMPT,
        "tries": 1,
        "handed": True,
        "owner": MINE,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    made = connection.execute(
        insert(t.deliveries).values(row | values).returning(t.deliveries.c.id)
    )
    return int(made.scalar_one())


def put_batch(connection: Connection, **flags: Any) -> str:
    """A batch of one; its id."""
    batch_id = f"batch-{next(numbers)}"
    made = Batch(batch_id, TENANT, "x", "welcome", "HR", EARLIER, None, False, False, 1, 1)
    batches.create(connection, replace(made, **flags), [])
    return batch_id


def row(connection: Connection, delivery_id: int) -> dict[str, Any]:
    """Everything that the ledger holds of a row."""
    found = connection.execute(select(t.deliveries).where(t.deliveries.c.id == delivery_id))
    return dict(found.one()._mapping)


def test_the_migrated_tables_are_those_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, t.metadata) == []
    assert is_current(database.engine)


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database.engine)
    assert is_current(database.engine)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_people_of_an_older_version_are_kept_and_have_blocked_nobody(
    kind: str, tmp_path: Path
) -> None:
    with fresh_database(kind, tmp_path) as url:
        opened = open_database(url)
        with opened.engine.begin() as connection:
            older = Config()
            older.set_main_option("script_location", str(ROOT / "onboarding/store/migrations"))
            older.attributes["connection"] = connection
            alembic.upgrade(older, "0001")
            known = {"tenant": TENANT, "megan": MEGAN}
            insertion = "insert into people (tenant_id, aad_object_id) values (:tenant, :megan)"
            connection.execute(text(insertion), known)
        assert not is_current(opened.engine)
        migrate(opened.engine)
        assert is_current(opened.engine)
        with opened.engine.connect() as connection:
            megan = people.person(connection, TENANT, MEGAN)
        opened.close()
        assert megan is not None
        assert megan.blocked is False


async def test_whoever_asks_a_database_that_stays_away_is_told_so_together() -> None:
    nobody = f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/test"
    database = Database(create_engine(nobody), patience_s=0.3)
    began = time.monotonic()
    answers = await asyncio.gather(*(database.do(ping) for _ in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Away}
    with pytest.raises(Away):
        database.do_now(ping)
    assert time.monotonic() - began < 5
    database.close()


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path / 'new' / 'ledger.db'}")
    assert not is_current(opened.engine)
    opened.close()


MIGRATES = """
import sys
from onboarding.store.database import open_database
from onboarding.store.migrate import migrate
opened = open_database(sys.argv[1])
migrate(opened.engine)
opened.close()
"""


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    with fresh_database("postgresql", tmp_path) as url:
        command = [sys.executable, "-c", MIGRATES, url]
        started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)]
        ended = [process.communicate(timeout=60)[1].decode() for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], ended
        opened = open_database(url)
        assert is_current(opened.engine)
        opened.close()


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        datetime(2026, 3, 29, 2, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-9))),
        datetime(2100, 1, 1, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(
    connection: Connection, moment: datetime
) -> None:
    kept = row(connection, put(connection, State.WAITING, due_at=moment))["due_at"]
    assert kept == moment
    assert kept.utcoffset() == timedelta(0)


def test_moments_are_compared_as_moments_whatever_zone_they_are_given_in(
    connection: Connection,
) -> None:
    waiting = put(connection, State.WAITING, due_at=NOW)
    tokyo = timezone(timedelta(hours=9))
    assert queue.release_due(connection, (NOW - timedelta(seconds=1)).astimezone(tokyo)) == 0
    assert queue.release_due(connection, NOW.astimezone(tokyo)) == 1
    assert row(connection, waiting)["state"] == State.QUEUED


@dataclass(frozen=True, slots=True)
class Call:
    """A call on one row: what it does to which state (all others it leaves alone), what a row
    must be like besides, and whether its answer says that it moved."""

    do: Callable[[Connection, dict[str, Any]], Any]
    moves: dict[State, State]
    given: dict[str, Any] = field(default_factory=dict)
    answers: bool = True


def sending(connection: Connection, r: dict[str, Any]) -> bool:
    """The intent to send, by the worker that holds the row."""
    return attempts.begin_sending(
        connection, r["id"], ATTEMPT, MINE, NOW, conversation_id="a:1", service_url="https://s/"
    )


def arrived(connection: Connection, r: dict[str, Any], owner: str = MINE) -> bool:
    """The answer to a send."""
    return attempts.mark_sent(
        connection, r["id"], owner, NOW, activity_id="1", conversation_id="a:1", version="v"
    )


def retried(connection: Connection, r: dict[str, Any], *states: State) -> int:
    """HR retries a batch."""
    return queue.retry(connection, r["batch_id"], states, NOW)


CALLS = {
    "claim": Call(
        lambda c, r: attempts.claim(c, r["id"], ATTEMPT, MINE),
        {State.QUEUED: State.QUEUED},
        {"owner": None},
    ),
    "begin_sending": Call(sending, {State.QUEUED: State.SENDING}),
    "take_back": Call(
        lambda c, r: attempts.take_back(c, r["id"], ATTEMPT, MINE, NOW),
        {State.SENDING: State.QUEUED},
    ),
    "settle": Call(
        lambda c, r: attempts.settle(c, r["id"], ATTEMPT, MINE, State.FAILED, BUSY, NOW),
        {State.QUEUED: State.FAILED, State.SENDING: State.FAILED},
    ),
    "wait": Call(
        lambda c, r: attempts.wait(c, r["id"], ATTEMPT, MINE, BUSY, NOW, LATER),
        {State.QUEUED: State.WAITING, State.SENDING: State.WAITING},
    ),
    "mark_sent": Call(arrived, {State.SENDING: State.SENT, State.UNSURE: State.SENT}),
    "hand_back": Call(
        lambda c, r: attempts.hand_back(c, r["id"], ATTEMPT), {State.QUEUED: State.QUEUED}
    ),
    "break_off": Call(
        lambda c, r: attempts.break_off(c, r["id"], ATTEMPT, MINE, NOW),
        {State.QUEUED: State.FAILED, State.SENDING: State.UNSURE},
        answers=False,
    ),
    "abandon": Call(
        lambda c, r: attempts.abandon(c, r["id"], ATTEMPT, NOW),
        {State.QUEUED: State.QUEUED, State.SENDING: State.UNSURE},
        answers=False,
    ),
    "take_over of its owner": Call(
        lambda c, r: attempts.take_over(c, NOW, MINE), {State.QUEUED: State.QUEUED}
    ),
    "take_over of all": Call(lambda c, r: attempts.take_over(c, NOW), {State.QUEUED: State.QUEUED}),
    "lost_answers of its owner": Call(
        lambda c, r: attempts.lost_answers(c, NOW, MINE), {State.SENDING: State.UNSURE}
    ),
    "lost_answers of all": Call(
        lambda c, r: attempts.lost_answers(c, NOW), {State.SENDING: State.UNSURE}
    ),
    "feed": Call(
        lambda c, r: queue.feed(c, Lane.LIVE, 10, NOW),
        {State.QUEUED: State.QUEUED},
        {"handed": False},
    ),
    "release": Call(
        lambda c, r: queue.release(c, [r["id"]], NOW),
        {
            State.WAITING: State.QUEUED,
            State.FAILED: State.QUEUED,
            State.SKIPPED: State.QUEUED,
        },
    ),
    "release_due": Call(lambda c, r: queue.release_due(c, NOW), {State.WAITING: State.QUEUED}),
    "retry of the failed": Call(
        lambda c, r: retried(c, r, State.FAILED), {State.FAILED: State.QUEUED}
    ),
    "retry of the unsure too": Call(
        lambda c, r: retried(c, r, State.FAILED, State.UNSURE),
        {State.FAILED: State.QUEUED, State.UNSURE: State.QUEUED},
    ),
    "stop of a person": Call(
        lambda c, r: deliveries.stop(c, TENANT, OPTED_OUT, NOW, recipient=r["recipient"]),
        {State.WAITING: State.SKIPPED, State.QUEUED: State.SKIPPED},
    ),
    "stop of a team": Call(
        lambda c, r: deliveries.stop(c, TENANT, OPTED_OUT, NOW, team_id=r["team_id"]),
        {State.WAITING: State.SKIPPED, State.QUEUED: State.SKIPPED},
        {"team_id": "19:sales", "batch_id": None},
    ),
    "cancel of its batch": Call(
        lambda c, r: batches.cancel(c, r["batch_id"], NOW),
        {State.WAITING: State.CANCELLED, State.QUEUED: State.CANCELLED},
    ),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", CALLS)
def test_each_call_moves_only_the_states_that_it_may(
    connection: Connection, name: str, state: State
) -> None:
    call = CALLS[name]
    given = {"batch_id": put_batch(connection)} | call.given
    delivery_id = put(connection, state, **given)
    before = row(connection, delivery_id)
    answer = call.do(connection, before)
    after = row(connection, delivery_id)
    if call.answers:
        assert bool(answer) == (state in call.moves), "the answer says whether it moved"
    if state in call.moves:
        assert after["state"] == call.moves[state]
        assert after != before
    else:
        assert after == before


@pytest.mark.parametrize("state", State)
def test_only_a_row_that_reached_nobody_gives_way_and_keeps_its_state(
    connection: Connection, state: State
) -> None:
    delivery_id = put(connection, state)
    before = row(connection, delivery_id)
    deliveries.give_way(connection, [delivery_id], NOW)
    after = row(connection, delivery_id)
    assert after["state"] == state
    if state in (State.FAILED, State.SKIPPED, State.CANCELLED):
        assert after["occasion"] != before["occasion"]
        assert "later request" in after["remedy"]
        draft = Draft(Key(TENANT, before["recipient"], "welcome", "employment:1"), "welcome")
        assert deliveries.owe(connection, draft, NOW) is not None
    else:
        assert after == before


@pytest.mark.parametrize(
    ("act", "state"),
    [
        (lambda c, i: attempts.take_back(c, i, ATTEMPT, MINE, NOW), State.QUEUED),
        (lambda c, i: attempts.settle(c, i, ATTEMPT, MINE, State.FAILED, BUSY, NOW), State.FAILED),
        (lambda c, i: attempts.wait(c, i, ATTEMPT, MINE, BUSY, NOW), State.WAITING),
    ],
    ids=["take_back", "settle", "wait"],
)
def test_who_was_only_taken_for_dead_knows_better_than_unsure(
    connection: Connection, act: Callable[[Connection, int], bool], state: State
) -> None:
    delivery_id = put(connection, State.SENDING)
    assert attempts.lost_answers(connection, NOW, MINE) == 1
    assert row(connection, delivery_id)["state"] == State.UNSURE
    assert act(connection, delivery_id)
    assert row(connection, delivery_id)["state"] == state


FENCED: dict[str, tuple[State, Callable[[Connection, int], Any]]] = {
    "claim of another attempt": (
        State.QUEUED,
        lambda c, i: attempts.claim(c, i, ATTEMPT - 1, OTHER),
    ),
    "begin_sending of another attempt": (
        State.QUEUED,
        lambda c, i: attempts.begin_sending(
            c, i, ATTEMPT - 1, MINE, NOW, conversation_id="a", service_url="s"
        ),
    ),
    "begin_sending by another owner": (
        State.QUEUED,
        lambda c, i: attempts.begin_sending(
            c, i, ATTEMPT, OTHER, NOW, conversation_id="a", service_url="s"
        ),
    ),
    "take_back of another attempt": (
        State.SENDING,
        lambda c, i: attempts.take_back(c, i, ATTEMPT - 1, MINE, NOW),
    ),
    "take_back by another owner": (
        State.SENDING,
        lambda c, i: attempts.take_back(c, i, ATTEMPT, OTHER, NOW),
    ),
    "settle of another attempt": (
        State.SENDING,
        lambda c, i: attempts.settle(c, i, ATTEMPT - 1, MINE, State.FAILED, BUSY, NOW),
    ),
    "settle by another owner": (
        State.QUEUED,
        lambda c, i: attempts.settle(c, i, ATTEMPT, OTHER, State.FAILED, BUSY, NOW),
    ),
    "wait of another attempt": (
        State.QUEUED,
        lambda c, i: attempts.wait(c, i, ATTEMPT - 1, MINE, BUSY, NOW),
    ),
    "wait by another owner": (
        State.QUEUED,
        lambda c, i: attempts.wait(c, i, ATTEMPT, OTHER, BUSY, NOW),
    ),
    "mark_sent by another owner": (
        State.SENDING,
        lambda c, i: arrived(c, {"id": i}, OTHER),
    ),
    "hand_back of another attempt": (
        State.QUEUED,
        lambda c, i: attempts.hand_back(c, i, ATTEMPT - 1),
    ),
    "break_off of another attempt": (
        State.SENDING,
        lambda c, i: attempts.break_off(c, i, ATTEMPT - 1, MINE, NOW),
    ),
    "break_off by another owner": (
        State.SENDING,
        lambda c, i: attempts.break_off(c, i, ATTEMPT, OTHER, NOW),
    ),
    "abandon of another attempt": (
        State.SENDING,
        lambda c, i: attempts.abandon(c, i, ATTEMPT - 1, NOW),
    ),
    "take_over of another owner": (
        State.QUEUED,
        lambda c, i: attempts.take_over(c, NOW, OTHER),
    ),
    "lost_answers of another owner": (
        State.SENDING,
        lambda c, i: attempts.lost_answers(c, NOW, OTHER),
    ),
    "stop of another person": (
        State.QUEUED,
        lambda c, i: deliveries.stop(c, TENANT, OPTED_OUT, NOW, recipient="somebody else"),
    ),
    "stop in another tenant": (
        State.QUEUED,
        lambda c, i: deliveries.stop(c, "t2", OPTED_OUT, NOW),
    ),
    "feed of the other lane": (
        State.QUEUED,
        lambda c, i: queue.feed(c, Lane.BULK, 10, NOW),
    ),
    "retry of another batch": (
        State.FAILED,
        lambda c, i: queue.retry(c, "another", [State.FAILED], NOW),
    ),
    "retry of other rows": (
        State.FAILED,
        lambda c, i: queue.retry(c, "", [State.FAILED], NOW, [i + 1]),
    ),
}


@pytest.mark.parametrize("name", FENCED)
def test_who_lost_a_row_cannot_touch_it_any_more(connection: Connection, name: str) -> None:
    state, call = FENCED[name]
    delivery_id = put(connection, state, handed=name != "feed of the other lane", batch_id="")
    before = row(connection, delivery_id)
    assert not call(connection, delivery_id)
    assert row(connection, delivery_id) == before


@pytest.mark.parametrize("flag", ["paused", "cancelled"])
@pytest.mark.parametrize("name", ["claim", "begin_sending", "feed", "release_due"])
def test_nothing_of_a_batch_that_stands_still_goes_on(
    connection: Connection, name: str, flag: str
) -> None:
    call = CALLS[name]
    (state,) = call.moves
    batch_id = put_batch(connection, **{flag: True})
    delivery_id = put(connection, state, **({"batch_id": batch_id} | call.given))
    before = row(connection, delivery_id)
    assert not call.do(connection, before)
    assert row(connection, delivery_id) == before


@pytest.mark.parametrize("flag", ["paused", "cancelled"])
@pytest.mark.parametrize("name", ["mark_sent", "settle", "take_back", "hand_back"])
def test_what_of_such_a_batch_is_on_its_way_ends_as_it_ends(
    connection: Connection, name: str, flag: str
) -> None:
    call = CALLS[name]
    batch_id = put_batch(connection, **{flag: True})
    for state, ends in call.moves.items():
        delivery_id = put(connection, state, batch_id=batch_id)
        assert call.do(connection, row(connection, delivery_id))
        assert row(connection, delivery_id)["state"] == ends


@pytest.mark.parametrize("name", ["release", "retry of the failed"])
def test_nothing_of_a_cancelled_batch_is_queued_again(connection: Connection, name: str) -> None:
    batch_id = put_batch(connection, cancelled=True)
    delivery_id = put(connection, State.FAILED, batch_id=batch_id)
    before = row(connection, delivery_id)
    assert not CALLS[name].do(connection, before)
    assert row(connection, delivery_id) == before, (
        "a queued row of a cancelled batch stays for ever"
    )


def test_a_batch_that_is_resumed_goes_on_and_a_cancelled_one_cannot_be(
    connection: Connection,
) -> None:
    batch_id = put_batch(connection)
    delivery_id = put(connection, State.QUEUED, batch_id=batch_id, handed=False)
    assert batches.set_paused(connection, batch_id, paused=True)
    assert queue.feed(connection, Lane.LIVE, 10, NOW) == []
    assert batches.set_paused(connection, batch_id, paused=False)
    assert queue.feed(connection, Lane.LIVE, 10, NOW) == [(delivery_id, ATTEMPT)]
    batches.cancel(connection, batch_id, NOW)
    assert not batches.set_paused(connection, batch_id, paused=False)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("hand_back", State.QUEUED),
        ("take_over of all", State.QUEUED),
        ("wait", State.QUEUED),
        ("release", State.WAITING),
        ("release_due", State.WAITING),
        ("retry of the failed", State.FAILED),
    ],
)
def test_a_row_that_goes_back_gets_a_new_attempt_so_that_the_old_one_is_fenced_off(
    connection: Connection, name: str, state: State
) -> None:
    delivery_id = put(connection, state, batch_id=put_batch(connection))
    CALLS[name].do(connection, row(connection, delivery_id))
    after = row(connection, delivery_id)
    assert after["attempt"] == ATTEMPT + 1
    assert after["handed"] is False
    assert not sending(connection, after)
    assert attempts.claim(connection, delivery_id, ATTEMPT, MINE) is None


def test_a_sent_row_knows_its_activity_and_has_no_complaint_left(connection: Connection) -> None:
    delivery_id = put(connection, State.SENDING)
    assert arrived(connection, {"id": delivery_id})
    after = row(connection, delivery_id)
    assert (after["activity_id"], after["conversation_id"]) == ("1", "a:1")
    assert (after["code"], after["reason"], after["remedy"]) == (None, None, None)
    assert after["sent_at"] == after["updated_at"] == NOW
    assert after["due_at"] is None


def test_an_answer_that_comes_after_the_take_over_heals_the_row(connection: Connection) -> None:
    delivery_id = put(connection, State.QUEUED)
    assert sending(connection, {"id": delivery_id})
    assert attempts.lost_answers(connection, NOW, MINE) == 1
    unsure = row(connection, delivery_id)
    assert unsure["code"] == "answer_lost"
    assert unsure["remedy"]
    assert arrived(connection, {"id": delivery_id})
    assert row(connection, delivery_id)["state"] == State.SENT


def test_an_answer_that_comes_after_hr_sent_it_again_no_longer_counts(
    connection: Connection,
) -> None:
    delivery_id = put(connection, State.UNSURE, batch_id=put_batch(connection))
    assert retried(connection, row(connection, delivery_id), State.UNSURE) == 1
    assert not arrived(connection, {"id": delivery_id})
    assert row(connection, delivery_id)["state"] == State.QUEUED


def test_only_calls_count_as_tries(connection: Connection) -> None:
    delivery_id = put(connection, State.QUEUED, tries=0)
    for _ in range(2):
        assert sending(connection, {"id": delivery_id})
        assert attempts.take_back(connection, delivery_id, ATTEMPT, MINE, NOW)
    assert row(connection, delivery_id)["tries"] == 2
    assert row(connection, delivery_id)["attempt"] == ATTEMPT


def test_replies_are_never_stopped(connection: Connection) -> None:
    reply = put(connection, State.QUEUED, purpose=Purpose.REPLY, recipient=MEGAN)
    welcome = put(connection, State.QUEUED, recipient=MEGAN)
    assert deliveries.stop(connection, TENANT, OPTED_OUT, NOW, recipient=MEGAN) == 1
    assert row(connection, reply)["state"] == State.QUEUED
    assert row(connection, welcome)["state"] == State.SKIPPED


def test_who_leaves_a_team_loses_only_what_that_team_owed_them(connection: Connection) -> None:
    ours = put(connection, State.QUEUED, recipient=MEGAN, team_id="19:sales")
    batch_id = put_batch(connection)
    hrs = put(
        connection, State.QUEUED, recipient=MEGAN, team_id="19:sales", batch_id=batch_id,
        occasion="employment:2",
    )  # fmt: skip
    other = put(
        connection, State.QUEUED, recipient=MEGAN, team_id="19:other", occasion="employment:3"
    )
    stopped = deliveries.stop(
        connection, TENANT, OPTED_OUT, NOW, recipient=MEGAN, team_id="19:sales"
    )
    assert stopped == 1
    states = [row(connection, one)["state"] for one in (ours, hrs, other)]
    assert states == [State.SKIPPED, State.QUEUED, State.QUEUED]


def test_a_row_that_gave_way_is_neither_retried_nor_released(connection: Connection) -> None:
    batch_id = put_batch(connection)
    delivery_id = put(connection, State.FAILED, batch_id=batch_id, code="blocked_by_policy")
    deliveries.give_way(connection, [delivery_id], NOW)
    before = row(connection, delivery_id)
    assert retried(connection, before, State.FAILED) == 0
    assert queue.release(connection, [delivery_id], NOW) == 0
    assert row(connection, delivery_id) == before


def test_what_is_old_and_settled_loses_its_context_but_keeps_its_key(
    connection: Connection,
) -> None:
    told = {"trigger": {"kind": "batch"}}
    for state in State:
        made = {"purpose": Purpose.WELCOME, "context": told, "recipient": f"old-{state}"}
        put(connection, state, **made)
    reply = put(connection, State.SENT, purpose=Purpose.REPLY)
    fresh = put(connection, State.SENT, context=told, updated_at=LATER)
    last, looks = 0, 0
    while last := deliveries.forget_old(connection, NOW, last, limit=5):
        looks += 1
    assert looks == 3, "five of twelve at a time"
    emptied = connection.execute(select(t.deliveries.c.id).where(t.deliveries.c.emptied)).all()
    assert len(emptied) == len(State) - len(OPEN)
    for state in State:
        (kept,) = deliveries.deliveries_to(connection, TENANT, f"old-{state}")
        assert kept.state is state
        assert kept.context == (told if state in OPEN else {})
        assert deliveries.owe(connection, draft(f"old-{state}"), NOW) is None
    assert deliveries.delivery(connection, reply) is None
    assert row(connection, fresh)["context"] == told


def draft(recipient: str, purpose: str = "welcome", **more: Any) -> Draft:
    """A message owed to somebody."""
    return Draft(Key(TENANT, recipient, purpose, "employment:1"), "welcome", **more)


def test_twenty_who_owe_the_same_at_once_make_one_row(database: Database) -> None:
    for purpose in ("welcome", "hello", "reply"):
        one = draft(f"person-{next(numbers)}", purpose)
        made = together(20, lambda _, one=one: database.do_now(deliveries.owe, one, NOW))
        assert len([delivery_id for delivery_id in made if delivery_id is not None]) == 1
        found = database.do_now(deliveries.deliveries_to, TENANT, one.key.recipient)
        assert len(found) == 1


def test_twenty_lists_that_overlap_owe_everybody_once(database: Database) -> None:
    names = [f"person-{next(numbers)}" for _ in range(60)]

    def owe(n: int) -> int:
        mine = [draft(name) for name in sorted(names[n : n + 40])]
        return database.do_now(deliveries.owe_many, mine, NOW)

    assert sum(together(20, owe)) == 59
    owed = database.do_now(deliveries.standings, TENANT, names)
    assert sorted(len(rows) for rows in owed.values()) == [0] + [1] * 59


def test_more_people_than_one_statement_holds_are_owed_once_each(connection: Connection) -> None:
    many = [draft(f"crowd-{n}", batch_id="crowd") for n in range(1_203)]
    assert deliveries.owe_many(connection, many, NOW) == 1_203
    assert deliveries.owe_many(connection, many, NOW) == 0
    assert batches.counts(connection, ["crowd"])["crowd"] == {State.QUEUED: 1_203}


def test_twenty_who_claim_one_row_send_it_once(database: Database) -> None:
    delivery_id = database.do_now(put, State.QUEUED, owner=None)

    def send(n: int) -> bool:
        owner = f"worker-{n}"
        if database.do_now(attempts.claim, delivery_id, ATTEMPT, owner) is None:
            return False
        return database.do_now(
            attempts.begin_sending,
            delivery_id,
            ATTEMPT,
            owner,
            NOW,
            conversation_id="a:1",
            service_url="https://s/",
        )

    assert sum(together(20, send)) == 1
    assert database.do_now(row, delivery_id)["tries"] == 2


def test_feeders_that_work_at_once_hand_each_row_on_once(database: Database) -> None:
    made = {database.do_now(put, State.QUEUED, handed=False, lane=Lane.BULK) for _ in range(60)}

    def feed(_: int) -> list[int]:
        taken: list[int] = []
        for _ in range(12):
            pairs = database.do_now(queue.feed, Lane.BULK, 7, NOW)
            taken += [delivery_id for delivery_id, _ in pairs]
        return taken

    taken = [delivery_id for some in together(4, feed) for delivery_id in some]
    assert len(taken) == len(set(taken))
    assert made <= set(taken)


def test_the_oldest_are_fed_first_and_no_more_than_asked_for(connection: Connection) -> None:
    made = [put(connection, State.QUEUED, handed=False) for _ in range(5)]
    assert queue.feed(connection, Lane.LIVE, 3, NOW) == [(i, ATTEMPT) for i in made[:3]]
    assert queue.in_hand(connection, Lane.LIVE) == 3
    assert queue.feed(connection, Lane.LIVE, 3, NOW) == [(i, ATTEMPT) for i in made[3:]]
    assert queue.feed(connection, Lane.LIVE, 0, NOW) == []


def test_the_ledger_adds_up_over_all_states(connection: Connection) -> None:
    for state in State:
        put(connection, state, purpose="census")
    counted = deliveries.count_states(connection, "census")
    assert counted == dict.fromkeys(State, 1)


def test_what_the_engine_has_held_for_too_long_is_found_and_nothing_else(
    connection: Connection,
) -> None:
    for state in State:
        put(connection, state, handed=False)
        put(connection, state, updated_at=LATER)
    held = {state: put(connection, state) for state in State}
    found = attempts.in_hand_since(connection, NOW)
    assert found == [(held[state], ATTEMPT) for state in (State.QUEUED, State.SENDING)]


async def test_work_that_waits_together_does_not_fail_together(database: Database) -> None:
    names = [f"person-{next(numbers)}" for _ in range(30)]

    def owe(connection: Connection, n: int) -> int | None:
        made = deliveries.owe(connection, draft(names[n]), NOW)
        if n % 10 == 3:
            raise ValueError(f"number {n} has a fault")
        return made

    found = await asyncio.gather(*(database.do(owe, n) for n in range(30)), return_exceptions=True)
    assert [n for n, one in enumerate(found) if isinstance(one, ValueError)] == [3, 13, 23]
    owed = await database.do(deliveries.standings, TENANT, names)
    assert [n for n, name in enumerate(names) if not owed[name]] == [3, 13, 23]
    assert len({one for one in found if isinstance(one, int)}) == 27


@pytest.mark.parametrize(
    ("news", "changes"),
    [
        ((LATER, False), True),
        ((NOW, False), True),
        ((EARLIER, False), False),
        ((LATER, True), False),
        ((NOW, True), False),
        ((EARLIER, True), False),
    ],
)
def test_a_move_is_news_only_when_it_changes_something_and_is_not_older(
    connection: Connection, news: tuple[datetime, bool], changes: bool
) -> None:
    at, joined = news
    assert places.move(connection, TENANT, "19:sales", "29:megan", NOW, joined=True)
    assert places.move(connection, TENANT, "19:sales", "29:megan", at, joined=joined) is changes
    inside = places.members_of(connection, TENANT, "19:sales")
    assert list(inside) == ([] if changes else ["29:megan"])


def test_a_leave_that_overtook_its_join_keeps_the_person_out(connection: Connection) -> None:
    assert places.move(connection, TENANT, "19:sales", "29:megan", NOW, joined=False)
    assert not places.move(connection, TENANT, "19:sales", "29:megan", EARLIER, joined=True)
    assert list(places.members_of(connection, TENANT, "19:sales")) == []


def test_a_doubled_join_is_news_once_however_many_hear_it(database: Database) -> None:
    member = f"29:{next(numbers)}"
    heard = together(
        20,
        lambda _: database.do_now(places.move, TENANT, "19:crowd", member, NOW, joined=True),
    )
    assert sum(heard) == 1


def chat(connection: Connection, at: datetime, *, installed: bool) -> bool:
    """News of Megan's chat."""
    return people.hear_of_chat(
        connection,
        TENANT,
        MEGAN,
        at,
        conversation_id="a:megan" if installed else None,
        service_url="https://s/" if installed else None,
        installed=installed,
    )


@pytest.mark.parametrize(("at", "changes"), [(LATER, True), (NOW, True), (EARLIER, False)])
def test_the_newest_news_of_a_chat_stays(
    connection: Connection, at: datetime, changes: bool
) -> None:
    people.remember(connection, TENANT, MEGAN)
    assert chat(connection, NOW, installed=True)
    assert chat(connection, at, installed=False) is changes
    megan = people.person(connection, TENANT, MEGAN)
    assert megan is not None
    assert megan.installed is not changes
    assert megan.conversation_id == (None if changes else "a:megan")
    assert megan.service_url == "https://s/", "where to find them is never forgotten"
    assert megan.chat_at == max(at, NOW)


def test_nobody_is_made_up_by_news_of_a_chat(connection: Connection) -> None:
    assert not chat(connection, NOW, installed=True)
    assert people.person(connection, TENANT, MEGAN) is None


@pytest.mark.parametrize(("at", "out"), [(LATER, False), (NOW, False), (EARLIER, True)])
def test_the_newest_wish_counts(connection: Connection, at: datetime, out: bool) -> None:
    people.remember(connection, TENANT, MEGAN)
    assert people.opt(connection, TENANT, MEGAN, NOW, out=True)
    people.opt(connection, TENANT, MEGAN, at, out=False)
    megan = people.person(connection, TENANT, MEGAN)
    assert megan is not None
    assert megan.opted_out is out


def test_a_block_ends_once(connection: Connection) -> None:
    people.remember(connection, TENANT, MEGAN)
    assert not people.unblock(connection, TENANT, MEGAN)
    people.set_person(connection, TENANT, MEGAN, blocked=True)
    assert people.unblock(connection, TENANT, MEGAN)
    megan = people.person(connection, TENANT, MEGAN)
    assert megan is not None
    assert megan.blocked is False


def test_what_is_known_of_a_person_is_never_overwritten_by_nothing(connection: Connection) -> None:
    people.remember(connection, TENANT, MEGAN, given_name="Megan", department=None)
    people.remember(connection, TENANT, MEGAN, given_name=None, department="Sales")
    megan = people.person(connection, TENANT, MEGAN)
    assert megan is not None
    assert (megan.given_name, megan.department) == ("Megan", "Sales")


@pytest.mark.parametrize(("at", "done"), [(LATER, []), (NOW, []), (EARLIER, ["laptop"])])
def test_an_older_press_never_undoes_a_newer_one(
    connection: Connection, at: datetime, done: list[str]
) -> None:
    people.tick_off(connection, TENANT, MEGAN, "laptop", NOW, done=True)
    people.tick_off(connection, TENANT, MEGAN, "laptop", at, done=False)
    assert people.steps_done(connection, TENANT, MEGAN) == done


RATE = 40.0
SECONDS = 3.0


def test_a_lane_never_grants_more_than_its_rate_in_any_second(database: Database) -> None:
    name = f"lane-{next(numbers)}"

    def reserve(connection: Connection, wanted: int) -> tuple[lanes.Slots, list[float]]:
        slots = lanes.reserve(connection, name, RATE, wanted)
        then = connection.execute(select(t.lanes.c.next_at).where(t.lanes.c.name == name))
        last = then.scalar_one()
        moments = [last - n * slots.spacing for n in range(slots.count, 0, -1)]
        assert not moments or moments[0] - clock(connection) <= lanes.HORIZON
        return slots, moments

    def work(n: int) -> list[float]:
        granted: list[float] = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            slots, moments = database.do_now(reserve, 1 + n * 5)
            granted += moments
            time.sleep(max(0.002, slots.wait if not slots.count else slots.spacing * slots.count))
        return granted

    granted = sorted(moment for some in together(4, work) for moment in some)
    for n, begin in enumerate(granted):
        within = sum(moment < begin + 1.0 for moment in granted[n:])
        assert within <= RATE + 1, f"{within} in the second from {begin}"
    assert len(granted) >= 0.7 * RATE * SECONDS, "nor does it hold back"
    assert all(b - a >= 0.999 / RATE for a, b in pairwise(granted))


def opened_lane(connection: Connection) -> str:
    """A lane that has granted something for a while."""
    name = f"lane-{next(numbers)}"
    assert lanes.reserve(connection, name, RATE, 1).count == 0
    connection.execute(update(t.lanes).where(t.lanes.c.name == name).values(busy_since=0))
    assert lanes.reserve(connection, name, RATE, 1).count == 1
    return name


@pytest.mark.parametrize("idle_s", [None, 60.0])
def test_a_lane_that_was_idle_or_is_new_runs_at_half_its_speed_for_a_second(
    connection: Connection, idle_s: float | None
) -> None:
    if idle_s is None:
        name = f"lane-{next(numbers)}"
        assert lanes.reserve(connection, name, RATE, 1).count == 0
    else:
        name = opened_lane(connection)
        long_ago = clock(connection) - idle_s
        connection.execute(update(t.lanes).where(t.lanes.c.name == name).values(next_at=long_ago))
    granted, began = 0, time.monotonic()
    while time.monotonic() - began < 0.95:
        slots = lanes.reserve(connection, name, RATE, 100)
        granted += slots.count
        time.sleep(0.02)
    assert granted <= RATE / 2 + lanes.HORIZON * RATE
    time.sleep(0.3)
    assert lanes.reserve(connection, name, RATE, 1).spacing == pytest.approx(1 / RATE)


def test_a_lane_reserves_no_further_ahead_than_a_fifth_of_a_second(connection: Connection) -> None:
    name = opened_lane(connection)
    slots = lanes.reserve(connection, name, RATE, 1_000)
    assert 1 <= slots.count <= lanes.HORIZON * RATE + 1
    again = lanes.reserve(connection, name, RATE, 1_000)
    assert again.count <= 1
    if again.count == 0:
        assert 0 < again.wait <= lanes.HORIZON


def test_a_lane_that_was_idle_gives_no_burst(connection: Connection) -> None:
    name = opened_lane(connection)
    long_ago = clock(connection) - 3_600
    connection.execute(update(t.lanes).where(t.lanes.c.name == name).values(next_at=long_ago))
    slots = lanes.reserve(connection, name, RATE, 1_000)
    assert slots.count <= lanes.HORIZON * RATE + 1
    assert slots.wait == 0.0


def test_a_lane_that_is_told_to_rest_rests_alone_and_recovers(database: Database) -> None:
    resting, other = database.do_now(opened_lane), database.do_now(opened_lane)
    began = time.monotonic()
    database.do_now(lanes.slow, resting, 0.6)
    time.sleep(1.5 / RATE)
    slots = database.do_now(lanes.reserve, resting, RATE, 10)
    assert slots.count == 0
    assert 0 < slots.wait < 0.6
    assert database.do_now(lanes.reserve, other, RATE, 1).count == 1
    while not (slots := database.do_now(lanes.reserve, resting, RATE, 1)).count:
        assert time.monotonic() - began < 5
        time.sleep(0.02)
    assert time.monotonic() + slots.wait - began >= 0.6
    assert slots.spacing == pytest.approx(1 / (RATE * 0.7))
    for _ in range(40):
        slots = database.do_now(lanes.reserve, resting, 1_000.0, 10)
        time.sleep(slots.wait)
    assert _share(database, resting) == 1.0
    assert _share(database, other) == 1.0


def _share(database: Database, name: str) -> object:
    found = database.do_now(lanes.all_lanes)
    return next(lane["share"] for lane in found if lane["name"] == name)


def test_a_shorter_rest_never_shortens_a_longer_one(connection: Connection) -> None:
    name = opened_lane(connection)
    lanes.slow(connection, name, 60.0)
    lanes.slow(connection, name, 1.0)
    (lane,) = [one for one in lanes.all_lanes(connection) if one["name"] == name]
    assert 58.0 < float(str(lane["rests_s"])) <= 60.0
    assert lane["share"] == pytest.approx(0.7), "of many throttled at once only the first counts"


def test_however_often_a_lane_is_slowed_a_little_of_it_is_left(connection: Connection) -> None:
    name = opened_lane(connection)
    for _ in range(50):
        lanes.slow(connection, name, 0.0)
    (lane,) = [one for one in lanes.all_lanes(connection) if one["name"] == name]
    assert lane["share"] == lanes.SLOWEST


def test_a_stopped_lane_grants_nothing_and_says_why_until_it_works_again(
    connection: Connection,
) -> None:
    name = opened_lane(connection)
    lanes.stop(connection, name, "The secret has expired.", 0.3)
    assert lanes.reserve(connection, name, RATE, 5).count == 0
    (lane,) = [one for one in lanes.all_lanes(connection) if one["name"] == name]
    assert lane["stopped"] == "The secret has expired."
    assert lane["share"] == 1.0, "nobody was too fast"
    time.sleep(0.35)
    assert lanes.reserve(connection, name, RATE, 1).count == 1, "then one tries again"
    lanes.stop(connection, name, None, 0.0)
    (lane,) = [one for one in lanes.all_lanes(connection) if one["name"] == name]
    assert lane["stopped"] is None


def test_why_a_lane_was_stopped_is_forgotten_when_nobody_has_stopped_it_since(
    connection: Connection,
) -> None:
    name = opened_lane(connection)
    lanes.stop(connection, name, "The secret has expired.", 10.0)
    earlier = clock(connection) - 60
    connection.execute(update(t.lanes).where(t.lanes.c.name == name).values(blocked_until=earlier))
    (lane,) = [one for one in lanes.all_lanes(connection) if one["name"] == name]
    assert lane["stopped"] is None


def test_a_lane_that_works_again_keeps_the_rest_that_the_service_asked_for(
    connection: Connection,
) -> None:
    name = opened_lane(connection)
    lanes.stop(connection, name, "The secret has expired.", 0.0)
    lanes.slow(connection, name, 30.0)
    lanes.stop(connection, name, None, 0.0)
    assert lanes.reserve(connection, name, RATE, 5).count == 0


def test_batches_take_turns_and_a_paused_one_is_passed_over(connection: Connection) -> None:
    large, paused, small = (put_batch(connection) for _ in range(3))
    queued = {b: [put(connection, State.QUEUED, batch_id=b, handed=False, lane="bulk")
                  for _ in range(n)] for b, n in ((large, 9), (paused, 9), (small, 2))}  # fmt: skip
    alone = put(connection, State.QUEUED, batch_id=None, handed=False, lane="bulk")
    batches.set_paused(connection, paused, paused=True)
    taken = [row_id for row_id, _ in queue.feed(connection, Lane.BULK, 6, NOW)]
    assert taken == [alone, *queued[large][:3], *queued[small]]
    rest = [row_id for row_id, _ in queue.feed(connection, Lane.BULK, 100, NOW)]
    assert rest == queued[large][3:]


def test_a_rate_that_somebody_set_counts_at_once_until_it_is_taken_back(
    connection: Connection,
) -> None:
    name = opened_lane(connection)
    lanes.adjust(connection, name, 2 * RATE)
    assert lanes.reserve(connection, name, RATE, 1).spacing == pytest.approx(0.5 / RATE)
    lanes.adjust(connection, name, None)
    assert lanes.reserve(connection, name, RATE, 1).spacing == pytest.approx(1 / RATE)
    lanes.adjust(connection, "never used", 3.0)
    rates = {one["name"]: one["rate"] for one in lanes.all_lanes(connection)}
    assert (rates[name], rates["never used"]) == (None, 3.0)


def test_only_idle_lanes_without_news_are_forgotten(connection: Connection) -> None:
    idle, adjusted, slowed = (opened_lane(connection) for _ in range(3))
    lanes.adjust(connection, adjusted, 3.0)
    lanes.slow(connection, slowed, 0.0)
    lanes.forget_idle(connection, 3_600)
    assert {idle, adjusted, slowed} <= {one["name"] for one in lanes.all_lanes(connection)}
    time.sleep(2 / RATE)
    lanes.forget_idle(connection, 0)
    left = {one["name"] for one in lanes.all_lanes(connection)}
    assert idle not in left
    assert {adjusted, slowed} <= left


def test_whoever_writes_into_one_chat_without_pause_stays_within_teams_limits(
    connection: Connection,
) -> None:
    chat = f"a:{next(numbers)}"
    sent, now = [], 0.0
    while now < 3_700:
        wait = threads.spend(connection, chat)
        if not wait:
            sent.append(now)
            continue
        now += wait
        _let_time_pass(connection, chat, wait)
    for most, seconds in ((7, 1), (8, 2), (60, 30), (1_800, 3_600)):
        assert all(b - a > seconds for a, b in zip(sent, sent[most:], strict=False)), (
            most,
            seconds,
        )
    assert len(sent) > 1_700, "nor is it slower than it must be"
    assert sum(moment < 10 for moment in sent) >= 20, "a conversation is not a batch"


def _let_time_pass(connection: Connection, chat: str, seconds: float) -> None:
    """Everything on record of a chat is so much older."""
    row = t.threads.c
    connection.execute(
        update(t.threads)
        .where(row.id == chat)
        .values(soon_at=row.soon_at - seconds, hour_at=row.hour_at - seconds)
    )


def test_a_conversation_that_is_told_to_rest_rests_alone(connection: Connection) -> None:
    channel, other = f"19:{next(numbers)}@thread.tacv2", f"a:{next(numbers)}"
    for conversation in (channel, other):
        assert threads.spend(connection, conversation) == 0
    threads.rest(connection, f"{channel};messageid=1", 30)
    threads.rest(connection, channel, 1)
    assert 28 < threads.spend(connection, f"{channel};messageid=2") <= 30
    assert threads.spend(connection, other) == 0


def test_conversations_are_forgotten_an_hour_after_their_last_message(
    connection: Connection,
) -> None:
    old, young = f"a:{next(numbers)}", f"a:{next(numbers)}"
    for chat in (old, young):
        threads.spend(connection, chat)
    _let_time_pass(connection, old, 3_700)
    threads.forget_quiet(connection)
    assert set(connection.execute(select(t.threads.c.id)).scalars()) & {old, young} == {young}


def test_each_dead_worker_goes_to_exactly_one_survivor(database: Database) -> None:
    for _ in range(3):
        dead = {f"dead-{next(numbers)}" for _ in range(20)}
        survivors = [f"alive-{next(numbers)}" for _ in range(6)]
        for name in (*dead, *survivors):
            database.do_now(workers.beat, name)
        database.do_now(_fall_silent, dead)
        found = together(6, partial(_bury, database, survivors))
        assert sorted(name for some in found for name in some) == sorted(dead)
        for name in survivors:
            database.do_now(workers.leave, name)


def _bury(database: Database, survivors: list[str], n: int) -> list[str]:
    return database.do_now(workers.bury, survivors[n], 5.0)


def _fall_silent(connection: Connection, names: set[str]) -> None:
    long_ago = clock(connection) - 60
    connection.execute(
        update(t.workers).where(t.workers.c.name.in_(names)).values(beat_at=long_ago)
    )


def test_nobody_buries_the_living_nor_themselves(connection: Connection) -> None:
    for name in ("me", "you"):
        workers.beat(connection, name)
    assert workers.bury(connection, "me", 5.0) == []
    _fall_silent(connection, {"me"})
    assert workers.bury(connection, "me", 5.0) == []
    assert workers.bury(connection, "you", 5.0) == ["me"]
    assert workers.bury(connection, "you", 5.0) == []


def test_who_beats_again_is_alive_again(connection: Connection) -> None:
    workers.beat(connection, "me")
    _fall_silent(connection, {"me"})
    workers.beat(connection, "me")
    assert workers.bury(connection, "you", 5.0) == []


def test_a_key_makes_one_batch_of_many_that_come_at_once(database: Database) -> None:
    key = f"key-{next(numbers)}"

    def submit(n: int) -> bool:
        made = Batch(f"{key}-{n}", TENANT, "x", "welcome", "HR", NOW, None, False, False, 0, 0)
        try:
            database.do_now(batches.create, made, [], idempotency_key=key, fingerprint="f")
        except batches.KeyTaken:
            return False
        return True

    assert sum(together(10, submit)) == 1


def somebody() -> str:
    """The object id of somebody new."""
    return f"00000000-0000-4000-8000-{next(numbers):012d}"


def installed(who: str) -> Heard:
    """Somebody has the app now."""
    place = Place(Scope.PERSONAL, f"a:{who}", "https://s/")
    return Heard(TENANT, f"install-{who}", NOW, place, Account(f"29:{who}", who), AppInstalled())


async def submit(intake: Intake, who: str) -> str:
    """HR's batch of one; its id."""
    made = Batch(
        f"batch-{next(numbers)}", TENANT, "x", "welcome", "HR", NOW, None, False, False, 1, 1
    )
    await intake.submit(made, lambda: iter([Invited(who, {}, {})]), [])
    return made.id


async def fail_everything(database: Database, who: str, code: str) -> None:
    """Whatever is queued for somebody fails."""
    rows = t.deliveries

    def fail(connection: Connection) -> None:
        mine = (rows.c.recipient == who) & (rows.c.state == State.QUEUED)
        connection.execute(update(rows).where(mine).values(state=State.FAILED, code=code))

    await database.do(fail)


async def states(database: Database, who: str) -> list[State]:
    """The states of everything owed to somebody, oldest first."""
    return [one.state for one in await database.do(deliveries.deliveries_to, TENANT, who)]


async def test_an_install_sets_free_one_welcome_however_many_batches_failed_before(
    database: Database,
) -> None:
    intake, who = Intake(database, Policy(), None), somebody()
    for _ in range(3):
        await submit(intake, who)
        await fail_everything(database, who, "blocked_by_policy")
    await intake.take(installed(who))
    assert await states(database, who) == [State.FAILED, State.FAILED, State.QUEUED]


async def test_an_install_sets_free_whatever_waits_for_the_app(database: Database) -> None:
    intake, who = Intake(database, Policy(), None), somebody()

    def wait(connection: Connection) -> None:
        for purpose in (Purpose.WELCOME, Purpose.TEAM_WELCOME, Purpose.OFFER_EXISTING):
            put(connection, State.WAITING, recipient=who, purpose=purpose, code="waits_for_app")

    await database.do(wait)
    await intake.take(installed(who))
    assert await states(database, who) == [State.QUEUED] * 3


async def test_every_batch_keeps_one_row_for_everybody_in_it(database: Database) -> None:
    intake, who = Intake(database, Policy(), None), somebody()
    made = [await submit(intake, who) for _ in range(3)]
    counted = await database.do(batches.counts, made)
    assert [counted[one] for one in made] == [
        {State.QUEUED: 1},
        {State.SKIPPED: 1},
        {State.SKIPPED: 1},
    ]


async def test_a_group_chat_and_a_team_are_kept_apart_by_tenant(database: Database) -> None:
    team = TeamRef(f"19:{next(numbers)}", "Sales")
    place = Place(Scope.TEAM, team.id, "https://s/", team)
    for tenant in ("t1", "t2"):
        heard = Heard(tenant, "a", NOW, place, Account("29:x", MEGAN), AppInstalled())
        await Intake(database, Policy(), None).take(heard)
    for tenant in ("t1", "t2"):
        assert await database.do(places.installed_by, tenant, MEGAN) == [team.id]
        assert len(await database.do(deliveries.deliveries_to, tenant, team.id)) == 1
