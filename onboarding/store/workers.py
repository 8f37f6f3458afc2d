"""Who is alive: heartbeats, and the one survivor that wins what a dead worker held."""

from sqlalchemy import Connection, delete, select

from onboarding.store.database import clock
from onboarding.store.tables import workers
from onboarding.store.writing import upsert


def beat(connection: Connection, name: str) -> None:
    """Say that this worker lives. Always in a transaction of its own."""
    statement = upsert(connection, workers).values(name=name, beat_at=clock(connection))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[workers.c.name], set_={"beat_at": statement.excluded.beat_at}
        )
    )


def bury(connection: Connection, me: str, silent_for: float) -> list[str]:
    """The workers that have been silent for so many seconds; one survivor gets each of them."""
    limit = clock(connection) - silent_for
    return list(
        connection.execute(
            delete(workers)
            .where(workers.c.beat_at < limit, workers.c.name != me)
            .returning(workers.c.name)
        ).scalars()
    )


def living(connection: Connection) -> set[str]:
    """The names of the workers that have not been buried."""
    return set(connection.execute(select(workers.c.name)).scalars())


def leave(connection: Connection, name: str) -> None:
    """Say that this worker ends in order."""
    connection.execute(delete(workers).where(workers.c.name == name))
