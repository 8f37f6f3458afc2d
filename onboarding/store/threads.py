"""How much was sent into each chat or channel lately: a limit of its own, shared by all processes.

Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit ("per bot per thread").
"""

from sqlalchemy import ColumnElement, Connection, case, delete, select, update

from onboarding.store.database import clock, clock_in_sql
from onboarding.store.tables import threads
from onboarding.store.writing import upsert

BURST, SOON_S = 4, 1 / 1.8
HOURLY_BURST, HOUR_S = 30, 3600 / 1750
"""Teams takes 7 messages in 1 s, 8 in 2 s, 60 in 30 s and 1,800 in an hour. Four at once and then
1.8 a second keep the first three, thirty at once and then 1,750 an hour keep the last."""


def spend(connection: Connection, conversation_id: str) -> float:
    """Spend one message of a conversation's limit: 0, or the seconds until there is one."""
    name, now = _thread(conversation_id), clock_in_sql(connection)
    statement = upsert(connection, threads).values(
        id=name, soon_at=now + SOON_S, hour_at=now + HOUR_S
    )
    statement = statement.on_conflict_do_update(
        index_elements=[threads.c.id],
        set_={
            "soon_at": _later(threads.c.soon_at, now) + SOON_S,
            "hour_at": _later(threads.c.hour_at, now) + HOUR_S,
        },
        where=(threads.c.soon_at <= now + (BURST - 1) * SOON_S)
        & (threads.c.hour_at <= now + (HOURLY_BURST - 1) * HOUR_S)
        & (threads.c.rests_until <= now),
    )
    spent = connection.execute(statement.returning(threads.c.id)).first()
    return 0.0 if spent else _wait(connection, name)


def rest(connection: Connection, conversation_id: str, seconds: float) -> None:
    """Teams asked this conversation alone to rest for so many seconds."""
    until = clock(connection) + seconds
    connection.execute(
        update(threads)
        .where(threads.c.id == _thread(conversation_id))
        .values(rests_until=_later(threads.c.rests_until, until))
    )


def forget_quiet(connection: Connection) -> None:
    """Delete what has no say any more: conversations without a message for an hour."""
    connection.execute(delete(threads).where(threads.c.hour_at < clock(connection) - 3600))


def _wait(connection: Connection, name: str) -> float:
    row = connection.execute(select(threads).where(threads.c.id == name)).one()
    free = (
        row.soon_at - (BURST - 1) * SOON_S,
        row.hour_at - (HOURLY_BURST - 1) * HOUR_S,
        row.rests_until,
    )
    return max(0.01, float(max(free)) - clock(connection))


def _thread(conversation_id: str) -> str:
    """All threads of a channel share its limit."""
    return conversation_id.partition(";")[0]


def _later(one: ColumnElement[float], other: ColumnElement[float] | float) -> ColumnElement[float]:
    return case((one > other, one), else_=other)
